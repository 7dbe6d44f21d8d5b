package store

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/recheckbot/recheckbot/internal/ci"
	"github.com/recheckbot/recheckbot/internal/cicomment"
)

// saveBuild finds or makes the build of one line of the report. A build that
// another comment named already (a dependency cycle) keeps its state.
func (r *reporting) saveBuild(ctx context.Context, tx *txn, pos int, b cicomment.Build) error {
	ext := buildExt(b, r.comment, pos)
	id, err := r.insertBuild(ctx, tx, ext, b)
	if err != nil {
		return err
	}
	if id == 0 {
		var there bool
		if id, there, err = lookupID(ctx, tx, `SELECT id FROM build WHERE ci = ? AND ext = ?`, r.ci, ext); err != nil || !there {
			return errors.Join(err, ifMissing(there))
		}
		r.known = true // it may count only now
		if err := r.adopt(ctx, tx, id, b); err != nil {
			return err
		}
	}
	_, err = exec(ctx, tx, `INSERT INTO report_build (report, build, pos) VALUES (?,?,?)`, r.comment, id, pos)
	return err
}

// ifMissing is an error of a row that an insert found and a select does not.
func ifMissing(there bool) error {
	if there {
		return nil
	}
	return ErrNotFound
}

// insertBuild inserts a build; 0 says that it is there already.
func (r *reporting) insertBuild(ctx context.Context, tx *txn, ext string, b cicomment.Build) (int64, error) {
	job, err := nameID(ctx, tx, nameJob, b.Job)
	if err != nil {
		return 0, err
	}
	state, why := r.firstState(b)
	counted, failed := r.counts(b)
	var result, logURL, duration, next any
	if !b.Custom {
		result = string(b.Result)
	}
	if b.UUID == "" {
		logURL = b.URL
	}
	if b.Duration != nil {
		duration = *b.Duration * 1000
	}
	if state == BuildSearch {
		next = ms(r.now)
	}
	res, err := tx.ExecContext(ctx, `INSERT INTO build (ci, ext, uuid, buildset, job, project, branch, pipeline, said, detail, result, voting, counted, failed,
			url, log_url, duration_ms, own_ms, first_seen_ms, state, why, next_ms, at_ms)
		VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,coalesce(?,''),?,?,?,?,?,?,?) ON CONFLICT (ci, ext) DO NOTHING`,
		r.ci, ext, b.UUID, r.buildset, job, r.project, r.branch, r.pipeline, string(b.Result), b.Detail, result, flag(b.Voting),
		flag(counted), flag(failed), b.URL, logURL, duration, ms(r.own), ms(r.seen), string(state), why, next, ms(r.now))
	if err != nil {
		return 0, err
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return 0, err
	}
	r.asking = r.asking || state == BuildLookup
	return res.LastInsertId()
}

// counts is what recount would say of a new build.
func (r *reporting) counts(b cicomment.Build) (counted, failed bool) {
	if b.Custom {
		return false, false
	}
	class := b.Result.Class()
	failed = class == ci.ClassFailed
	return r.complete && b.Voting && (failed || class == ci.ClassSucceeded), failed
}

// firstState is what a build waits for when its comment is first read.
func (r *reporting) firstState(b cicomment.Build) (BuildState, string) {
	askable := b.UUID != "" || r.p.BuildsetUUID != ""
	switch {
	case r.old != "":
		return BuildExcluded, r.old
	case b.Custom && askable:
		return BuildLookup, "the comment has the job's own message in place of a result"
	case b.Custom:
		return BuildUnknown, "the job's own message stands in place of the result, and there is no API to ask"
	}
	if state, why, ok := withoutLogs(b.Result); ok {
		return state, why
	}
	switch {
	case b.UUID != "":
		return BuildLookup, "only the CI's API knows where the logs are"
	case b.URL != "":
		return BuildSearch, ""
	case askable:
		return BuildLookup, "the comment names no log"
	}
	return BuildNoLogs, "the comment names no log"
}

