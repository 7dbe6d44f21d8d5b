-- Builds may be known before the comment that reports them: until then only the
-- build itself tells which change it was of.

-- +goose Up
ALTER TABLE build ADD COLUMN change INTEGER;
ALTER TABLE build ADD COLUMN patchset INTEGER;
