package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// cursorReadAgain keeps the changes that a person wants to be read again, as a
// JSON list of their numbers: by time Gerrit's lists may not show them any more.
const cursorReadAgain = "catchup-changes"

// mostReadAgain bounds them.
const mostReadAgain = 1000

// ChangesToRead are the changes that are to be read again by their numbers.
func (s *Store) ChangesToRead(ctx context.Context) (out []int64, err error) {
	err = s.view(ctx, "changes to read again", "", func(tx *txn) error {
		out, err = toRead(ctx, tx)
		return err
	})
	return out, err
}

// ChangesRead notes that these have been.
func (s *Store) ChangesRead(ctx context.Context, numbers []int64) error {
	return s.update(ctx, "changes were read again", len(numbers), func(tx *txn) error {
		list, err := toRead(ctx, tx)
		if err != nil {
			return err
		}
		left := slices.DeleteFunc(list, func(n int64) bool { return slices.Contains(numbers, n) })
		return setToRead(ctx, tx, left, s.now())
	})
}

func readAgain(ctx context.Context, tx *txn, change int64, now time.Time) error {
	list, err := toRead(ctx, tx)
	switch {
	case err != nil || slices.Contains(list, change):
		return err
	case len(list) >= mostReadAgain:
		return fmt.Errorf("%d changes wait to be read again already", len(list))
	}
	return setToRead(ctx, tx, append(list, change), now)
}

func toRead(ctx context.Context, tx *txn) (list []int64, err error) {
	value, _, err := cursor(ctx, tx, cursorReadAgain)
	if err != nil || value == "" {
		return nil, err
	}
	return list, json.Unmarshal([]byte(value), &list)
}

func setToRead(ctx context.Context, tx *txn, list []int64, now time.Time) error {
	b, err := json.Marshal(list)
	if err != nil {
		return err
	}
	return setCursor(ctx, tx, cursorReadAgain, string(b), now)
}

// sayAgain makes due what could not be delivered. Whether a review is there
// Gerrit is asked first; of a line nobody can be, and a person wants it said.
func (s *Store) sayAgain(ctx context.Context, tx *txn, id int64) error {
	var medium, state string
	var notAfter sql.NullInt64
	err := tx.QueryRowContext(ctx, `SELECT medium, state, not_after_ms FROM outbox WHERE id = ?`, id).Scan(&medium, &state, &notAfter)
	if err != nil {
		return rowError(err)
	}
	now := ms(s.now())
	switch {
	case state != OutUnconfirmed && state != OutRefused:
		return fmt.Errorf("nothing is to be said: it is %s", state)
	case state == OutUnconfirmed && medium == MediumGerrit:
		_, err := exec(ctx, tx, `UPDATE outbox SET state = 'sending', why = '', at_ms = ? WHERE id = ?`, now, id)
		return err
	case notAfter.Valid && notAfter.Int64 < s.now().UnixMilli():
		return fmt.Errorf("nothing is to be said: its time passed at %s", time.UnixMilli(notAfter.Int64).UTC().Format(time.RFC3339))
	}
	_, err = exec(ctx, tx, `UPDATE outbox SET state = 'ready', why = '', next_ms = ?1, at_ms = ?1 WHERE id = ?2`, now, id)
	return err
}
