package store

import (
	"context"
	"fmt"
	"time"

	"github.com/recheckbot/recheckbot/internal/cicomment"
)

// EarlyBuild is a failed build that the CI's API told before any comment did.
type EarlyBuild struct {
	LookedBuild
	Buildset, Pipeline, Project string
	Change                      int64
	Patchset                    int
}

// NoteEarly stores builds that failed while their buildset may still run, to be
// searched at once, and says how many were new. Those of changes that Gerrit
// never told us of, or of patchsets that are outdated, and those whose report is
// there already, are left out. No rate counts such a build, and nothing is said
// of it, before a report names it: then it takes that report's time.
func (s *Store) NoteEarly(ctx context.Context, ci string, builds []EarlyBuild) (n int, err error) {
	if len(builds) == 0 {
		return 0, nil
	}
	err = s.update(ctx, "note early builds of", ci, func(tx *txn) error {
		id, err := nameID(ctx, tx, nameCI, ci)
		if err != nil {
			return err
		}
		n = 0
		for _, b := range builds {
			added, err := noteEarly(ctx, tx, id, b, s.now())
			if err != nil {
				return fmt.Errorf("build %s: %w", head(b.UUID, maxHead), err)
			}
			n += int(added)
		}
		return nil
	})
	return n, err
}

func noteEarly(ctx context.Context, tx *txn, ci int64, b EarlyBuild, now time.Time) (int64, error) {
	_, known, err := lookupID(ctx, tx, `SELECT 1 FROM change c JOIN name p ON p.id = c.project
		WHERE c.number = ?1 AND p.text = ?2 AND c.current_ps <= ?3 AND NOT EXISTS (SELECT 1 FROM build WHERE ci = ?4 AND ext = ?5)
			AND NOT EXISTS (SELECT 1 FROM buildset s JOIN report r ON r.buildset = s.id WHERE s.ci = ?4 AND s.ext = ?6)`,
		b.Change, b.Project, b.Patchset, ci, b.UUID, b.Buildset)
	if err != nil || !known {
		return 0, err
	}
	pipeline, err := maybeName(ctx, tx, namePipeline, b.Pipeline)
	if err != nil {
		return 0, err
	}
	job, err := nameID(ctx, tx, nameJob, b.Job)
	if err != nil {
		return 0, err
	}
	set, err := upsert(ctx, tx, `INSERT INTO buildset (ci, ext, uuid, pipeline, complete, own_ms, first_seen_ms, state, why, at_ms)
		VALUES (?1,?2,?2,?3,0,?4,?5,?6,'known before its comment',?5)
		ON CONFLICT (ci, ext) DO UPDATE SET pipeline = coalesce(pipeline, excluded.pipeline) RETURNING id`,
		ci, b.Buildset, pipeline, ms(b.End), ms(now), buildsetDone)
	if err != nil {
		return 0, err
	}
	return exec(ctx, tx, `INSERT INTO build (ci, ext, uuid, buildset, job, project, branch, pipeline, result, voting, final, counted,
			url, log_url, start_ms, end_ms, duration_ms, own_ms, first_seen_ms, state, next_ms, at_ms, change, patchset)
		SELECT ?1,?2,?2,?3,?4,c.project,c.branch,?5,?6,?7,1,0,?8,?9,?10,?11,?12,?11,?13,?14,?13,?13,?15,?16 FROM change c WHERE c.number = ?15`,
		ci, b.UUID, set, job, pipeline, string(b.Result), flag(b.Voting), b.URL, b.LogURL, ms(b.Start), ms(b.End),
		millis(b.Duration), ms(now), string(BuildSearch), b.Change, b.Patchset)
}

// unreported is true of a build that no report names yet.
const unreported = `NOT EXISTS (SELECT 1 FROM report_build x WHERE x.build = build.id)`

// adopt lets a build that was known before its comment belong to it: its time
// is the report's, and what was found early stays, unless it was no answer or
// other fingerprints are in use since. A build that another report named already
// stays as it is.
func (r *reporting) adopt(ctx context.Context, tx *txn, id int64, b cicomment.Build) error {
	detail, duration := b.Detail, any(nil)
	if b.Duration != nil {
		duration = *b.Duration * 1000
	}
	n, err := exec(ctx, tx, `UPDATE build SET said = ?, detail = ?, url = CASE WHEN url = '' THEN ? ELSE url END, own_ms = ?, first_seen_ms = ?,
			buildset = ?, project = ?, branch = ?, pipeline = coalesce(?, pipeline), duration_ms = coalesce(duration_ms, ?)
		WHERE id = ? AND `+unreported,
		string(b.Result), detail, b.URL, ms(r.own), ms(r.seen), r.buildset, r.project, r.branch, r.pipeline, duration, id)
	if err != nil || n == 0 {
		return err
	}
	if state, why := r.firstState(b); state == BuildExcluded || state == BuildNoLogs {
		_, err := exec(ctx, tx, `UPDATE build SET state = ?, why = ?, next_ms = NULL, at_ms = ? WHERE id = ?`, string(state), why, ms(r.now), id)
		return err
	}
	_, err = exec(ctx, tx, `UPDATE build SET state = 'search', why = 'found early, its report is here', tries = 0, first_try_ms = NULL, next_ms = ?1, at_ms = ?1
		WHERE id = ?2 AND (state IN ('no-logs', 'incomplete', 'unknown') OR state = 'unrecognized'
			AND NOT EXISTS (SELECT 1 FROM scan s WHERE s.build = ?2 AND s.fpset = `+newestSet+`))`, ms(r.now), id)
	return err
}

// nameRest makes a report name those final builds of its buildset that its
// comment left out. Builds that no report named before take its time.
func nameRest(ctx context.Context, tx *txn, report, buildset int64) error {
	_, err := exec(ctx, tx, `UPDATE build SET own_ms = r.own_ms FROM report r WHERE r.comment = ?1 AND build.buildset = ?2 AND `+unreported, report, buildset)
	if err != nil {
		return err
	}
	_, err = exec(ctx, tx, `INSERT INTO report_build (report, build, pos)
		SELECT ?1, b.id, (SELECT coalesce(max(pos), -1) FROM report_build WHERE report = ?1) + row_number() OVER (ORDER BY b.id)
		FROM build b WHERE b.buildset = ?2 AND b.final AND NOT EXISTS (SELECT 1 FROM report_build x WHERE x.report = ?1 AND x.build = b.id)`,
		report, buildset)
	return err
}
