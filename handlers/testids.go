package handlers

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/recheckbot/recheckbot/internal/joblog"
	"github.com/recheckbot/recheckbot/internal/logsearch"
	"github.com/recheckbot/recheckbot/internal/testresults"
)

// Logs are one CI's log hosts; *joblog.Source is one.
type Logs interface {
	List(ctx context.Context, logURL string) (joblog.Listing, error)
	Open(ctx context.Context, f joblog.FileInfo) (io.ReadCloser, error)
}

// tested is what a build's own results say of its tests. known: a test that is
// not in failed did not fail.
type tested struct {
	failed []string
	known  bool
}

// maxResults bounds how many files of test results are read of one build.
const maxResults = 8

// readTests reads which tests failed from a build's results: what subunit or
// JUnit wrote, and the console. An error is an outage, to be tried again; what
// was found before it comes along.
func readTests(ctx context.Context, logs Logs, logURL string) (tested, error) {
	l, err := logs.List(ctx, logURL)
	if err != nil {
		return tested{}, onlyOutage(err)
	}
	files, more := resultFiles(l)
	t, doubt := tested{}, more || l.Short != ""
	var outages []error
	for _, f := range files {
		ids, known, err := readResults(ctx, logs, f)
		t.failed = append(t.failed, ids...)
		t.known = t.known || known
		doubt = doubt || !known && !joblog.Document(f.Name) // a console need not know of any tests
		outages = append(outages, onlyOutage(err))
	}
	t.known = t.known && !doubt
	return t, errors.Join(outages...)
}

// resultFiles are the files to be read, consoles last, and whether there are more.
func resultFiles(l joblog.Listing) (files []joblog.FileInfo, more bool) {
	var consoles []joblog.FileInfo
	for _, f := range l.Files {
		switch {
		case !testresults.Holds(f.Name):
		case joblog.Document(f.Name):
			consoles = append(consoles, f)
		default:
			files = append(files, f)
		}
	}
	files = append(files, consoles...)
	return files[:min(len(files), maxResults)], len(files) > maxResults
}

// readResults reads one file. The parser is not to end the program whatever it
// is given.
func readResults(ctx context.Context, logs Logs, f joblog.FileInfo) (ids []string, known bool, err error) {
	r, err := logs.Open(ctx, f)
	if err != nil {
		return nil, false, err
	}
	defer r.Close()
	err = safely(ctx, func(context.Context) (err error) {
		ids, known, err = testresults.Failed(f.Name, r)
		return err
	})
	return ids, known && err == nil, err
}

// onlyOutage is err if it may pass; what is not there, refused or cannot be
// understood leaves the tests unknown.
func onlyOutage(err error) error {
	if o, ok := errors.AsType[*joblog.OutageError](err); ok {
		return o
	}
	if i, ok := errors.AsType[*joblog.IncompleteError](err); ok && i.Again {
		return i
	}
	return nil
}

// tests reads which tests failed, if a fingerprint that matched asks for it.
func (c *Classify) tests(ctx context.Context, set *Set, b logsearch.Build, answer logsearch.Answer) (tested, error) {
	if c.o.Logs == nil || !set.asksTests(answer.Matches) {
		return tested{}, nil
	}
	logs := c.o.Logs(b.CI)
	if logs == nil {
		return tested{}, nil
	}
	t, err := readTests(ctx, logs, b.LogURL)
	if err != nil && !t.decides(set, answer.Matches) {
		return t, fmt.Errorf("test results: %w", err)
	}
	return t, nil
}

// asksTests reports whether a match counts only if certain tests failed.
func (s *Set) asksTests(matches []logsearch.Match) bool {
	for _, m := range matches {
		if m.Fingerprint >= 0 && m.Fingerprint < len(s.Fingerprints) && len(s.Fingerprints[m.Fingerprint].TestIDs) > 0 {
			return true
		}
	}
	return false
}

// decides reports whether the build is recognized by what is known already.
func (t tested) decides(s *Set, matches []logsearch.Match) bool { return certain(s.hits(matches, t)) }

// of applies a fingerprint's test ids: whether its hit counts, and on what
// condition it would.
func (t tested) of(f Fingerprint) (counts bool, condition string) {
	switch {
	case len(f.TestIDs) == 0 || testresults.OneOf(t.failed, f.TestIDs):
		return true, ""
	case t.known:
		return false, ""
	}
	return true, "unverified test: one of " + strings.Join(f.TestIDs, ", ") + " failed"
}