// withoutLogs is the state of a build whose logs are not needed, by its result.
func withoutLogs(r ci.Result) (BuildState, string, bool) {
	switch {
	case r.Class() == ci.ClassSucceeded:
		return BuildExcluded, "it did not fail", true
	case r.Class() == ci.ClassLeftOut:
		return BuildExcluded, fmt.Sprintf("%s is neither success nor failure", r), true
	case !r.MayHaveLogs():
		return BuildNoLogs, fmt.Sprintf("a build that ended with %s has no logs", r), true
	}
	return "", "", false
}

// buildExt is what a build is known by: its uuid; else its canonical URL; else
// its place in the comment.
func buildExt(b cicomment.Build, comment int64, pos int) string {
	if b.UUID != "" {
		return b.UUID
	}
	if u := canonicalURL(b.URL); u != "" {
		return u
	}
	return fmt.Sprintf("c:%d:%d", comment, pos)
}

// canonicalURL writes a URL in one way: scheme and host in small letters,
// default ports, fragment, user and trailing slashes gone. Empty when raw is
// no absolute URL.
func canonicalURL(raw string) string {
	u, err := url.Parse(strings.TrimSpace(raw))
	if err != nil || u.Host == "" || u.Scheme == "" {
		return ""
	}
	u.Scheme, u.Host, u.User, u.Fragment, u.RawFragment = strings.ToLower(u.Scheme), strings.ToLower(u.Host), nil, "", ""
	if port := u.Port(); u.Scheme == "https" && port == "443" || u.Scheme == "http" && port == "80" {
		u.Host = strings.TrimSuffix(u.Host, ":"+port)
	}
	u.Path, u.RawPath = strings.TrimRight(u.Path, "/"), strings.TrimRight(u.RawPath, "/")
	return u.String()
}

// notePipeline remembers that a project runs a pipeline.
func notePipeline(ctx context.Context, tx *txn, project int64, pipeline any, own time.Time) error {
	k := [2]any{project, pipeline}
	if tx.learnt != nil && own.Sub(tx.learnt.pipelines[k]) < time.Hour && !tx.learnt.pipelines[k].IsZero() {
		return nil // as good as noted
	}
	tx.later(func(l *learnt) { remember(&l.pipelines, k, own) })
	_, err := exec(ctx, tx, `INSERT INTO project_pipeline (project, pipeline, last_ms) VALUES (?,?,?)
		ON CONFLICT (project, pipeline) DO UPDATE SET last_ms = max(last_ms, excluded.last_ms)`, project, pipeline, ms(own))
	return err
}

// learnPipeline fills in a buildset's pipeline, which the stream never tells.
func (s *Store) learnPipeline(ctx context.Context, tx *txn, buildset int64, pipeline string) error {
	id, err := nameID(ctx, tx, namePipeline, pipeline)
	if err != nil {
		return err
	}
	n, err := exec(ctx, tx, `UPDATE buildset SET pipeline = ? WHERE id = ? AND pipeline IS NULL`, id, buildset)
	if err != nil || n == 0 {
		return err
	}
	if _, err := exec(ctx, tx, `UPDATE build SET pipeline = ? WHERE buildset = ?`, id, buildset); err != nil {
		return err
	}
	_, err = exec(ctx, tx, `INSERT INTO project_pipeline (project, pipeline, last_ms)
		SELECT c.project, ?1, r.own_ms FROM report r JOIN change c ON c.number = r.change WHERE r.buildset = ?2
		ON CONFLICT (project, pipeline) DO UPDATE SET last_ms = max(last_ms, excluded.last_ms)`, id, buildset)
	if err != nil {
		return err
	}
	_, err = exec(ctx, tx, `UPDATE buildset SET state = ?, why = 'the pipeline is known', next_ms = NULL, at_ms = ? WHERE id = ? AND state = ?
		AND complete AND NOT EXISTS (SELECT 1 FROM build WHERE buildset = ?3 AND state = 'lookup')`,
		buildsetDone, ms(s.now()), buildset, buildsetLookup)
	return err
}
