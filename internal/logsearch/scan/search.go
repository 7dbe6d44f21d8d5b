package scan

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/recheckbot/recheckbot/internal/ci"
	"github.com/recheckbot/recheckbot/internal/joblog"
	"github.com/recheckbot/recheckbot/internal/logsearch"
)

// Search looks at one build's logs. An error is an outage and no verdict; what
// our own rules refuse is Incomplete, for good. Fields that b does not give are
// unknown: a match that depends on them says so in If.
func (s *Searcher) Search(ctx context.Context, b logsearch.Build) (logsearch.Answer, error) {
	if b.LogURL == "" {
		return s.answer(logsearch.NoLogs, "the build has no log URL"), nil
	}
	l, err := s.e.o.Source.List(ctx, b.LogURL)
	if err != nil {
		return s.unlisted(err)
	}
	known := buildFields(b)
	return s.files(ctx, l, known, s.plan(l, known), s.e.o.Source.Open)
}

func (s *Searcher) answer(st logsearch.Status, why string) logsearch.Answer {
	return logsearch.Answer{Status: st, Why: why, Refused: s.refused}
}

// unlisted says what it means that a listing failed.
func (s *Searcher) unlisted(err error) (logsearch.Answer, error) {
	if n, ok := errors.AsType[*joblog.NotThereError](err); ok {
		return s.answer(logsearch.NotReady, n.Error()), nil
	}
	if r, ok := errors.AsType[*joblog.RefusedError](err); ok {
		return s.answer(logsearch.Incomplete, r.Error()), nil
	}
	if i, ok := errors.AsType[*joblog.IncompleteError](err); ok {
		a := s.answer(logsearch.Incomplete, i.Error())
		if i.Again {
			a.RetryAfter = s.e.o.Retry
		}
		return a, nil
	}
	return logsearch.Answer{}, fmt.Errorf("scan: list: %w", err)
}

// buildFields are the fields of a build that follow from what is known of it.
func buildFields(b logsearch.Build) ci.Fields {
	known := maps.Clone(b.Fields)
	if known == nil {
		known = ci.Fields{}
	}
	if _, ok := known["build_uuid"]; !ok && b.UUID != "" {
		known["build_uuid"] = []string{b.UUID}
	}
	if u := known["build_uuid"]; len(u) == 1 && known["build_short_uuid"] == nil {
		known["build_short_uuid"] = []string{u[0][:min(7, len(u[0]))]}
	}
	return known
}

// opener opens a listed file.
type opener func(context.Context, joblog.FileInfo) (io.ReadCloser, error)

// task is one file to be read, with what can match in it.
type task struct {
	info    joblog.FileInfo
	name    string // by which its lines become events; empty: each is one
	known   ci.Fields
	program *program
	more    bool // a part of the file that the task before is of, the next one
}

// files reads all files that matter, a few at a time, and joins the results in
// the files' order.
func (s *Searcher) files(ctx context.Context, l joblog.Listing, known ci.Fields, tasks []task, open opener) (logsearch.Answer, error) {
	if len(l.Files) == 0 && l.Short == "" {
		return s.answer(logsearch.NoLogs, "the log folder is empty"), nil
	}
	began := time.Now()
	l.Short = cmp.Or(l.Short, s.unasked(l, known))
	results := make([]result, len(tasks))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(s.e.o.Workers)
	for i, t := range tasks {
		g.Go(func() (err error) {
			results[i], err = s.read(gctx, t, open)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return logsearch.Answer{}, fmt.Errorf("scan: %w", err)
	}
	results = s.whole(tasks, results)
	if err := outageOfAll(results); err != nil {
		return logsearch.Answer{}, fmt.Errorf("scan: %w", err)
	}
	if l.How == joblog.HowFile && len(results) == 1 && results[0].gone {
		return s.answer(logsearch.NotReady, l.Files[0].Name+" is not there"), nil
	}
	a := s.join(l, results)
	a.Unindexed = s.unindexed(l)
	s.e.log.Debug("scan: searched", "listing", l.How, "listed", len(l.Files), "read", len(tasks),
		"matches", len(a.Matches), "why", a.Why, "took", time.Since(began))
	return a, nil
}

// outageOfAll is the outage when no file at all was served.
func outageOfAll(results []result) error {
	for _, r := range results {
		if r.outage == nil {
			return nil
		}
	}
	if len(results) == 0 {
		return nil
	}
	return results[0].outage
}

func setDefault(f ci.Fields, key string, values []string) {
	if _, ok := f[key]; !ok {
		f[key] = values
	}
}
