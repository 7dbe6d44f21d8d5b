package store

import (
	"context"
	"fmt"
	"time"

	"github.com/recheckbot/recheckbot/internal/cicomment"
)

// The states of a buildset.
const (
	buildsetDone   = "done"
	buildsetLookup = "lookup"
	buildsetGaveUp = "gave-up"
)

// The states of a report.
const (
	ReportOpen    = "open"
	ReportSaid    = "said"
	ReportSilent  = "silent"
	ReportRefused = "refused"
)

// addReport stores a report with its buildset and builds. old: why nothing is
// looked up, searched or said because of it.
func (s *Store) addReport(ctx context.Context, tx *txn, comment int64, e entry, old string) error {
	_, there, err := lookupID(ctx, tx, `SELECT comment FROM report WHERE comment = ?`, comment)
	if err != nil || there {
		return err
	}
	r := reporting{comment: comment, old: old, p: e.c.Parsed, own: own(e.c), seen: s.orNow(e.c.FirstSeen), now: s.now(), after: s.after}
	err = tx.QueryRowContext(ctx, `SELECT project, branch FROM change WHERE number = ?`, e.change).Scan(&r.project, &r.branch)
	if err != nil {
		return err
	}
	if r.ci, err = nameID(ctx, tx, nameCI, r.p.CI); err != nil {
		return err
	}
	if err := r.saveBuildset(ctx, tx); err != nil {
		return fmt.Errorf("buildset: %w", err)
	}
	state := ReportOpen
	if old != "" {
		state = ReportSilent
	}
	_, err = exec(ctx, tx, `INSERT INTO report (comment, buildset, change, patchset, own_ms, state, why, at_ms) VALUES (?,?,?,?,?,?,?,?)`,
		comment, r.buildset, e.change, patchset(e.c), ms(r.own), state, old, ms(r.now))
	if err != nil {
		return err
	}
	for i, b := range r.p.Builds {
		if err := r.saveBuild(ctx, tx, i, b); err != nil {
			return fmt.Errorf("build %d (%s): %w", i, head(b.Job, maxHead), err)
		}
	}
	if r.p.Short || r.p.Truncated {
		if err := nameRest(ctx, tx, comment, r.buildset); err != nil {
			return fmt.Errorf("builds that are left out: %w", err)
		}
	}
	return r.settle(ctx, tx)
}

// settle decides what the report waits for, and what of it counts.
func (r *reporting) settle(ctx context.Context, tx *txn) error {
	if r.known { // builds of other comments may count now
		if err := recount(ctx, tx, r.buildset); err != nil {
			return err
		}
	}
	if r.old != "" {
		return nil
	}
	if err := r.ask(ctx, tx); err != nil {
		return err
	}
	return r.open(ctx, tx)
}

// reporting is one report on its way into the tables.
type reporting struct {
	comment, buildset        int64
	ci, project, branch      int64
	pipeline                 any // name id or nil
	complete, custom, asking bool
	old                      string
	known                    bool // the buildset was told of before
	p                        cicomment.Parsed
	own, seen, now           time.Time
	after                    time.Duration // see wake
}

// canAsk reports whether a CI's API can be asked about the buildset at all.
func (r *reporting) canAsk() bool {
	if r.p.BuildsetUUID != "" {
		return true
	}
	for _, b := range r.p.Builds {
		if b.UUID != "" {
			return true
		}
	}
	return false
}

// saveBuildset finds or makes the report's buildset. It is complete when any
// comment told every build and its real result. One that was known before its
// comment takes the comment's time.
func (r *reporting) saveBuildset(ctx context.Context, tx *txn) error {
	for _, b := range r.p.Builds {
		r.custom = r.custom || b.Custom && b.Voting
	}
	r.complete = !r.p.Short && !r.p.Truncated && !r.custom
	var err error
	if r.pipeline, err = maybeName(ctx, tx, namePipeline, r.p.Pipeline); err != nil {
		return err
	}
	ext := r.p.BuildsetUUID
	if ext == "" {
		ext = canonicalURL(r.p.BuildsetURL)
	}
	if ext == "" {
		ext = fmt.Sprintf("c:%d", r.comment)
	}
	if err := r.putBuildset(ctx, tx, ext); err != nil || r.pipeline == nil {
		return err
	}
	return notePipeline(ctx, tx, r.project, r.pipeline, r.own)
}

