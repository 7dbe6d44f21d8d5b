package handlers

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/recheckbot/recheckbot/gerritstream"
	"github.com/recheckbot/recheckbot/internal/store"
	"github.com/recheckbot/recheckbot/internal/zuul"
)

// TestReadAsked: a change that a person wants to be read again is asked for by
// its number, long after the lists by time show it no more; one that fails again
// is given up again, and does not keep the step from its work.
func TestReadAsked(t *testing.T) {
	t.Parallel()
	w, l, c := catching(t, queried(7, listed(noon().Add(time.Minute), "alice", "recheck bug 42")))
	l.changes[0].Updated = noon().Add(-time.Hour) // no list by time shows it
	w.run(c, l)
	retry := func() {
		w.ok(w.store.Bury(t.Context(), store.StepCatchup, 7, "bad", 5))
		w.ok(w.store.RetryDead(t.Context(), store.StepCatchup, "7", store.By{}))
	}
	w.clock.move(30 * 24 * time.Hour)
	w.run(c, l)
	retry()
	l.queries = nil
	w.run(c, l)
	w.run(c, l)
	bugs, err := w.store.DueRechecks(t.Context(), w.clock.now(), 10)
	w.ok(err)
	if len(bugs) != 1 || len(l.queries) != 1 || l.queries[0].Text != "change:7" {
		t.Errorf("%d bugs, asked %+v", len(bugs), l.queries)
	}
	l.changes[0].Comments = append(l.changes[0].Comments, listed(noon().Add(2*time.Minute), "bob", "(1 comment)"))
	l.failing = map[int64]error{7: errors.New("no such texts")}
	retry()
	for range patience {
		if _, err := c.step(t.Context()); err == nil {
			break
		}
	}
	dead, _, err := w.store.DeadLetters(t.Context(), 9)
	w.ok(err)
	left, err := w.store.ChangesToRead(t.Context())
	w.ok(err)
	if len(dead) != 1 || len(left) != 0 {
		t.Errorf("given up: %+v, left %v", dead, left)
	}
}

// logged is what is logged at or above a level.
func logged(b *bytes.Buffer, level slog.Level) *slog.Logger {
	return slog.New(slog.NewTextHandler(b, &slog.HandlerOptions{Level: level}))
}

// TestTooLongAgoIsToldOnce while it lasts, however often a pass fails.
func TestTooLongAgoIsToldOnce(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	w, l, c := catching(t)
	c.log = logged(&out, slog.LevelError)
	w.run(c, l)
	for round := 1; round <= 2; round++ {
		w.clock.move(30 * 24 * time.Hour)
		l.queryErr = errors.New("gerrit is away")
		for range 3 {
			if _, err := c.step(t.Context()); err == nil {
				t.Fatal("no error")
			}
		}
		l.queryErr = nil
		l.changes = []gerritstream.QueriedChange{queried(1, listed(w.clock.now(), "bob", "hello"))}
		w.run(c, l)
		w.clock.move(2 * time.Hour)
		w.run(c, l)
		if n := strings.Count(out.String(), "too long ago"); n != round {
			t.Errorf("told %d times of %d", n, round)
		}
	}
}

// answering is an API whose answers a test gives.
type answering struct {
	builds []zuul.Build
	same   bool
}

func (a *answering) Failures(context.Context, int) ([]zuul.Build, bool, error) {
	builds := a.builds
	if a.same {
		builds = nil
	}
	return builds, a.same, nil
}

// noting is a store that fails on demand.
type noting struct {
	err   error
	noted int
}

func (n *noting) NoteEarly(_ context.Context, _ string, builds []store.EarlyBuild) (int, error) {
	if n.err == nil {
		n.noted += len(builds)
	}
	return len(builds), n.err
}

// TestEarlyIsOwed: what could not be stored is when it can, though the API does
// not tell it again.
func TestEarlyIsOwed(t *testing.T) {
	t.Parallel()
	api, s := &answering{builds: []zuul.Build{earlyBuild()}}, &noting{err: errors.New("the disk is full")}
	e := NewEarly(EarlyOptions{Store: s, Now: (&hand{t: noon()}).now})
	p := &poll{ci: "zuul", api: api}
	for range 2 {
		if err := e.step(t.Context(), p); err == nil {
			t.Error("no error")
		}
		api.same = true
	}
	s.err = nil
	if err := e.step(t.Context(), p); err != nil || s.noted != 1 {
		t.Errorf("%d noted, %v", s.noted, err)
	}
}

// TestEarlyTellsOnce that there is more than an answer holds.
func TestEarlyTellsOnce(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	clock, api := &hand{t: noon()}, &answering{}
	e := NewEarly(EarlyOptions{Store: &noting{}, Limit: 1, Logger: logged(&out, slog.LevelWarn), Now: clock.now})
	p := &poll{ci: "zuul", api: api}
	for _, builds := range []int{1, 1, 0, 1} {
		api.builds = make([]zuul.Build, builds)
		for i := range api.builds {
			api.builds[i] = earlyBuild()
			api.builds[i].End = clock.now()
		}
		if err := e.step(t.Context(), p); err != nil {
			t.Fatal(err)
		}
		clock.move(time.Hour)
	}
	if n := strings.Count(out.String(), "more builds fail"); n != 2 {
		t.Errorf("told %d times, of 2 times that it began", n)
	}
}

// earlyBuild is a build that a report will speak of.
func earlyBuild() zuul.Build {
	return zuul.Build{UUID: uuid(2), Result: "FAILURE", Final: true, Voting: true, LogURL: "https://logs/", Buildset: uuid(1), Change: 1, End: noon()}
}
