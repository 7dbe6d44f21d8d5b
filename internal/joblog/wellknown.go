package joblog

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"sync"
)

// wellKnown asks for each known name without fetching it. What could not be
// asked is no answer: the whole is then an outage. A host that has every name
// has none: it answers alike whatever it is asked for.
func (s *Source) wellKnown(ctx context.Context, base *url.URL) (Listing, error) {
	names := candidates(s.o.WellKnown)
	sizes, errs := s.probeAll(ctx, base, names)
	l, found := Listing{How: HowWellKnown, Asked: s.o.WellKnown}, 0
	for i, name := range names {
		if errs[i] != nil {
			continue
		}
		found++
		plain := len(l.Files) > 0 && l.Files[len(l.Files)-1].Name+".gz" == name
		if !plain {
			l.Files = append(l.Files, FileInfo{Name: name, URL: below(base, name).String(), Size: sizes[i]})
		}
	}
	err := worst(errs, redact(base))
	switch _, no := errors.AsType[*NotThereError](err); {
	case found == len(names):
		return Listing{}, &NotThereError{URL: redact(base), Status: http.StatusNotFound}
	case found == 0 || !no && !final(err) && !forbids(err):
		return Listing{}, err
	case final(err):
		l.Short = err.Error()
	}
	return l, nil
}

// final says whether our own rules decided, so that asking again cannot help.
func final(err error) bool {
	_, refused := errors.AsType[*RefusedError](err)
	return refused
}

// probeAll asks for all names, a few at a time.
func (s *Source) probeAll(ctx context.Context, base *url.URL, names []string) ([]int64, []error) {
	errs := make([]error, len(names))
	sizes := make([]int64, len(names))
	var wg sync.WaitGroup
	gate := make(chan struct{}, 4)
	for i, name := range names {
		wg.Go(func() {
			gate <- struct{}{}
			defer func() { <-gate }()
			sizes[i], errs[i] = s.probe(ctx, below(base, name).String())
		})
	}
	wg.Wait()
	return sizes, errs
}

func candidates(names []string) []string {
	var all []string
	for _, n := range names {
		all = append(all, n, n+".gz")
	}
	return all
}

// worst is the error that decides for all: an outage, else a refusal, else that
// something is forbidden, else that nothing is there.
func worst(errs []error, where string) error {
	var all error = &NotThereError{URL: where, Status: http.StatusNotFound}
	rank := 0
	for _, err := range errs {
		if r := badness(err); r > rank {
			rank, all = r, err
		}
	}
	return all
}

func badness(err error) int {
	_, no := errors.AsType[*NotThereError](err)
	switch {
	case err == nil || no:
		return 0
	case forbids(err):
		return 1
	case final(err):
		return 2
	}
	return 3
}

// probe asks whether a document is there: by HEAD, by GET where HEAD is not
// served.
func (s *Source) probe(ctx context.Context, raw string) (int64, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, s.o.Timeout, errSlow)
	defer cancel()
	resp, err := s.do(ctx, http.MethodHead, raw)
	if o, ok := errors.AsType[*OutageError](err); ok &&
		(o.Status == http.StatusMethodNotAllowed || o.Status == http.StatusNotImplemented) {
		resp, err = s.do(ctx, http.MethodGet, raw)
	}
	if err != nil {
		return -1, err
	}
	resp.Body.Close()
	return resp.ContentLength, nil
}
