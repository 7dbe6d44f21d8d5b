package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/recheckbot/recheckbot/internal/ci"
)

// MaxOffered bounds how many due items are offered to a caller who picks.
const MaxOffered = 5000

// DueBuilds are at most limit of the failed builds whose logs are to be searched
// and whose next try is due, those that wait longest first.
func (s *Store) DueBuilds(ctx context.Context, now time.Time, limit int) ([]DueBuild, error) {
	return s.PickBuilds(ctx, now, limit, func(DueBuild) bool { return true })
}

// PickBuilds are those of DueBuilds that pick says yes to; the others are left
// out and do not count.
func (s *Store) PickBuilds(ctx context.Context, now time.Time, limit int, pick func(DueBuild) bool) (out []DueBuild, err error) {
	err = s.view(ctx, "due builds", limit, func(tx *txn) error {
		out, err = collectPicked(ctx, tx, limit, scanDueBuild, pick, `SELECT b.id, n.text, b.uuid, j.text, coalesce(l.text, ''), p.text, br.text, b.log_url,
				coalesce(b.result, ''), b.voting, coalesce(r.change, b.change, 0), coalesce(r.patchset, b.patchset, 0),
				b.own_ms, b.first_seen_ms, b.first_try_ms, b.start_ms, b.end_ms, b.tries
			FROM build b JOIN name n ON n.id = b.ci JOIN name j ON j.id = b.job JOIN name p ON p.id = b.project
			JOIN name br ON br.id = b.branch LEFT JOIN name l ON l.id = b.pipeline
			LEFT JOIN report r ON r.comment = (SELECT min(report) FROM report_build WHERE build = b.id)
			WHERE b.state = 'search' AND b.next_ms <= ? ORDER BY b.next_ms, b.id LIMIT ?`, ms(now), MaxOffered)
		return err
	})
	return out, err
}

// collectPicked reads rows until limit of them were picked.
func collectPicked[T any](ctx context.Context, tx *txn, limit int, scan func(*sql.Rows) (T, error), pick func(T) bool, q string, args ...any) ([]T, error) {
	rows, err := tx.QueryContext(ctx, q, args...)
	if err != nil {
		return nil, err
	}
	var out []T
	for len(out) < limit && rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, errors.Join(err, rows.Close())
		}
		if pick(v) {
			out = append(out, v)
		}
	}
	return out, errors.Join(rows.Err(), rows.Close())
}

func scanDueBuild(rows *sql.Rows) (DueBuild, error) { return scanDueBuildAnd(rows) }

// scanDueBuildAnd reads a build and what else its row has.
func scanDueBuildAnd(rows *sql.Rows, more ...any) (DueBuild, error) {
	var b DueBuild
	var result string
	var own, seen, first, start, end sql.NullInt64
	err := rows.Scan(append([]any{&b.ID, &b.CI, &b.UUID, &b.Job, &b.Pipeline, &b.Project, &b.Branch, &b.LogURL, &result, &b.Voting,
		&b.Patchset.Change, &b.Patchset.Number, &own, &seen, &first, &start, &end, &b.Tries}, more...)...)
	b.Result = ci.Result(result)
	b.Own, b.FirstSeen, b.FirstTry, b.Start, b.End = fromMS(own), fromMS(seen), fromMS(first), fromMS(start), fromMS(end)
	return b, err
}

// RetryBuild searches a build again at next.
func (s *Store) RetryBuild(ctx context.Context, id int64, next time.Time, why string) error {
	return s.update(ctx, "retry build", id, func(tx *txn) error {
		return execOne(ctx, tx, `UPDATE build SET next_ms = ?1, why = ?2, tries = tries + 1, at_ms = ?3,
			first_try_ms = coalesce(first_try_ms, ?3) WHERE id = ?4 AND state = 'search'`, ms(next), why, ms(s.now()), id)
	})
}
