package store

import (
	"context"
	"database/sql"
	"time"
)

// maxCause bounds the text that makes gaps of one cause one.
const maxCause = 200

// OpenGap notes that something may have been missed at from. While a gap of
// the same cause is open it is widened, so that a flood of bad lines is one.
func (s *Store) OpenGap(ctx context.Context, from time.Time, cause string) error {
	return s.update(ctx, "open gap", cause, func(tx *txn) error {
		return openGap(ctx, tx, from, cause)
	})
}

func openGap(ctx context.Context, tx *txn, from time.Time, cause string) error {
	_, err := exec(ctx, tx, `INSERT INTO gap (from_ms, to_ms, cause) VALUES (?1, ?1, ?2)
		ON CONFLICT (cause) WHERE closed_ms IS NULL DO UPDATE SET
			from_ms = min(from_ms, excluded.from_ms), to_ms = max(to_ms, excluded.to_ms), n = n + 1`,
		ms(from), head(cause, maxCause))
	return err
}

// CloseGaps closes the gaps that a catch-up knew when it began at upTo, and by
// says in words which; it says how many it closed. One whose cause was seen again
// since stays open: from upTo on, if that is when it was seen, so that a cause
// that does not end has no ever longer time read again; else as it is.
func (s *Store) CloseGaps(ctx context.Context, known []Gap, upTo time.Time, by string) (n int, err error) {
	err = s.update(ctx, "close gaps up to", upTo.UTC().Format(time.RFC3339), func(tx *txn) error {
		n = 0
		for _, g := range known {
			closed, err := exec(ctx, tx, `UPDATE gap SET closed_ms = ?, closed_by = ? WHERE id = ? AND n = ? AND closed_ms IS NULL`,
				ms(s.now()), head(by, maxCause), g.ID, g.Count)
			if err != nil {
				return err
			}
			n += int(closed)
			_, err = exec(ctx, tx, `UPDATE gap SET from_ms = ?1 WHERE id = ?2 AND closed_ms IS NULL AND from_ms < ?1 AND to_ms > ?1`, ms(upTo), g.ID)
			if err != nil {
				return err
			}
		}
		return nil
	})
	return n, err
}

// Gaps are the open gaps, oldest first.
func (s *Store) Gaps(ctx context.Context) (out []Gap, err error) {
	err = s.view(ctx, "gaps", "", func(tx *txn) error {
		out, err = gaps(ctx, tx)
		return err
	})
	return out, err
}

func gaps(ctx context.Context, tx *txn) ([]Gap, error) {
	return collect(ctx, tx, func(rows *sql.Rows) (Gap, error) {
		var g Gap
		var from, to sql.NullInt64
		err := rows.Scan(&g.ID, &from, &to, &g.Cause, &g.Count)
		g.From, g.To = fromMS(from), fromMS(to)
		return g, err
	}, `SELECT id, from_ms, to_ms, cause, n FROM gap WHERE closed_ms IS NULL ORDER BY from_ms, id`)
}

// ClosedGaps are the gaps that were closed last, the newest first, with what
// closed them.
func (s *Store) ClosedGaps(ctx context.Context, limit int) (out []Gap, err error) {
	err = s.view(ctx, "closed gaps", limit, func(tx *txn) error {
		out, err = collect(ctx, tx, func(rows *sql.Rows) (Gap, error) {
			var g Gap
			var from, to, closed sql.NullInt64
			err := rows.Scan(&g.ID, &from, &to, &g.Cause, &g.Count, &closed, &g.ClosedBy)
			g.From, g.To, g.Closed = fromMS(from), fromMS(to), fromMS(closed)
			return g, err
		}, `SELECT id, from_ms, to_ms, cause, n, closed_ms, closed_by FROM gap WHERE closed_ms IS NOT NULL ORDER BY closed_ms DESC, id DESC LIMIT ?`, limit)
		return err
	})
	return out, err
}
