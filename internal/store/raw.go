package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// The states of a raw line. Whether one that is kept waits to be ingested is
// told by raw_pending: to write a row again for that would cost as much as to
// store the line.
const (
	rawKept  = "kept"
	rawAside = "aside"
)

// AppendRaw stores lines as they came, in one transaction. A line that is
// stored already (same session and number) is left as it is. One with Aside is
// kept as set aside and opens a gap, for what it said is not known.
func (s *Store) AppendRaw(ctx context.Context, lines []Raw) error {
	if len(lines) == 0 {
		return nil
	}
	s.appending.Add(1)
	defer s.appending.Add(-1)
	return s.update(ctx, "append raw lines of", lines[0].Session, func(tx *txn) error {
		last, _, err := lookupID(ctx, tx, `SELECT coalesce(max(id), 0) FROM raw`)
		if err != nil {
			return err
		}
		for _, l := range lines {
			if err := s.appendRaw(ctx, tx, l); err != nil {
				return fmt.Errorf("line %d: %w", l.Seq, err)
			}
		}
		_, err = exec(ctx, tx, `INSERT INTO raw_pending (id) SELECT id FROM raw WHERE id > ? AND state = '`+rawKept+`'`, last)
		return err
	})
}

func (s *Store) appendRaw(ctx context.Context, tx *txn, l Raw) error {
	state, received := rawKept, s.orNow(l.Received)
	if l.Aside != "" {
		state = rawAside
	}
	if l.Body == nil {
		l.Body = []byte{} // NULL means aged out
	}
	n, err := exec(ctx, tx, `INSERT INTO raw (session, seq, source, received_ms, body, state, why, at_ms)
		VALUES (?,?,?,?,?,?,?,?) ON CONFLICT (session, seq) DO NOTHING`, l.Session, l.Seq, l.Source, ms(received), l.Body, state, l.Aside, ms(received))
	if err != nil || l.Aside == "" || n == 0 {
		return err
	}
	return openGap(ctx, tx, received, l.Aside)
}

// maxPending bounds what PendingRaw holds at once, in bytes; one line may be more.
const maxPending = 32 << 20

// PendingRaw are lines that wait to be ingested, in the order they came: at most
// limit, and fewer when they are large. There are more while it gives any.
func (s *Store) PendingRaw(ctx context.Context, limit int) (out []Raw, err error) {
	err = s.view(ctx, "pending raw lines", limit, func(tx *txn) error {
		rows, err := tx.QueryContext(ctx, `SELECT r.id, r.session, r.seq, r.source, r.received_ms, r.body
			FROM raw_pending p JOIN raw r ON r.id = p.id ORDER BY p.id LIMIT ?`, limit)
		if err != nil {
			return err
		}
		for size := 0; size < maxPending && rows.Next(); {
			r, err := scanRaw(rows)
			if err != nil {
				return errors.Join(err, rows.Close())
			}
			size += len(r.Body)
			out = append(out, r)
		}
		return errors.Join(rows.Err(), rows.Close())
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
		if _, err := exec(ctx, tx, `DELETE FROM raw_pending WHERE id = ?`, id); err != nil {
			return err
		}
		var received int64
		err := tx.QueryRowContext(ctx, `UPDATE raw SET state = 'aside', why = ?, at_ms = ? WHERE id = ? RETURNING received_ms`,
			why, ms(s.now()), id).Scan(&received)
		if err != nil {
			return rowError(err)
		}
		return openGap(ctx, tx, time.UnixMilli(received), why)
	})
}

// takeRaws marks the lines of a batch as ingested and tells the sessions of
// those that were not before, which makes Ingest idempotent.
func (s *Store) takeRaws(ctx context.Context, tx *txn, batch []Heard) (map[int64]string, error) {
	ids := make([]byte, 0, 16*len(batch))
	for _, h := range batch {
		if h.RawID != 0 {
			ids = strconv.AppendInt(append(ids, ','), h.RawID, 10)
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	ids[0] = '['
	ids = append(ids, ']')
	type taken struct {
		id      int64
		session string
	}
	rows, err := collect(ctx, tx, func(rows *sql.Rows) (t taken, err error) {
		err = rows.Scan(&t.id, &t.session)
		return t, err
	}, `DELETE FROM raw_pending WHERE id IN (SELECT value FROM json_each(?)) RETURNING id, (SELECT session FROM raw WHERE raw.id = raw_pending.id)`,
		string(ids))
	if err != nil {
		return nil, err
	}
	sessions := make(map[int64]string, len(rows))
	for _, r := range rows {
		sessions[r.id] = r.session
	}
	if len(rows) < len(batch) { // done before, or never there
		err = s.mustHaveRaws(ctx, tx, string(ids))
	}
	return sessions, err
}

// mustHaveRaws makes a line that is not there an error.
func (s *Store) mustHaveRaws(ctx context.Context, tx *txn, ids string) error {
	id, missing, err := lookupID(ctx, tx, `SELECT value FROM json_each(?) WHERE NOT EXISTS (SELECT 1 FROM raw WHERE id = value) LIMIT 1`, ids)
	if err == nil && missing {
		err = fmt.Errorf("raw line %d: %w", id, ErrNotFound)
	}
	return err
}
