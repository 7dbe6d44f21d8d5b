package handlers

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/recheckbot/recheckbot/internal/store"
	"github.com/recheckbot/recheckbot/internal/zuul"
)

// TestEarly: the logs of a failed build are searched while another of its
// buildset runs; when the CI reports, the answer is there at once, for one
// search, and rates count the build then only.
func TestEarly(t *testing.T) {
	t.Parallel()
	w := newWire(t, map[string]string{"1234567.yaml": boomQuery})
	w.console(2, "all well", "boom")
	w.hear(w.event("patchset-created", nil))
	w.zuul.Add(w.running())
	e := NewEarly(EarlyOptions{Store: w.store, Now: w.clock.now})
	p := &poll{ci: "zuul", api: w.api}
	w.ok(e.step(t.Context(), p))
	w.round()
	if n := w.logs.Asked("2/job-output.txt"); n != 1 {
		t.Fatalf("the console was read %d times before the report", n)
	}
	w.clock.move(20 * time.Minute)
	w.hear(w.comment("zuul", zuulFailure()))
	ids := w.reports()
	if len(ids) != 1 {
		t.Fatal("the report is not settled when it comes")
	}
	b := w.report(ids[0]).Builds[0]
	if b.State != store.BuildRecognized || len(b.Hits) != 1 || b.Hits[0].Excerpt == "" {
		t.Errorf("%+v", b)
	}
	w.round()
	if n := w.logs.Asked("2/job-output.txt"); n != 1 {
		t.Errorf("the console was read %d times", n)
	}
}

// TestEarlyIsPolite: fewer questions where nothing happens, none while a rest
// was asked for; an unchanged answer is not sent again.
func TestEarlyIsPolite(t *testing.T) {
	t.Parallel()
	w := newWire(t, map[string]string{"1234567.yaml": boomQuery})
	w.hear(w.event("patchset-created", nil))
	e := NewEarly(EarlyOptions{Store: w.store, Every: 30 * time.Second, Now: w.clock.now})
	p := &poll{ci: "zuul", api: w.api}
	asked := func(d time.Duration) int {
		before := len(w.zuul.Requests())
		for range int(d / (10 * time.Second)) {
			w.ok(e.step(t.Context(), p))
			w.clock.move(10 * time.Second)
		}
		return len(w.zuul.Requests()) - before
	}
	if n := asked(10 * time.Minute); n < 5 || n > 9 {
		t.Errorf("asked %d times in 10 quiet minutes", n)
	}
	set := w.running()
	set.Builds[0].End = w.clock.now()
	w.zuul.Add(set)
	asked(3 * time.Minute)
	if len(w.due()) != 1 {
		t.Error("the news was not seen")
	}
	away := &resting{}
	busy := &poll{ci: "zuul", api: away}
	for range 30 {
		if err := e.step(t.Context(), busy); err == nil {
			t.Error("trouble that lasts is told as over")
		}
		w.clock.move(10 * time.Second)
	}
	if away.asked != 1 {
		t.Errorf("asked %d times within the 5 minutes of rest", away.asked)
	}
}

// resting is an API that asks to be left alone.
type resting struct{ asked int }

func (r *resting) Failures(context.Context, int) ([]zuul.Build, bool, error) {
	r.asked++
	return nil, false, &zuul.StatusError{Code: 429, RetryAfter: 5 * time.Minute}
}

// TestEarlyBuilds: only what a report will speak of.
func TestEarlyBuilds(t *testing.T) {
	t.Parallel()
	good := earlyBuild()
	list := []zuul.Build{good}
	for _, change := range []func(*zuul.Build){
		func(b *zuul.Build) { b.Result = "" }, func(b *zuul.Build) { b.Result = "SUCCESS" }, func(b *zuul.Build) { b.Result = "NODE_FAILURE" },
		func(b *zuul.Build) { b.Final = false }, func(b *zuul.Build) { b.Voting = false }, func(b *zuul.Build) { b.LogURL = "" },
		func(b *zuul.Build) { b.Buildset = "" }, func(b *zuul.Build) { b.Change = 0 }, func(b *zuul.Build) { b.End = at(-2 * time.Hour) },
		func(b *zuul.Build) { b.End = time.Time{} },
	} {
		b := good
		change(&b)
		list = append(list, b)
	}
	if got := earlyBuilds(list, noon()); len(got) != 1 {
		t.Errorf("%+v", got)
	}
}

// TestEarlyRuns: each CI is asked by itself, until the end.
func TestEarlyRuns(t *testing.T) {
	t.Parallel()
	w := newWire(t, map[string]string{"1234567.yaml": boomQuery})
	w.hear(w.event("patchset-created", nil))
	w.zuul.Add(w.running())
	next := NewWake()
	e := NewEarly(EarlyOptions{Store: w.store, APIs: map[string]Failures{"other": &resting{}, "zuul": w.api}, Now: w.clock.now, Next: []Wake{next}})
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { w.ok(e.Run(ctx)) })
	<-next
	cancel()
	wg.Wait()
	if len(w.due()) != 1 {
		t.Error("nothing to search")
	}
}