// putBuildset inserts the buildset, or adds to the one that is there.
func (r *reporting) putBuildset(ctx context.Context, tx *txn, ext string) (err error) {
	if r.buildset, r.known, err = lookupID(ctx, tx, `SELECT id FROM buildset WHERE ci = ? AND ext = ?`, r.ci, ext); err != nil {
		return err
	}
	if !r.known {
		r.buildset, err = insert(ctx, tx, `INSERT INTO buildset (ci, ext, uuid, url, pipeline, outcome, complete, own_ms, first_seen_ms, state, at_ms)
			VALUES (?,?,?,?,?,?,?,?,?,?,?)`,
			r.ci, ext, r.p.BuildsetUUID, r.p.BuildsetURL, r.pipeline, string(r.p.Outcome), flag(r.complete), ms(r.own), ms(r.seen),
			buildsetDone, ms(r.now))
		return err
	}
	return tx.QueryRowContext(ctx, `UPDATE buildset SET pipeline = coalesce(pipeline, ?2), complete = max(complete, ?3),
			outcome = CASE WHEN outcome = '' THEN ?4 ELSE outcome END, url = CASE WHEN url = '' THEN ?5 ELSE url END,
			own_ms = CASE WHEN EXISTS (SELECT 1 FROM report r WHERE r.buildset = ?1) THEN own_ms ELSE ?6 END,
			first_seen_ms = CASE WHEN EXISTS (SELECT 1 FROM report r WHERE r.buildset = ?1) THEN first_seen_ms ELSE ?7 END
		WHERE id = ?1 RETURNING complete, pipeline`,
		r.buildset, r.pipeline, flag(r.complete), string(r.p.Outcome), r.p.BuildsetURL, ms(r.own), ms(r.seen)).Scan(&r.complete, &r.pipeline)
}

// ask decides whether the CI's API is asked: for what waits for it, to complete
// a report that was cut, and for the pipeline, which no stream comment names.
func (r *reporting) ask(ctx context.Context, tx *txn) error {
	why := ""
	switch {
	case r.asking:
		why = "builds wait for their logs or results"
	case !r.complete && r.canAsk():
		why = "the comment leaves builds out"
	case r.pipeline == nil && r.p.BuildsetUUID != "":
		why = "the pipeline is not known"
	default:
		return nil
	}
	_, err := exec(ctx, tx, `UPDATE buildset SET state = ?, why = ?, next_ms = ?4, tries = 0, at_ms = ?4 WHERE id = ?3 AND (state <> ?1 OR next_ms > ?4)`,
		buildsetLookup, why, r.buildset, ms(r.now))
	return err
}

// open decides what the report waits for.
func (r *reporting) open(ctx context.Context, tx *txn) error {
	failed, err := r.mayHaveFailed(ctx, tx)
	if err != nil {
		return err
	}
	if !failed {
		_, err := exec(ctx, tx, `UPDATE report SET state = ?, why = ? WHERE comment = ?`, ReportSilent, "nothing that votes failed", r.comment)
		return err
	}
	return wake(ctx, tx, r.comment, r.now, r.after)
}

// mayHaveFailed reports whether a voting build failed, or may have, as far as
// the comment can tell.
func (r *reporting) mayHaveFailed(ctx context.Context, tx *txn) (bool, error) {
	if !r.complete && r.p.Outcome != cicomment.Success && r.canAsk() {
		return true, nil
	}
	_, found, err := lookupID(ctx, tx, `SELECT 1 FROM report_build rb JOIN build b ON b.id = rb.build
		WHERE rb.report = ? AND b.voting AND b.state <> ? LIMIT 1`, r.comment, string(BuildExcluded))
	return found, err
}
