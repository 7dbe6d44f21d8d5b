package scan

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"runtime/debug"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/recheckbot/recheckbot/internal/joblog"
	"github.com/recheckbot/recheckbot/internal/logsearch"
	"github.com/recheckbot/recheckbot/internal/lucene"
)

// result is what one file gave.
type result struct {
	file  logsearch.File
	found map[int32]*found // by fingerprint
	over  map[int32]int64  // fingerprints that were too costly here, and from which line on
	lines int64            // how many it has; -1: not known
	cut   int64            // the line of the first event that was searched in pieces; 0: none was
	again bool             // why the file is incomplete may pass
	gone  bool             // the host says that the file is not there

	outage error // the host did not serve the file
	rest   time.Duration
}

// found are a fingerprint's hits in one file.
type found struct {
	sure, maybe hits
	ifs         []string // what the hits in maybe depend on, each once
}

type hits struct {
	n      int64
	sample []logsearch.Hit
}

// maxIfs bounds how many conditions are told of one fingerprint.
const maxIfs = 3

// read scans one file. An error is the caller's end, or of another's source. A
// panic over hostile logs is this file's: what the others show still counts.
func (s *Searcher) read(ctx context.Context, t task, open opener) (r result, err error) {
	r = result{file: logsearch.File{Name: t.info.Name}, found: map[int32]*found{}, over: map[int32]int64{}}
	var body io.ReadCloser
	defer func() {
		p := recover()
		if changed := joblog.Changed(body, p); changed != nil {
			err = r.failed(changed)
		} else if p != nil {
			s.e.log.Error("scan: panic", "file", t.info.URL, "panic", p, "stack", string(debug.Stack()))
			r.file.Why, err = fmt.Sprintf("the engine panicked: %v", p), nil
		}
	}()
	body, err = open(ctx, t.info)
	if err == nil {
		defer body.Close()
		err = s.events(ctx, t, body, &r)
	}
	err = r.failed(err)
	return r, err
}

// failed notes why a file is not whole; what is no property of the file is
// given back.
func (r *result) failed(err error) error {
	switch e := err.(type) {
	case nil:
	case *joblog.NotThereError:
		r.file.Why, r.again, r.gone = "listed, but not there", true, true
	case *joblog.RefusedError:
		r.file.Why = e.Error()
	case *joblog.IncompleteError:
		r.file.Why, r.again = e.Why, e.Again
	case *joblog.OutageError:
		r.file.Why, r.again, r.outage, r.rest = e.Why, true, e, e.RetryAfter
	default:
		return err
	}
	return nil
}

// events evaluates what may match, window by window.
func (s *Searcher) events(ctx context.Context, t task, body io.Reader, r *result) error {
	m := s.e.used.Get().(*memory)
	defer s.e.used.Put(m)
	l := newLooker(t.program, s.e.o.Mapping, t.known, m)
	l.hit = func(i int32, truth lucene.Truth, ev joblog.Event) { s.hit(r, t, i, truth, l, ev) }
	var read joblog.Extent
	defer func() { r.file.Bytes, r.lines = read.Bytes, read.Lines }()
	opts := s.folding()
	opts.Buffer, opts.Read, r.over = m.buffer, &read, l.budget.over
	for w, err := range joblog.Windows(body, t.name, opts) {
		if err != nil {
			return err
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if line, cut := w.Cut(); cut {
			r.cut = cmp.Or(r.cut, line)
		}
		l.window(w)
	}
	return nil
}

// folding is how lines become events.
func (s *Searcher) folding() joblog.FoldOptions {
	return joblog.FoldOptions{KeepDebug: s.e.o.KeepDebug, MaxEvent: s.e.o.MaxEvent}
}

// hit notes a hit.
func (s *Searcher) hit(r *result, t task, i int32, truth lucene.Truth, l *looker, ev joblog.Event) {
	f := r.found[i]
	if f == nil {
		f = &found{}
		r.found[i] = f
	}
	to, condition := &f.sure, ""
	if truth == lucene.Maybe {
		to = &f.maybe
		if f.maybe.n < 100 || s.e.o.EachHit != nil { // conditions hang on the build, not on the event: no need to ask for ever
			condition = lucene.Conditions(l.file.tree(i), l.doc)
			f.ifs = addOnce(f.ifs, condition)
		}
	}
	to.n++
	if len(to.sample) < s.e.o.MaxSample {
		h := s.shown(t, ev)
		h.Quote = quote(l.file.tree(i), s.e.o.Mapping, h.Text)
		to.sample = append(to.sample, h)
	}
	if s.e.o.EachHit != nil {
		s.e.each.Lock()
		defer s.e.each.Unlock()
		s.e.o.EachHit(int(i), s.shown(t, ev), condition)
	}
}

// shown is an event as a hit, its text bounded.
func (s *Searcher) shown(t task, ev joblog.Event) logsearch.Hit {
	return logsearch.Hit{File: t.info.Name, URL: t.info.URL, Text: excerpt(ev.Text, s.e.o.MaxText),
		Line: ev.Line, Offset: ev.Offset, Time: ev.Time}
}

func addOnce(list []string, s string) []string {
	for _, l := range list {
		if l == s {
			return list
		}
	}
	if len(list) >= maxIfs {
		return list
	}
	return append(list, s)
}

// excerpt is at most n bytes of text, as valid UTF-8.
func excerpt(text []byte, n int) string {
	if len(text) > n {
		for n > 0 && !utf8.RuneStart(text[n]) {
			n--
		}
		text = text[:n]
	}
	return strings.ToValidUTF8(string(text), "\ufffd")
}
