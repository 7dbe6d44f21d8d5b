package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// DueLookups are the questions to a CI's API that are due: first those that
// builds wait for, oldest first.
func (s *Store) DueLookups(ctx context.Context, now time.Time, limit int) ([]Lookup, error) {
	return s.PickLookups(ctx, now, limit, func(Lookup) bool { return true })
}

// PickLookups are those of DueLookups that pick says yes to, which it does
// without seeing their Builds; the others are left out and do not count.
func (s *Store) PickLookups(ctx context.Context, now time.Time, limit int, pick func(Lookup) bool) (out []Lookup, err error) {
	err = s.view(ctx, "due lookups", limit, func(tx *txn) error {
		out, err = collectPicked(ctx, tx, limit, scanLookup, pick, `SELECT s.id, n.text, s.uuid, s.own_ms, s.first_seen_ms, s.tries
			FROM buildset s JOIN name n ON n.id = s.ci WHERE s.state = 'lookup' AND s.next_ms <= ?
			ORDER BY EXISTS (SELECT 1 FROM build b WHERE b.buildset = s.id AND b.state = 'lookup') DESC, s.own_ms, s.id LIMIT ?`, ms(now), MaxOffered)
		for i := range out {
			if err != nil {
				break
			}
			out[i].Builds, err = lookupBuilds(ctx, tx, out[i].Buildset)
		}
		return err
	})
	return out, err
}

func scanLookup(rows *sql.Rows) (Lookup, error) {
	var l Lookup
	var own, seen sql.NullInt64
	err := rows.Scan(&l.Buildset, &l.CI, &l.UUID, &own, &seen, &l.Tries)
	l.Own, l.FirstSeen = fromMS(own), fromMS(seen)
	return l, err
}

// lookupBuilds are the builds that the comments of a buildset named, in order.
func lookupBuilds(ctx context.Context, tx *txn, buildset int64) ([]LookupBuild, error) {
	return collect(ctx, tx, func(rows *sql.Rows) (b LookupBuild, err error) {
		err = rows.Scan(&b.ID, &b.UUID, &b.Job, &b.Waiting)
		return b, err
	}, `SELECT b.id, b.uuid, j.text, b.state = 'lookup' FROM build b JOIN name j ON j.id = b.job
		WHERE b.buildset = ?1 OR b.id IN (SELECT rb.build FROM report r JOIN report_build rb ON rb.report = r.comment WHERE r.buildset = ?1)
		ORDER BY b.id`, buildset)
}

// ApplyLookup takes an answer of the CI's API: real results, where the logs
// are, times, the pipeline, and builds that the comment left out. Failed builds
// go on to be searched. A complete answer ends the question; what it does not
// tell is unknown.
func (s *Store) ApplyLookup(ctx context.Context, buildset int64, l Looked) error {
	return s.update(ctx, "apply lookup of buildset", buildset, func(tx *txn) error {
		a := applying{buildset: buildset, complete: l.Complete, why: l.Why, now: s.now()}
		if err := a.load(ctx, tx); err != nil {
			return err
		}
		for _, b := range l.Builds {
			if err := a.build(ctx, tx, b); err != nil {
				return fmt.Errorf("build %s: %w", head(b.UUID, maxHead), err)
			}
		}
		if l.Complete {
			for _, r := range a.reports {
				if err := nameRest(ctx, tx, r, buildset); err != nil {
					return fmt.Errorf("report %d: %w", r, err)
				}
			}
		}
		if l.Pipeline != "" {
			if err := s.learnPipeline(ctx, tx, buildset, l.Pipeline); err != nil {
				return err
			}
		}
		if err := a.finish(ctx, tx); err != nil {
			return err
		}
		if err := recount(ctx, tx, buildset); err != nil {
			return err
		}
		return wakeBuildset(ctx, tx, buildset, a.now, s.after)
	})
}

// RetryLookup asks again at next.
func (s *Store) RetryLookup(ctx context.Context, buildset int64, next time.Time, why string) error {
	return s.update(ctx, "retry lookup of buildset", buildset, func(tx *txn) error {
		return execOne(ctx, tx, `UPDATE buildset SET next_ms = ?, why = ?, tries = tries + 1, at_ms = ? WHERE id = ? AND state = ?`,
			ms(next), why, ms(s.now()), buildset, buildsetLookup)
	})
}

// GiveUpLookup ends a question whose deadline has passed: builds that wait for
// it are unknown, and no build of a buildset that is not completely known is
// counted.
func (s *Store) GiveUpLookup(ctx context.Context, buildset int64, why string) error {
	return s.update(ctx, "give up lookup of buildset", buildset, func(tx *txn) error {
		return giveUpLookup(ctx, tx, buildset, why, s.now(), s.after)
	})
}

// giveUpLookup gives up a question. ErrState: it was not open.
func giveUpLookup(ctx context.Context, tx *txn, buildset int64, why string, now time.Time, after time.Duration) error {
	err := execOne(ctx, tx, `UPDATE buildset SET state = ?, why = ?, next_ms = NULL, at_ms = ? WHERE id = ? AND state = ?`,
		buildsetGaveUp, why, ms(now), buildset, buildsetLookup)
	if err != nil {
		return err
	}
	if err := endWaiting(ctx, tx, buildset, why, now); err != nil {
		return err
	}
	if err := recount(ctx, tx, buildset); err != nil {
		return err
	}
	return wakeBuildset(ctx, tx, buildset, now, after)
}

// endWaiting makes what still waits for the API unknown.
func endWaiting(ctx context.Context, tx *txn, buildset int64, why string, now time.Time) error {
	_, err := exec(ctx, tx, `UPDATE build SET state = ?, why = ?, next_ms = NULL, at_ms = ? WHERE buildset = ? AND state = ?`,
		string(BuildUnknown), why, ms(now), buildset, string(BuildLookup))
	return err
}
