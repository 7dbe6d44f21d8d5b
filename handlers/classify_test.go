package handlers

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/recheckbot/recheckbot/internal/ci"
	"github.com/recheckbot/recheckbot/internal/logsearch"
	"github.com/recheckbot/recheckbot/internal/store"
)

// classifier is a Classify over the world's store.
func (w *world) classifier(e Searcher) *Classify {
	return NewClassify(ClassifyOptions{
		Store: w.store, Sets: w.sets(e), ReportAfter: 3 * time.Minute, Workers: 2, Now: w.clock.now,
	})
}

// states are the builds' states of the only report.
func (w *world) states(id int64) map[string]store.BuildState {
	w.t.Helper()
	states := map[string]store.BuildState{}
	for _, b := range w.report(id).Builds {
		states[b.Job] = b.State
	}
	return states
}

// TestSearchable: what log documents have of a build; what is not known is absent.
func TestSearchable(t *testing.T) {
	t.Parallel()
	got := searchable(store.DueBuild{
		UUID: "0123456789abcdef", Job: "tempest-full", Pipeline: "gate", Project: "openstack/nova", Branch: "master",
		LogURL: "https://logs.example.org/1/", Result: ci.TimedOut, Voting: true, Patchset: ci.Patchset{Change: 12305, Number: 2},
	})
	want := ci.Fields{
		"build_name": {"tempest-full"}, "build_queue": {"gate"}, "project": {"openstack/nova"}, "build_branch": {"master"},
		"build_uuid": {"0123456789abcdef"}, "build_short_uuid": {"0123456"}, "build_change": {"12305"}, "build_patchset": {"2"},
		"build_ref": {"refs/changes/05/12305/2"}, "build_status": {"FAILURE"}, "voting": {"1"}, "log_url": {"https://logs.example.org/1/"},
	}
	if diff := cmp.Diff(want, got.Fields); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	got = searchable(store.DueBuild{Job: "x", Patchset: ci.Patchset{Change: 1, Number: 1}})
	for _, name := range []string{"build_queue", "build_uuid", "build_short_uuid", "log_url"} {
		if _, there := got.Fields[name]; there {
			t.Errorf("%s is not known but there", name)
		}
	}
	if v := got.Fields["voting"]; len(v) != 1 || v[0] != "0" {
		t.Errorf("voting: %v", v)
	}
}

// TestClassify: a verdict for each build, with hits and the set it was made with.
func TestClassify(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.hear(w.comment("zuul", failure("known", "new")))
	c := w.classifier(&engine{answer: map[string]logsearch.Answer{"known": match(0)}})
	w.classify(c)
	ids := w.reports()
	if len(ids) != 1 {
		t.Fatalf("%d reports settled", len(ids))
	}
	v := w.report(ids[0])
	if s := w.states(ids[0]); s["known"] != store.BuildRecognized || s["new"] != store.BuildUnrecognized || s["pep8"] != store.BuildExcluded {
		t.Errorf("states: %v", s)
	}
	if h := v.Builds[0].Hits; len(h) != 1 || h[0].Fingerprint != "1234567" || h[0].Excerpt != "boom" || h[0].Line != 3 || len(h[0].Bugs) != 1 {
		t.Errorf("hits: %+v", h)
	}
}

// TestNoneDelaysAnother: a search that hangs holds one worker; the other
// builds are decided meanwhile, and none is searched twice.
func TestNoneDelaysAnother(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.hear(w.comment("zuul", failure("slow", "a", "b", "c")))
	hang := make(chan struct{})
	e := &engine{block: map[string]chan struct{}{"slow": hang}}
	c := w.classifier(e)
	c.o.Wake = NewWake()
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { w.ok(c.Run(ctx)) })
	left := func(n int) bool { return len(w.due()) == n }
	wait(t, func() bool { return left(1) })
	if due := w.due(); due[0].Job != "slow" || e.times() != 4 {
		t.Errorf("%s is left after %d searches", due[0].Job, e.times())
	}
	close(hang)
	wait(t, func() bool { return left(0) })
	cancel()
	wg.Wait()
	if e.times() != 4 {
		t.Errorf("%d searches of 4 builds", e.times())
	}
}

// wait waits until done, for a minute at most.
func wait(t *testing.T, done func() bool) {
	t.Helper()
	for range 6000 {
		if done() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("not within a minute")
}

// TestSpeaksAfterAWhile: with a recognized build and a pending one a report is
// due 3 minutes after the first.
func TestSpeaksAfterAWhile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.hear(w.comment("zuul", failure("known", "late")))
	e := &engine{answer: map[string]logsearch.Answer{"known": match(0), "late": {Status: logsearch.NotReady}}}
	c := w.classifier(e)
	w.classify(c)
	w.clock.move(3*time.Minute - time.Millisecond)
	if len(w.reports()) != 0 {
		t.Error("due before")
	}
	w.clock.move(time.Millisecond)
	if len(w.reports()) != 1 {
		t.Error("not due")
	}
}

