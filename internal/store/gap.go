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

// CloseGaps closes the gaps whose causes were last seen at upTo or before: a
// catch-up that began then has covered them. It says how many it closed.
func (s *Store) CloseGaps(ctx context.Context, upTo time.Time) (n int, err error) {
	err = s.update(ctx, "close gaps up to", upTo.UTC().Format(time.RFC3339), func(tx *txn) error {
		c, err := exec(ctx, tx, `UPDATE gap SET closed_ms = ? WHERE closed_ms IS NULL AND to_ms <= ?`, ms(s.now()), ms(upTo))
		n = int(c)
		return err
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
