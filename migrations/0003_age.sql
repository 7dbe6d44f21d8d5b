-- What ages out is found by its time: comments that still have a text, hits that
-- still quote a line.

-- +goose Up
-- +goose StatementBegin
CREATE INDEX comment_texts ON comment (own_ms) WHERE heard IS NOT NULL OR listed IS NOT NULL;
CREATE INDEX hit_excerpt ON hit (scan) WHERE excerpt IS NOT NULL;
-- +goose StatementEnd
