package scan

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/recheckbot/recheckbot/internal/ci"
	"github.com/recheckbot/recheckbot/internal/joblog"
	"github.com/recheckbot/recheckbot/internal/logsearch"
	"github.com/recheckbot/recheckbot/internal/lucene"
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
	return s.files(ctx, l, buildFields(b), s.e.o.Source.Open)
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
	info  joblog.FileInfo
	known ci.Fields
	trees []lucene.Node // by fingerprint; nil: cannot match here
}

// files reads all files that matter, a few at a time, and joins the results in
// the files' order.
func (s *Searcher) files(ctx context.Context, l joblog.Listing, known ci.Fields, open opener) (logsearch.Answer, error) {
	if len(l.Files) == 0 && l.Short == "" {
		return s.answer(logsearch.NoLogs, "the log folder is empty"), nil
	}
	began := time.Now()
	tasks := s.plan(l, known)
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
	if err := outageOfAll(results); err != nil {
		return logsearch.Answer{}, fmt.Errorf("scan: %w", err)
	}
	if l.How == joblog.HowFile && len(results) == 1 && results[0].gone {
		return s.answer(logsearch.NotReady, l.Files[0].Name+" is not there"), nil
	}
	a := s.join(l, results)
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

// plan folds the trees with what is known of the build and of each file, and
// leaves out files in which nothing can match.
func (s *Searcher) plan(l joblog.Listing, known ci.Fields) []task {
	for _, name := range s.absent {
		setDefault(known, name, nil)
	}
	ofBuild := make([]lucene.Node, len(s.trees))
	doc := newDoc(s.e.o.Mapping, known)
	for i, tree := range s.trees {
		if tree != nil {
			ofBuild[i] = lucene.Fold(tree, doc)
		}
	}
	var tasks []task
	for _, f := range l.Files {
		if t, ok := s.task(f, l.How, known, ofBuild); ok {
			tasks = append(tasks, t)
		}
	}
	slices.SortStableFunc(tasks, func(a, b task) int { return cmp.Compare(a.info.Name, b.info.Name) })
	return tasks
}

// task: a file that no rule of joblog knows was never indexed, so only those
// fingerprints look into it that name it. A single file that a person gave is
// searched by all, its tags being unknown then.
func (s *Searcher) task(f joblog.FileInfo, how joblog.How, build ci.Fields, ofBuild []lucene.Node) (task, bool) {
	t := task{info: f, known: maps.Clone(build), trees: make([]lucene.Node, len(ofBuild))}
	document := joblog.Document(f.Name)
	tags, filename := joblog.FileFields(f.Name)
	if document || how != joblog.HowFile {
		setDefault(t.known, "tags", tags)
		setDefault(t.known, "filename", filename)
	}
	some, doc := false, newDoc(s.e.o.Mapping, t.known)
	for i, tree := range ofBuild {
		if tree == nil || (!document && how != joblog.HowFile && !s.named[i]) {
			continue
		}
		if tree = lucene.Fold(tree, doc); !never(tree) {
			t.trees[i], some = tree, true
		}
	}
	return t, some
}

func setDefault(f ci.Fields, key string, values []string) {
	if _, ok := f[key]; !ok {
		f[key] = values
	}
}
