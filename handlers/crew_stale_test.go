package handlers

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/recheckbot/recheckbot/internal/logsearch"
	"github.com/recheckbot/recheckbot/internal/store"
	"github.com/recheckbot/recheckbot/internal/zuul"
)

// lateLook is a store in which a worker ends its work while it is looked for what
// is due: rows are read before that, and picked after.
type lateLook struct {
	*store.Store
	meanwhile func()
}

func (s lateLook) PickBuilds(ctx context.Context, now time.Time, limit int, pick func(store.DueBuild) bool) ([]store.DueBuild, error) {
	rows, err := s.DueBuilds(ctx, now, limit)
	s.meanwhile()
	return picked(rows, pick), err
}

func (s lateLook) PickLookups(ctx context.Context, now time.Time, limit int, pick func(store.Lookup) bool) ([]store.Lookup, error) {
	rows, err := s.Store.PickLookups(ctx, now, limit, func(store.Lookup) bool { return true })
	s.meanwhile()
	return picked(rows, pick), err
}

func picked[T any](rows []T, pick func(T) bool) (out []T) {
	for _, r := range rows {
		if pick(r) {
			out = append(out, r)
		}
	}
	return out
}

// TestSearchedOnceATry: a build whose search ends while others are looked for is
// neither searched again nor put off once more by what its row was before.
func TestSearchedOnceATry(t *testing.T) {
	t.Parallel()
	for name, e := range map[string]*engine{
		"incomplete": {answer: map[string]logsearch.Answer{"late": {Status: logsearch.Incomplete, RetryAfter: time.Second}}},
		"outage":     {outage: map[string]error{"late": errors.New("connection refused")}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.hear(w.comment("zuul", failure("late")))
			hang := make(chan struct{})
			e.block = map[string]chan struct{}{"late": hang}
			c := w.classifier(e)
			c.crew.note(-1, "logs.example.org", errors.New("another build found it so"), 0, at(-time.Hour))
			var first sync.WaitGroup
			w.ok(c.step(t.Context(), &first))
			c.o.Store = lateLook{w.store, func() { close(hang); first.Wait() }}
			w.classify(c)
			if w.clock.move(time.Minute); e.times() != 1 {
				t.Errorf("searched %d times", e.times())
			}
			if due := w.due(); len(due) != 1 || due[0].Tries != 1 {
				t.Errorf("after one try: %+v", due)
			}
		})
	}
}

// gate is a Zuul that is out of reach, and says so when it is opened.
type gate struct {
	Zuul
	open chan struct{}
}

func (g gate) Buildset(context.Context, string) (zuul.Buildset, error) {
	<-g.open
	return zuul.Buildset{}, errors.New("connection refused")
}

// TestAskedOnceATry: the same of a look-up.
func TestAskedOnceATry(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.hear(w.comment("zuul", zuulFailure()))
	hang := make(chan struct{})
	l := w.lookup(gate{open: hang})
	var first sync.WaitGroup
	w.ok(l.step(t.Context(), &first))
	l.o.Store = lateLook{w.store, func() { close(hang); first.Wait() }}
	w.look(l)
	w.clock.move(time.Minute)
	due, err := w.store.PickLookups(t.Context(), w.clock.now(), 9, func(store.Lookup) bool { return true })
	w.ok(err)
	if len(due) != 1 || due[0].Tries != 1 {
		t.Errorf("after one try: %+v", due)
	}
}

// full is a store that can be read and not written.
type full struct {
	BuildStore
	tried int
}

func (f *full) PickBuilds(_ context.Context, _ time.Time, _ int, pick func(store.DueBuild) bool) (out []store.DueBuild, err error) {
	return picked([]store.DueBuild{{ID: 1, Job: "x", LogURL: "https://logs.example.org/1/"}}, pick), nil
}

func (f *full) RecordVerdict(context.Context, store.Verdict, time.Duration) error {
	f.tried++
	return fmt.Errorf("store: %w", store.ErrReadOnly)
}

// TestFullDiskAsksNobodyOften: a build whose verdict cannot be written is searched
// again, but not as fast as its log host answers.
func TestFullDiskAsksNobodyOften(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var sets Sets
		sets.Swap(&Set{ID: 1, Engine: "test", Searcher: &engine{}})
		f := &full{}
		c := NewClassify(ClassifyOptions{Store: f, Sets: &sets})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := c.Run(ctx); err != nil {
			t.Fatal(err)
		}
		if f.tried < 5 || f.tried > 13 {
			t.Errorf("searched %d times in a minute", f.tried)
		}
	})
}
