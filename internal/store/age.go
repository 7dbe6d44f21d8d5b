package store

import (
	"context"
	"fmt"
	"time"
)

// Ages are the times before which things have aged out; zero: never. Rows that
// identify comments, reports and builds stay for ever, so that a later list or
// backfill counts nothing twice, and so do counts.
type Ages struct {
	Raw      time.Time // lines of the stream
	Bodies   time.Time // texts of comments; the head stays
	Excerpts time.Time // quoted log lines of hits; the counts stay
}

// AgeOut takes away what has aged out, at most limit rows of one kind at a time,
// and says how many rows it changed: there is more until that is 0. Lines that
// wait or were set aside are kept.
func (s *Store) AgeOut(ctx context.Context, a Ages, limit int) (n int, err error) {
	err = s.update(ctx, "age out", "", func(tx *txn) error {
		n = 0
		for _, q := range []struct {
			before time.Time
			sql    string
		}{{a.Raw, oldRaw}, {a.Bodies, oldBodies}, {a.Excerpts, oldExcerpts}} {
			if q.before.IsZero() || n >= limit {
				continue // the dear search for the next kind waits until this one is done
			}
			done, err := exec(ctx, tx, q.sql, ms(q.before), limit)
			if err != nil {
				return fmt.Errorf("before %s: %w", q.before.UTC().Format(time.RFC3339), err)
			}
			n += int(done)
		}
		return nil
	})
	return n, err
}

// What ages out, before ?1 and at most ?2 rows. Lines and scans come in order, so
// that only the first ones are looked at; those of a clock that was ahead wait
// for their time, and those behind them as well.
const (
	oldRaw = `WITH first AS MATERIALIZED (SELECT id, received_ms FROM raw WHERE state <> '` + rawAside + `' AND id NOT IN raw_pending ORDER BY id LIMIT ?2)
		DELETE FROM raw WHERE id IN (SELECT id FROM first WHERE id < coalesce((SELECT min(id) FROM first WHERE received_ms >= ?1), 9223372036854775807))`
	oldBodies = `UPDATE comment SET heard = NULL, listed = NULL, level = iif(level IS NULL, NULL, '[]'), guess = 0
		WHERE id IN (SELECT id FROM comment WHERE (heard IS NOT NULL OR listed IS NOT NULL) AND own_ms < ?1 ORDER BY own_ms LIMIT ?2)`
	oldExcerpts = `UPDATE hit SET excerpt = NULL WHERE (scan, fingerprint) IN (SELECT h.scan, h.fingerprint
		FROM hit h INDEXED BY hit_excerpt JOIN scan s ON s.id = h.scan WHERE h.excerpt IS NOT NULL AND s.at_ms < ?1
			AND h.scan < coalesce((SELECT id FROM scan WHERE at_ms >= ?1 ORDER BY at_ms LIMIT 1), 9223372036854775807) ORDER BY h.scan LIMIT ?2)`
)