// TestLogsThatNeverCome: tried again with patience, then no-logs; an outage is
// no verdict at all.
func TestLogsThatNeverCome(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.hear(w.comment("zuul", failure("absent", "unreachable")))
	e := &engine{
		answer: map[string]logsearch.Answer{"absent": {Status: logsearch.NotReady}},
		outage: map[string]error{"unreachable": errors.New("connection refused")},
	}
	c := w.classifier(e)
	var absent, unreachable time.Duration
	for w.clock.now().Before(at(3 * time.Hour)) {
		w.classify(c)
		due := map[string]bool{}
		far, err := w.store.DueBuilds(t.Context(), at(24*time.Hour), 10)
		w.ok(err)
		for _, b := range far {
			due[b.Job] = true
		}
		if now := w.clock.now().Sub(noon()); !due["absent"] && absent == 0 {
			absent = now
		}
		if now := w.clock.now().Sub(noon()); !due["unreachable"] && unreachable == 0 {
			unreachable = now
		}
		w.clock.move(time.Minute)
	}
	if absent < 20*time.Minute || absent > 24*time.Minute {
		t.Errorf("no-logs after %s", absent)
	}
	if unreachable < 2*time.Hour || unreachable > 2*time.Hour+4*time.Minute {
		t.Errorf("unknown after %s", unreachable)
	}
	if n := e.times(); n < 40 || n > 1000 {
		t.Errorf("%d tries", n)
	}
	s := w.states(w.reports()[0])
	if s["absent"] != store.BuildNoLogs || s["unreachable"] != store.BuildUnknown {
		t.Errorf("states: %v", s)
	}
}

// TestReload swaps the whole set; a search keeps the one that it began with.
func TestReload(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.hear(w.comment("zuul", failure("slow")))
	hang := make(chan struct{})
	e := &engine{answer: map[string]logsearch.Answer{"slow": match(1)}, block: map[string]chan struct{}{"slow": hang}}
	c := w.classifier(e)
	var wg sync.WaitGroup
	w.ok(c.step(t.Context(), &wg))
	wait(t, func() bool { return e.times() == 1 })
	id, err := w.store.SaveSet(t.Context(), [32]byte{8}, []store.FingerprintRow{{Name: "other", SHA: [32]byte{3}}})
	w.ok(err)
	c.o.Sets.Swap(&Set{ID: id, Engine: "test", Searcher: e, Fingerprints: []Fingerprint{{Name: "other"}}})
	close(hang)
	wg.Wait()
	v := w.report(w.reports()[0])
	if h := v.Builds[0].Hits; len(h) != 1 || h[0].Fingerprint != "mirror" {
		t.Errorf("hits: %+v", h)
	}
	if c.o.Sets.Sayable("mirror") || !c.o.Sets.Sayable("other") {
		t.Error("the new set is not in use")
	}
}

// TestNoSet: nothing is searched, and nothing is unrecognized, before there
// are fingerprints.
func TestNoSet(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.hear(w.comment("zuul", failure("one")))
	w.classify(NewClassify(ClassifyOptions{Store: w.store, Sets: &Sets{}, Now: w.clock.now}))
	if len(w.due()) != 1 || (&Sets{}).Sayable("x") {
		t.Error("decided without a set")
	}
}

// TestEnginePanics are outages of that build.
func TestEnginePanics(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.hear(w.comment("zuul", failure("one")))
	c := w.classifier(panicking{})
	w.classify(c)
	far, err := w.store.DueBuilds(t.Context(), at(time.Hour), 10)
	w.ok(err)
	if len(far) != 1 || far[0].Tries != 1 {
		t.Errorf("got %+v", far)
	}
}

// panicking is an engine with a bug.
type panicking struct{}

func (panicking) Search(context.Context, logsearch.Build) (logsearch.Answer, error) { panic("bug") }

// TestFlow plays a failure through all steps up to the outbox, twice: the
// second time nothing is left to do.
func TestFlow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.hear(w.comment("zuul", zuulFailure()))
	w.look(w.lookup(found()))
	c := w.classifier(&engine{answer: map[string]logsearch.Answer{"tempest-full": match(0)}})
	w.classify(c)
	w.ok(w.store.SaveTitle(t.Context(), ci.BugRef{Tracker: "launchpad", Ref: "1234567"}, "Mirror refuses", "New", false, w.clock.now()))
	compose := composer(t, func(o *ComposeOptions, _ *WordingOptions) { o.Store, o.Sets = w.store, c.o.Sets })
	for range 2 {
		_, err := compose.step(t.Context())
		w.ok(err)
	}
	out, err := w.store.DueOut(t.Context(), store.MediumGerrit, w.clock.now(), 10)
	w.ok(err)
	if len(out) != 1 || out[0].Target != "12345,2" || out[0].Tag != "autogenerated:recheckbot:gate" || !strings.Contains(out[0].Body, `"Mirror refuses" https://bugs.launchpad.net/bugs/1234567`) {
		t.Errorf("got %+v", out)
	}
	lines, err := w.store.DueOut(t.Context(), store.MediumIRC, w.clock.now(), 10)
	w.ok(err)
	if len(lines) != 1 || lines[0].Target != "#gate" {
		t.Errorf("got %+v", lines)
	}
}
