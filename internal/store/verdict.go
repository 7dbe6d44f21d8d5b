package store

import (
	"context"
	"fmt"
	"time"
)

// RecordVerdict stores what an engine found, decides the build when it waits
// for that, and wakes its reports: at once when nothing that votes is pending
// any more, else reportAfter after the first recognized build of the report. A
// verdict of the same engine with the same set takes the earlier one's place.
func (s *Store) RecordVerdict(ctx context.Context, v Verdict, reportAfter time.Duration) error {
	return s.update(ctx, "record verdict on build", v.Build, func(tx *txn) error {
		v.At = s.orNow(v.At)
		if v.State.Pending() {
			return fmt.Errorf("%s is no verdict", v.State)
		}
		if err := saveScan(ctx, tx, v); err != nil {
			return err
		}
		_, err := exec(ctx, tx, `UPDATE build SET state = ?, why = ?, next_ms = NULL, tries = tries + 1, at_ms = ?3,
			first_try_ms = coalesce(first_try_ms, ?3) WHERE id = ? AND state IN ('search', 'lookup')`,
			string(v.State), v.Why, ms(v.At), v.Build)
		if err != nil {
			return err
		}
		return wakeBuild(ctx, tx, v.Build, v.At, reportAfter)
	})
}

func saveScan(ctx context.Context, tx *txn, v Verdict) error {
	scan, err := upsert(ctx, tx, `INSERT INTO scan (build, fpset, engine, purpose, outcome, why, at_ms) VALUES (?,?,?,?,?,?,?)
		ON CONFLICT (build, fpset, engine) DO UPDATE SET purpose = excluded.purpose, outcome = excluded.outcome, why = excluded.why, at_ms = excluded.at_ms
		RETURNING id`, v.Build, v.FPSet, v.Engine, v.Purpose, string(v.State), v.Why, ms(v.At))
	if err != nil {
		return fmt.Errorf("scan: %w", err)
	}
	if _, err := exec(ctx, tx, `DELETE FROM hit WHERE scan = ?`, scan); err != nil {
		return err
	}
	for _, h := range v.Hits {
		if err := saveHit(ctx, tx, scan, v.FPSet, h); err != nil {
			return fmt.Errorf("hit of %s: %w", h.Fingerprint, err)
		}
	}
	return nil
}

func saveHit(ctx context.Context, tx *txn, scan, fpset int64, h Hit) error {
	fp, ok, err := lookupID(ctx, tx, `SELECT f.id FROM fpset_member m JOIN fingerprint f ON f.id = m.fingerprint
		WHERE m.fpset = ? AND f.name = ?`, fpset, h.Fingerprint)
	if err != nil {
		return err
	}
	if !ok {
		return fmt.Errorf("set %d: %w", fpset, ErrNotFound)
	}
	_, err = exec(ctx, tx, `INSERT INTO hit (scan, fingerprint, n, n_exact, cond, file, url, line, off, at_ms, excerpt)
		VALUES (?,?,?,?,?,?,?,?,?,?,?)`, scan, fp, h.N, flag(h.Exact), h.If, h.File, h.URL, place64(h.Line), place64(h.Offset), ms(h.At), h.Excerpt)
	return err
}

// place64 is a line or offset as a column holds it; negative is unknown.
func place64(n int64) any {
	if n < 0 {
		return nil
	}
	return n
}
