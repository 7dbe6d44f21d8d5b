package handlers

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/recheckbot/recheckbot/internal/ci"
	"github.com/recheckbot/recheckbot/internal/store"
	"github.com/recheckbot/recheckbot/internal/zuul"
)

// api is a Zuul that answers from memory.
type api struct {
	sets   map[string]zuul.Buildset
	builds map[string]zuul.Build
	err    error
	asked  []string
}

func (a *api) Buildset(_ context.Context, uuid string) (zuul.Buildset, error) {
	a.asked = append(a.asked, uuid)
	if set, ok := a.sets[uuid]; ok && a.err == nil {
		return set, nil
	}
	return zuul.Buildset{}, errors.Join(a.err, &zuul.NotFoundError{What: "buildset", UUID: uuid})
}

func (a *api) Build(_ context.Context, uuid string) (zuul.Build, error) {
	a.asked = append(a.asked, uuid)
	if b, ok := a.builds[uuid]; ok && a.err == nil {
		return b, nil
	}
	return zuul.Build{}, errors.Join(a.err, &zuul.NotFoundError{What: "build", UUID: uuid})
}

// uuid is the n-th uuid.
func uuid(n int) string { return fmt.Sprintf("%032x", n) }

// zuulFailure is today's report: it names Zuul's pages, not the logs.
func zuulFailure() string {
	return "Build failed (gate pipeline).  For information on how to proceed, see https://docs.example.org/\n\n" +
		"https://zuul.example.org/t/x/buildset/" + uuid(1) + "\n\n" +
		"- tempest-full https://zuul.example.org/t/x/build/" + uuid(2) + " : FAILURE in 5m 00s\n" +
		"- pep8 https://zuul.example.org/t/x/build/" + uuid(3) + " : SUCCESS in 3m 00s\n"
}

// found is what Zuul knows of that report.
func found() *api {
	build := func(n int, job string, r ci.Result) zuul.Build {
		return zuul.Build{
			UUID: uuid(n), Job: job, Result: r, Voting: true, Final: true, Buildset: uuid(1),
			LogURL: fmt.Sprintf("https://logs.example.org/%d/", n),
		}
	}
	set := zuul.Buildset{UUID: uuid(1), Pipeline: "gate", Builds: []zuul.Build{build(2, "tempest-full", ci.Failure), build(3, "pep8", ci.Success)}}
	return &api{sets: map[string]zuul.Buildset{uuid(1): set}, builds: map[string]zuul.Build{uuid(2): set.Builds[0], uuid(3): set.Builds[1]}}
}

func (w *world) lookup(a Zuul) *Lookup {
	return NewLookup(LookupOptions{Store: w.store, APIs: map[string]Zuul{"zuul": a}, Now: w.clock.now})
}

// look runs one round of the step and waits for its questions.
func (w *world) look(l *Lookup) {
	w.t.Helper()
	var wg sync.WaitGroup
	w.ok(l.step(w.t.Context(), &wg))
	wg.Wait()
}

// due are the builds that can be searched.
func (w *world) due() []store.DueBuild {
	w.t.Helper()
	due, err := w.store.DueBuilds(w.t.Context(), w.clock.now(), 10)
	w.ok(err)
	return due
}

// TestLookup asks once for a buildset and sends its failed builds on.
func TestLookup(t *testing.T) {
	t.Parallel()
	w, a := newWorld(t), found()
	w.hear(w.comment("zuul", zuulFailure()))
	l := w.lookup(a)
	for range 3 {
		w.look(l)
		w.clock.move(time.Hour)
	}
	due := w.due()
	if len(due) != 1 || due[0].LogURL != "https://logs.example.org/2/" || due[0].Pipeline != "gate" {
		t.Errorf("got %+v", due)
	}
	if len(a.asked) != 1 {
		t.Errorf("asked %v", a.asked)
	}
}

// TestLookupPatience: retried with growing waits while Zuul is away or does
// not know, given up at own time + 2 h; then unknown, never unrecognized.
func TestLookupPatience(t *testing.T) {
	t.Parallel()
	for name, cause := range map[string]error{"outage": errors.New("connection refused"), "not known": nil} {
		w, a := newWorld(t), &api{err: cause}
		w.hear(w.comment("zuul", zuulFailure()))
		l := w.lookup(a)
		for w.clock.now().Before(at(2 * time.Hour)) {
			w.look(l)
			if n := len(w.reports()); n != 0 {
				t.Fatalf("%s: settled at %s", name, w.clock.now().Sub(noon()))
			}
			w.clock.move(90 * time.Second)
		}
		if n := len(a.asked); n < 20 || n > 120 {
			t.Errorf("%s: asked %d times in 2 h", name, n)
		}
		w.clock.move(4 * time.Minute)
		w.look(l)
		ids := w.reports()
		if len(ids) != 1 || w.report(ids[0]).Builds[0].State != store.BuildUnknown {
			t.Errorf("%s: %d reports due after the deadline", name, len(ids))
		}
	}
}

// TestLookupUnfinished: a build without a result keeps the question open; the
// others go on.
func TestLookupUnfinished(t *testing.T) {
	t.Parallel()
	w, a := newWorld(t), found()
	set := a.sets[uuid(1)]
	set.Builds[1].Result = ""
	w.hear(w.comment("zuul", zuulFailure()))
	l := w.lookup(a)
	w.look(l)
	if len(w.due()) != 1 {
		t.Error("the build that has ended waits for the other")
	}
}

// TestLookupWithoutBuildset: where the comment names builds only, one of them
// names the buildset.
func TestLookupWithoutBuildset(t *testing.T) {
	t.Parallel()
	a := found()
	looked, err := ask(t.Context(), a, store.Lookup{Builds: []store.LookupBuild{{UUID: uuid(3)}, {UUID: uuid(2), Waiting: true}}})
	if err != nil || !looked.Complete || len(looked.Builds) != 2 || looked.Pipeline != "gate" {
		t.Errorf("got %+v, %v", looked, err)
	}
	if len(a.asked) != 2 {
		t.Errorf("asked %v", a.asked)
	}
	lone := a.builds[uuid(2)]
	lone.Buildset = ""
	a.builds[uuid(2)] = lone
	if looked, err = ask(t.Context(), a, store.Lookup{Builds: []store.LookupBuild{{UUID: uuid(2), Waiting: true}}}); err != nil || len(looked.Builds) != 1 || looked.Complete {
		t.Errorf("an old API: %+v, %v", looked, err)
	}
}

// TestLookupNoAPI: a CI that cannot be asked is given up at once, with why.
func TestLookupNoAPI(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.hear(w.comment("zuul", zuulFailure()))
	w.look(NewLookup(LookupOptions{Store: w.store, Now: w.clock.now}))
	ids := w.reports()
	if len(ids) != 1 {
		t.Fatalf("%d reports due", len(ids))
	}
	if b := w.report(ids[0]).Builds[0]; b.State != store.BuildUnknown || b.Why != `no API of CI "zuul" is configured` {
		t.Errorf("got %s (%s)", b.State, b.Why)
	}
}
