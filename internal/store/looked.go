package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"
)

// lookAgain is when a question that was answered in part is asked again,
// unless the caller says otherwise.
const lookAgain = 30 * time.Second

// applying is one answer of a CI's API on its way into the tables.
type applying struct {
	buildset, ci    int64
	project, branch int64
	pipeline        sql.NullInt64
	own, seen       int64
	complete        bool
	why             string
	now             time.Time
	named           []LookupBuild
	reports         []int64
}

func (a *applying) load(ctx context.Context, tx *txn) error {
	err := tx.QueryRowContext(ctx, `SELECT s.ci, s.pipeline, s.own_ms, s.first_seen_ms, c.project, c.branch
		FROM buildset s JOIN report r ON r.buildset = s.id JOIN change c ON c.number = r.change
		WHERE s.id = ? ORDER BY r.comment LIMIT 1`, a.buildset).
		Scan(&a.ci, &a.pipeline, &a.own, &a.seen, &a.project, &a.branch)
	if err != nil {
		return rowError(err)
	}
	if a.named, err = lookupBuilds(ctx, tx, a.buildset); err != nil {
		return err
	}
	a.reports, err = collect(ctx, tx, scanInt, `SELECT comment FROM report WHERE buildset = ? ORDER BY comment`, a.buildset)
	return err
}

// find is the build that the comments named: by uuid, else the one of this
// job that has none.
func (a *applying) find(b LookedBuild) (LookupBuild, bool) {
	i := slices.IndexFunc(a.named, func(n LookupBuild) bool { return n.UUID != "" && n.UUID == b.UUID })
	if i < 0 {
		i = slices.IndexFunc(a.named, func(n LookupBuild) bool { return n.UUID == "" && n.Job == b.Job })
	}
	if i < 0 {
		return LookupBuild{}, false
	}
	n := a.named[i]
	a.named[i].UUID = b.UUID // each named build is found once
	return n, true
}

func (a *applying) build(ctx context.Context, tx *txn, b LookedBuild) error {
	n, ok := a.find(b)
	if !ok && (!b.Final || b.UUID == "") {
		return nil // superseded by the CI's own next try, or without identity
	}
	if !ok {
		return a.add(ctx, tx, b)
	}
	_, err := exec(ctx, tx, `UPDATE build SET uuid = CASE WHEN uuid = '' THEN ?2 ELSE uuid END,
			result = CASE WHEN ?3 = '' THEN result ELSE ?3 END, voting = ?4, final = ?5,
			log_url = CASE WHEN ?6 = '' THEN log_url ELSE ?6 END, url = CASE WHEN url = '' THEN ?7 ELSE url END,
			start_ms = coalesce(?8, start_ms), end_ms = coalesce(?9, end_ms), duration_ms = coalesce(?10, duration_ms) WHERE id = ?1`,
		n.ID, b.UUID, string(b.Result), flag(b.Voting), flag(b.Final), b.LogURL, b.URL, ms(b.Start), ms(b.End), millis(b.Duration))
	if err != nil || !n.Waiting {
		return err
	}
	state, why := a.state(b)
	var next any
	if state == BuildSearch {
		next = ms(a.now)
	}
	_, err = exec(ctx, tx, `UPDATE build SET state = ?, why = ?, next_ms = ?, at_ms = ? WHERE id = ?`, string(state), why, next, ms(a.now), n.ID)
	return err
}

// state is what becomes of a build that waited for the API.
func (a *applying) state(b LookedBuild) (BuildState, string) {
	if state, why, ok := withoutLogs(b.Result); ok {
		return state, why
	}
	switch {
	case b.Result == "" && !a.complete:
		return BuildLookup, a.why
	case b.Result == "":
		return BuildUnknown, "the CI's API does not tell the result"
	case b.LogURL != "":
		return BuildSearch, ""
	case !a.complete:
		return BuildLookup, a.why
	}
	return BuildNoLogs, "the CI's API names no logs"
}

// add stores a build that the comment left out, in every report of the
// buildset.
func (a *applying) add(ctx context.Context, tx *txn, b LookedBuild) error {
	job, err := nameID(ctx, tx, nameJob, b.Job)
	if err != nil {
		return err
	}
	state, why := a.state(b)
	var next any
	if state == BuildSearch {
		next = ms(a.now)
	}
	id, there, err := lookupID(ctx, tx, `INSERT INTO build (ci, ext, uuid, buildset, job, project, branch, pipeline, result, voting, final, counted,
			url, log_url, start_ms, end_ms, duration_ms, own_ms, first_seen_ms, state, why, next_ms, at_ms)
		VALUES (?1,?2,?2,?3,?4,?5,?6,?7,?8,?9,1,0,?10,?11,?12,?13,?14,?15,?16,?17,?18,?19,?20) ON CONFLICT (ci, ext) DO NOTHING RETURNING id`,
		a.ci, b.UUID, a.buildset, job, a.project, a.branch, a.pipeline, nullText(string(b.Result)), flag(b.Voting),
		b.URL, b.LogURL, ms(b.Start), ms(b.End), millis(b.Duration), a.own, a.seen, string(state), why, next, ms(a.now))
	if err != nil || !there {
		return err
	}
	for _, r := range a.reports {
		_, err := exec(ctx, tx, `INSERT INTO report_build (report, build, pos)
			SELECT ?1, ?2, coalesce(max(pos), -1) + 1 FROM report_build WHERE report = ?1`, r, id)
		if err != nil {
			return fmt.Errorf("report %d: %w", r, err)
		}
	}
	return nil
}

// finish ends the question when the answer was complete or nothing needs more.
func (a *applying) finish(ctx context.Context, tx *txn) error {
	if !a.complete {
		_, err := exec(ctx, tx, `UPDATE buildset SET why = ?1, at_ms = ?2,
				state = CASE WHEN ?5 THEN 'lookup' ELSE 'done' END, next_ms = CASE WHEN ?5 THEN ?3 END WHERE id = ?4`,
			a.why, ms(a.now), ms(a.now.Add(lookAgain)), a.buildset, flag(a.needsMore(ctx, tx)))
		return err
	}
	if err := endWaiting(ctx, tx, a.buildset, "the CI's API does not know this build", a.now); err != nil {
		return err
	}
	_, err := exec(ctx, tx, `UPDATE buildset SET state = 'done', why = ?, next_ms = NULL, at_ms = ?, complete = NOT EXISTS (
			SELECT 1 FROM build b WHERE b.buildset = ?3 AND b.voting AND b.final AND b.result IS NULL) WHERE id = ?3`,
		a.why, ms(a.now), a.buildset)
	return err
}

func (a *applying) needsMore(ctx context.Context, tx *txn) bool {
	_, more, err := lookupID(ctx, tx, `SELECT 1 FROM buildset s WHERE s.id = ? AND s.state = 'lookup' AND (NOT s.complete
		OR EXISTS (SELECT 1 FROM build b WHERE b.buildset = s.id AND b.state = 'lookup'))`, a.buildset)
	return more || err != nil
}

// millis is a duration as a column holds it; 0 was not said.
func millis(d time.Duration) any {
	if d == 0 {
		return nil
	}
	return d.Milliseconds()
}
