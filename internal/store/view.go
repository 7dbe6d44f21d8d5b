package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/recheckbot/recheckbot/internal/ci"
)

// Report is a report with its builds in the comment's order, their hits, and
// the bugs that those stand for.
func (s *Store) Report(ctx context.Context, id int64) (v ReportView, err error) {
	err = s.view(ctx, "report", id, func(tx *txn) error {
		if v, err = loadReport(ctx, tx, id); err != nil {
			return err
		}
		if v.Builds, err = loadBuilds(ctx, tx, id); err != nil {
			return err
		}
		for i := range v.Builds {
			b := &v.Builds[i]
			if b.Hits, err = loadHits(ctx, tx, b.ID, v.Change.Number, v.Own); err != nil {
				return fmt.Errorf("hits of build %d: %w", b.ID, err)
			}
		}
		return nil
	})
	return v, err
}

// recheckedSince: is there a recheck behind the report? One clock is asked where
// both stand on it (the list's second, else the stream's), for our own times
// move with the estimate of Gerrit's clock. Within one second the order of
// arrival decides: a recheck that answers a report comes behind it.
const recheckedSince = `EXISTS (SELECT 1 FROM recheck k JOIN comment kc ON kc.id = k.comment WHERE k.change = r.change AND
	(CASE WHEN kc.gerrit_s IS NOT NULL AND rc.gerrit_s IS NOT NULL THEN kc.gerrit_s - rc.gerrit_s
		WHEN kc.event_s IS NOT NULL AND rc.event_s IS NOT NULL THEN kc.event_s - rc.event_s
		ELSE k.own_ms - r.own_ms END, kc.id) > (0, rc.id))`

func loadReport(ctx context.Context, tx *txn, id int64) (v ReportView, err error) {
	var change int64
	var own sql.NullInt64
	err = tx.QueryRowContext(ctx, `SELECT r.comment, n.text, r.change, r.patchset, coalesce(p.text, ''), r.own_ms, r.state, r.why,
			`+recheckedSince+`
		FROM report r JOIN comment rc ON rc.id = r.comment JOIN buildset s ON s.id = r.buildset JOIN name n ON n.id = s.ci LEFT JOIN name p ON p.id = s.pipeline
		WHERE r.comment = ?`, id).
		Scan(&v.ID, &v.CI, &change, &v.Patchset, &v.Pipeline, &own, &v.State, &v.Why, &v.RecheckedSince)
	if err != nil {
		return v, rowError(err)
	}
	v.Own = fromMS(own)
	v.Change, err = loadChange(ctx, tx, change)
	return v, err
}

func loadBuilds(ctx context.Context, tx *txn, report int64) ([]BuildView, error) {
	return collect(ctx, tx, func(rows *sql.Rows) (BuildView, error) {
		var b BuildView
		var said, result, state string
		err := rows.Scan(&b.ID, &b.Job, &said, &result, &b.Voting, &state, &b.Why, &b.URL, &b.LogURL)
		b.Said, b.Result, b.State = ci.Result(said), ci.Result(result), BuildState(state)
		return b, err
	}, `SELECT b.id, j.text, b.said, coalesce(b.result, ''), b.voting, b.state, b.why, b.url, b.log_url
		FROM report_build rb JOIN build b ON b.id = rb.build JOIN name j ON j.id = b.job WHERE rb.report = ? ORDER BY rb.pos`, report)
}

// loadHits are the hits of the newest scan that its report waited for, those with most events first.
func loadHits(ctx context.Context, tx *txn, build, change int64, own time.Time) ([]HitView, error) {
	type found struct {
		HitView
		id int64
	}
	rows, err := collect(ctx, tx, func(rows *sql.Rows) (h found, err error) {
		err = rows.Scan(&h.id, &h.Fingerprint, &h.Title, &h.Count, &h.Exact, &h.If, &h.File, &h.URL, &h.Line, &h.Excerpt)
		return h, err
	}, `SELECT f.id, f.name, f.title, h.n, h.n_exact, h.cond, h.file, h.url, coalesce(h.line, -1), coalesce(h.excerpt, '')
		FROM hit h JOIN fingerprint f ON f.id = h.fingerprint
		WHERE h.scan = (SELECT max(id) FROM scan WHERE build = ? AND purpose = 'report') ORDER BY f.name`, build)
	if err != nil {
		return nil, err
	}
	var out []HitView
	for _, h := range rows {
		if h.Bugs, err = bugsOf(ctx, tx, h.id); err != nil {
			return nil, err
		}
		if h.OtherChanges, err = otherChanges(ctx, tx, h.Fingerprint, change, own); err != nil {
			return nil, err
		}
		out = append(out, h.HitView)
	}
	return out, nil
}

func bugsOf(ctx context.Context, tx *txn, fingerprint int64) ([]BugView, error) {
	return collect(ctx, tx, scanBug, `SELECT g.tracker, g.ref, g.title, g.status, g.private FROM fingerprint_bug fb JOIN bug g ON g.id = fb.bug
		WHERE fb.fingerprint = ? ORDER BY fb.pos`, fingerprint)
}

func scanBug(rows *sql.Rows) (b BugView, err error) {
	err = rows.Scan(&b.Tracker, &b.Ref, &b.Title, &b.Status, &b.Private)
	return b, err
}

// otherChanges counts the other changes on which a fingerprint of this name
// was seen in the 24 h before own.
func otherChanges(ctx context.Context, tx *txn, fingerprint string, change int64, own time.Time) (n int, err error) {
	err = tx.QueryRowContext(ctx, changesHit(), fingerprint, change, ms(own.Add(-24*time.Hour)), ms(own)).Scan(&n)
	return n, err
}

func changesHit() string {
	return `SELECT count(DISTINCT r.change) FROM fingerprint f JOIN hit h ON h.fingerprint = f.id
		JOIN scan s ON s.id = h.scan JOIN build b ON b.id = s.build JOIN report_build rb ON rb.build = b.id JOIN report r ON r.comment = rb.report
		WHERE f.name = ?1 AND h.cond = '' AND r.change <> ?2 AND b.own_ms > ?3 AND b.own_ms <= ?4 AND ` + fmt.Sprintf(scannedLately, "?3")
}

// scannedLately is true of hits of builds that are no older than %s, and of some
// that are: by the scan's number, as a fingerprint has hits of years. A build
// that was found early may be a little older than its scan says, or younger.
const scannedLately = `h.scan >= coalesce((SELECT id FROM scan WHERE at_ms >= %s - 86400000 ORDER BY at_ms LIMIT 1), 9223372036854775807)`
