-- What is wrong now, and how long it is usually quiet.

-- +goose Up
-- +goose StatementBegin

-- n counts changes of the state, so that each is said once.
CREATE TABLE alarm (
  name     TEXT PRIMARY KEY,
  raised   INTEGER NOT NULL,
  since_ms INTEGER NOT NULL,
  why      TEXT NOT NULL,
  n        INTEGER NOT NULL
) STRICT;

-- The longest silence of the event stream that touched an hour (hours since
-- 1970): hour % 168 is the hour of the week.
CREATE TABLE silence (
  hour       INTEGER PRIMARY KEY,
  longest_ms INTEGER NOT NULL
) STRICT;
-- +goose StatementEnd
