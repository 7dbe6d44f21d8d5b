package store

import (
	"context"
	"database/sql"
	"time"

	"github.com/recheckbot/recheckbot/internal/ci"
)

// wake makes a report due when nothing that votes is pending any more; else when
// so much time has passed since its first recognized build, or since the report
// was heard, where the build was known before it.
func wake(ctx context.Context, tx *txn, report int64, now time.Time, after time.Duration) error {
	var pending int
	var first sql.NullInt64
	err := tx.QueryRowContext(ctx, `SELECT
			count(*) FILTER (WHERE b.voting AND b.state IN ('lookup', 'search'))
				+ (SELECT count(*) FROM report r JOIN buildset s ON s.id = r.buildset
					WHERE r.comment = ?1 AND s.state = 'lookup' AND NOT s.complete),
			max(min(b.at_ms) FILTER (WHERE b.voting AND b.state = 'recognized'), (SELECT first_seen_ms FROM comment WHERE id = ?1))
		FROM report_build rb JOIN build b ON b.id = rb.build WHERE rb.report = ?1`, report).Scan(&pending, &first)
	if err != nil {
		return err
	}
	due := now
	if pending > 0 {
		if !first.Valid {
			return nil
		}
		due = fromMS(first).Add(after)
	}
	_, err = exec(ctx, tx, `UPDATE report SET next_ms = min(coalesce(next_ms, ?1), ?1) WHERE comment = ?2 AND state = 'open'`, ms(due), report)
	return err
}

// wakeBuild wakes the reports that a build stands in.
func wakeBuild(ctx context.Context, tx *txn, build int64, now time.Time, after time.Duration) error {
	reports, err := collect(ctx, tx, scanInt, `SELECT DISTINCT report FROM report_build WHERE build = ?`, build)
	return wakeAll(ctx, tx, reports, now, after, err)
}

// wakeBuildset wakes the reports of a buildset, and those that its builds
// stand in.
func wakeBuildset(ctx context.Context, tx *txn, buildset int64, now time.Time, after time.Duration) error {
	reports, err := collect(ctx, tx, scanInt, `SELECT comment FROM report WHERE buildset = ?1
		UNION SELECT rb.report FROM build b JOIN report_build rb ON rb.build = b.id WHERE b.buildset = ?1`, buildset)
	return wakeAll(ctx, tx, reports, now, after, err)
}

func wakeAll(ctx context.Context, tx *txn, reports []int64, now time.Time, after time.Duration, err error) error {
	if err != nil {
		return err
	}
	for _, r := range reports {
		if err := wake(ctx, tx, r, now, after); err != nil {
			return err
		}
	}
	return nil
}

// recount decides which builds of a buildset rates may count: final voting ones
// that succeeded or failed, and none while the buildset is not completely known
// (MODEL: Final).
func recount(ctx context.Context, tx *txn, buildset int64) error {
	type row struct {
		id             int64
		result         sql.NullString
		may            bool
		counted, fails bool
	}
	rows, err := collect(ctx, tx, func(rows *sql.Rows) (r row, err error) {
		err = rows.Scan(&r.id, &r.result, &r.may, &r.counted, &r.fails)
		return r, err
	}, `SELECT b.id, b.result, b.voting AND b.final AND s.complete, b.counted, b.failed
		FROM build b JOIN buildset s ON s.id = b.buildset WHERE b.buildset = ?`, buildset)
	if err != nil {
		return err
	}
	for _, r := range rows {
		class := ci.Result(r.result.String).Class()
		fails := class == ci.ClassFailed
		counted := r.may && (fails || class == ci.ClassSucceeded)
		if counted == r.counted && fails == r.fails {
			continue
		}
		if _, err := exec(ctx, tx, `UPDATE build SET counted = ?, failed = ? WHERE id = ?`, flag(counted), flag(fails), r.id); err != nil {
			return err
		}
	}
	return nil
}
