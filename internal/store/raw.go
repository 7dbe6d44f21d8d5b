package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// The states of a raw line.
const (
	rawNew   = "new"
	rawDone  = "done"
	rawAside = "aside"
)

// AppendRaw stores lines as they came, in one transaction. A line that is
// stored already (same session and number) is left as it is. One with Aside is
// kept as set aside and opens a gap, for what it said is not known.
func (s *Store) AppendRaw(ctx context.Context, lines []Raw) error {
	if len(lines) == 0 {
		return nil
	}
	return s.update(ctx, "append raw lines of", lines[0].Session, func(tx *txn) error {
		stmt, err := tx.PrepareContext(ctx, `INSERT INTO raw (session, seq, source, received_ms, body, state, why, at_ms)
			VALUES (?,?,?,?,?,?,?,?) ON CONFLICT (session, seq) DO NOTHING`)
		if err != nil {
			return err
		}
		defer stmt.Close()
		for _, l := range lines {
			if err := s.appendRaw(ctx, tx, stmt, l); err != nil {
				return fmt.Errorf("line %d: %w", l.Seq, err)
			}
		}
		return nil
	})
}

func (s *Store) appendRaw(ctx context.Context, tx *txn, stmt *sql.Stmt, l Raw) error {
	state, received := rawNew, s.orNow(l.Received)
	if l.Aside != "" {
		state = rawAside
	}
	if l.Body == nil {
		l.Body = []byte{} // NULL means aged out
	}
	res, err := stmt.ExecContext(ctx, l.Session, l.Seq, l.Source, ms(received), l.Body, state, l.Aside, ms(received))
	if err != nil || l.Aside == "" {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return err
	}
	return openGap(ctx, tx, received, l.Aside)
}

// PendingRaw are the lines that wait to be ingested, in the order they came.
func (s *Store) PendingRaw(ctx context.Context, limit int) (out []Raw, err error) {
	err = s.view(ctx, "pending raw lines", limit, func(tx *txn) error {
		out, err = collect(ctx, tx, scanRaw, `SELECT id, session, seq, source, received_ms, body
			FROM raw WHERE state = 'new' ORDER BY id LIMIT ?`, limit)
		return err
	})
	return out, err
}

func scanRaw(rows *sql.Rows) (Raw, error) {
	var r Raw
	var received sql.NullInt64
	err := rows.Scan(&r.ID, &r.Session, &r.Seq, &r.Source, &received, &r.Body)
	r.Received = fromMS(received)
	return r, err
}

// SetRawAside keeps a line that cannot be ingested, and opens a gap at the time
// it was received.
func (s *Store) SetRawAside(ctx context.Context, id int64, why string) error {
	return s.update(ctx, "set aside raw line", id, func(tx *txn) error {
		var received int64
		err := tx.QueryRowContext(ctx, `UPDATE raw SET state = 'aside', why = ?, at_ms = ? WHERE id = ? RETURNING received_ms`,
			why, ms(s.now()), id).Scan(&received)
		if err != nil {
			return rowError(err)
		}
		return openGap(ctx, tx, time.UnixMilli(received), why)
	})
}

// takeRaw marks a line as ingested and tells its session; fresh is false when
// it was ingested before, which makes Ingest idempotent.
func (s *Store) takeRaw(ctx context.Context, tx *txn, id int64) (session string, fresh bool, err error) {
	var state string
	err = tx.QueryRowContext(ctx, `SELECT session, state FROM raw WHERE id = ?`, id).Scan(&session, &state)
	if err != nil {
		return "", false, fmt.Errorf("raw line %d: %w", id, rowError(err))
	}
	if state != rawNew {
		return session, false, nil
	}
	_, err = exec(ctx, tx, `UPDATE raw SET state = ?, at_ms = ? WHERE id = ?`, rawDone, ms(s.now()), id)
	return session, true, err
}
