-- What is asked for often must not cost more as the years go by.

-- +goose Up
-- +goose StatementBegin
CREATE INDEX scan_at ON scan (at_ms);
CREATE INDEX change_project ON change (project) WHERE NOT private;
-- +goose StatementEnd
