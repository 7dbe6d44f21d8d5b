-- Which lines wait to be ingested: a table of its own, for to mark the line would
-- write its whole text again. A line's state is now kept, aside or dropped;
-- older ones that are kept still say new or done.

-- +goose Up
-- +goose StatementBegin
CREATE TABLE raw_pending (
  id INTEGER PRIMARY KEY REFERENCES raw (id)
) STRICT;
INSERT INTO raw_pending (id) SELECT id FROM raw WHERE state = 'new' ORDER BY id;
DROP INDEX raw_new;
-- +goose StatementEnd
