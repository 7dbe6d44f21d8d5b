package store

import (
	"context"
	"database/sql"
	"math"
	"strings"
	"time"
)

// Rates counts the builds that q selects: final voting ones that failed or
// succeeded, each once, at their report's own time (MODEL: Final).
func (s *Store) Rates(ctx context.Context, q RatesQuery) (c Counts, err error) {
	err = s.view(ctx, "rates", strings.Join(q.Jobs, ","), func(tx *txn) error {
		where, args := q.where("b.")
		jobs, jobArgs := q.jobs("b.job")
		err := tx.QueryRowContext(ctx, `SELECT count(*) FILTER (WHERE b.failed), count(*) FILTER (WHERE NOT b.failed),
				count(*) FILTER (WHERE b.failed AND b.state = 'recognized')
			FROM build b WHERE b.counted = 1 AND `+where+jobs, append(args, jobArgs...)...).Scan(&c.Failed, &c.Succeeded, &c.Recognized)
		if err != nil {
			return err
		}
		return q.leftOut(ctx, tx, &c)
	})
	return c, err
}

// leftOut counts the reports of buildsets that are not completely known. Which
// jobs they leave out nobody knows, so a question about jobs counts those of
// projects and pipelines in which these jobs were seen then or shortly before,
// and those that name one.
func (q RatesQuery) leftOut(ctx context.Context, tx *txn, c *Counts) error {
	text, args := q.leftOutQuery()
	return tx.QueryRowContext(ctx, text, args...).Scan(&c.ReportsLeftOut)
}

func (q RatesQuery) leftOutQuery() (string, []any) {
	var args []any
	where := `s.complete = 0 AND s.own_ms >= ? AND s.own_ms < ?`
	args = append(args, q.from(0), q.to())
	if q.Project != "" {
		where += ` AND c.project = (SELECT id FROM name WHERE kind = 'project' AND text = ?)`
		args = append(args, q.Project)
	}
	if q.Pipeline != "" {
		where += ` AND s.pipeline = (SELECT id FROM name WHERE kind = 'pipeline' AND text = ?)`
		args = append(args, q.Pipeline)
	}
	if jobs, jobArgs := q.jobs("b.job"); jobs != "" {
		where += ` AND (EXISTS (SELECT 1 FROM build b WHERE b.buildset = s.id` + jobs + `) OR (c.project, coalesce(s.pipeline, 0)) IN (
			SELECT b.project, coalesce(b.pipeline, 0) FROM build b WHERE b.counted = 1 AND b.own_ms >= ? AND b.own_ms < ?` + jobs + `))`
		args = append(append(args, jobArgs...), q.from(seenBefore), q.to())
		args = append(args, jobArgs...)
	}
	return `SELECT count(*) FROM buildset s JOIN report r ON r.buildset = s.id JOIN change c ON c.number = r.change WHERE ` + where, args
}

// where is the part of the selection that builds share with reports.
func (q RatesQuery) where(of string) (string, []any) {
	where, args := of+`own_ms >= ? AND `+of+`own_ms < ?`, []any{q.from(0), q.to()}
	if q.Project != "" {
		where += ` AND ` + of + `project = (SELECT id FROM name WHERE kind = 'project' AND text = ?)`
		args = append(args, q.Project)
	}
	if q.Pipeline != "" {
		where += ` AND ` + of + `pipeline = (SELECT id FROM name WHERE kind = 'pipeline' AND text = ?)`
		args = append(args, q.Pipeline)
	}
	return where, args
}

// seenBefore is how long before the builds that are asked for a job still counts
// as one of its project's and pipeline's.
const seenBefore = 30 * 24 * time.Hour

// from is where the selection begins, or so long before.
func (q RatesQuery) from(before time.Duration) int64 {
	if q.From.IsZero() {
		return math.MinInt64
	}
	return q.From.Add(-before).UnixMilli()
}

func (q RatesQuery) to() int64 {
	if q.To.IsZero() {
		return math.MaxInt64
	}
	return q.To.UnixMilli()
}

func (q RatesQuery) jobs(column string) (string, []any) {
	if len(q.Jobs) == 0 {
		return "", nil
	}
	var args []any
	for _, j := range q.Jobs {
		args = append(args, j)
	}
	marks := strings.TrimSuffix(strings.Repeat("?,", len(q.Jobs)), ",")
	return ` AND ` + column + ` IN (SELECT id FROM name WHERE kind = 'job' AND text IN (` + marks + `))`, args
}

// JobNames are the names of all jobs seen, sorted.
func (s *Store) JobNames(ctx context.Context) (out []string, err error) {
	err = s.view(ctx, "job names", "", func(tx *txn) error {
		out, err = collect(ctx, tx, scanText, `SELECT text FROM name WHERE kind = 'job' AND text <> '' ORDER BY text`)
		return err
	})
	return out, err
}

// public is true of projects p that a change was seen in which is not private.
const public = `EXISTS (SELECT 1 FROM change c WHERE c.project = p.id AND NOT c.private)`

// Projects are the projects that a change was seen in, sorted. One that is known
// by private changes only is not among them.
func (s *Store) Projects(ctx context.Context) (out []string, err error) {
	err = s.view(ctx, "projects", "", func(tx *txn) error {
		out, err = collect(ctx, tx, scanText, `SELECT p.text FROM name p WHERE p.kind = 'project' AND `+public+` ORDER BY p.text`)
		return err
	})
	return out, err
}

// ProjectPipelines are the pipelines that each project was seen in, sorted; those
// of Projects only.
func (s *Store) ProjectPipelines(ctx context.Context) (out []ProjectPipeline, err error) {
	err = s.view(ctx, "project pipelines", "", func(tx *txn) error {
		out, err = collect(ctx, tx, func(rows *sql.Rows) (ProjectPipeline, error) {
			var p ProjectPipeline
			var last sql.NullInt64
			err := rows.Scan(&p.Project, &p.Pipeline, &last)
			p.Last = fromMS(last)
			return p, err
		}, `SELECT p.text, l.text, x.last_ms FROM project_pipeline x JOIN name p ON p.id = x.project JOIN name l ON l.id = x.pipeline
			WHERE `+public+` ORDER BY p.text, l.text`)
		return err
	})
	return out, err
}
