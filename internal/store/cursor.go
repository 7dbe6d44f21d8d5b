package store

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// CursorOffset is the cursor that keeps by how much our clock is ahead of
// Gerrit's (a time.Duration's text).
const CursorOffset = "offset"

// CursorBegin is the cursor that Open sets once, on a new database, to the time
// (RFC 3339) of the first start: nothing that a list shows from before is said.
const CursorBegin = "begin"

// Cursor is a step's own note and when it was made; empty and zero when there
// is none.
func (s *Store) Cursor(ctx context.Context, name string) (value string, at time.Time, err error) {
	err = s.view(ctx, "cursor", name, func(tx *txn) error {
		value, at, err = cursor(ctx, tx, name)
		return err
	})
	return value, at, err
}

func cursor(ctx context.Context, tx *txn, name string) (value string, at time.Time, err error) {
	var t sql.NullInt64
	err = tx.QueryRowContext(ctx, `SELECT value, at_ms FROM cursor WHERE name = ?`, name).Scan(&value, &t)
	if errors.Is(err, sql.ErrNoRows) {
		return "", time.Time{}, nil
	}
	return value, fromMS(t), err
}

// SetCursor writes a step's own note.
func (s *Store) SetCursor(ctx context.Context, name, value string) error {
	return s.update(ctx, "set cursor", name, func(tx *txn) error {
		return setCursor(ctx, tx, name, value, s.now())
	})
}

func setCursor(ctx context.Context, tx *txn, name, value string, now time.Time) error {
	_, err := exec(ctx, tx, `INSERT INTO cursor (name, value, at_ms) VALUES (?,?,?)
		ON CONFLICT (name) DO UPDATE SET value = excluded.value, at_ms = excluded.at_ms`, name, value, ms(now))
	return err
}

// begin notes the time of the first start.
func (s *Store) begin(ctx context.Context) error {
	return s.update(ctx, "note first start", "", func(tx *txn) error {
		now := s.now()
		_, err := exec(ctx, tx, `INSERT INTO cursor (name, value, at_ms) VALUES (?,?,?) ON CONFLICT (name) DO NOTHING`,
			CursorBegin, now.UTC().Format(time.RFC3339), ms(now))
		return err
	})
}

// beginSlack covers Gerrit's whole seconds and a clock offset that is not yet
// well known.
const beginSlack = 5 * time.Second

// beforeBegin reports whether own lies before the first start.
func beforeBegin(ctx context.Context, tx *txn, own time.Time) (bool, error) {
	value, _, err := cursor(ctx, tx, CursorBegin)
	if err != nil || value == "" {
		return false, err
	}
	begin, err := time.Parse(time.RFC3339, value)
	return own.Add(beginSlack).Before(begin), err
}
