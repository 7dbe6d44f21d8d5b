-- When Gerrit last told of a change or an account, so that it need not be asked
-- again.

-- +goose Up
-- +goose StatementBegin
ALTER TABLE change ADD COLUMN told_ms INTEGER;
ALTER TABLE account ADD COLUMN told_ms INTEGER;
ALTER TABLE account ADD COLUMN service INTEGER NOT NULL DEFAULT 0;
-- +goose StatementEnd
