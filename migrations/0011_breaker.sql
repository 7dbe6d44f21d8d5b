-- The breaker: whether anything is said at all.

-- +goose Up
-- +goose StatementBegin

-- One row. since_ms: of this state; what was said before it counts no more.
CREATE TABLE breaker (
  id       INTEGER PRIMARY KEY CHECK (id = 1),
  open     INTEGER NOT NULL,
  since_ms INTEGER NOT NULL,
  why      TEXT NOT NULL
) STRICT;

CREATE INDEX outbox_attempted ON outbox (medium, attempted_ms) WHERE attempted_ms IS NOT NULL;
-- +goose StatementEnd
