package handlers

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/recheckbot/recheckbot/internal/store"
)

// badReport is a store of which one report can never be read.
type badReport struct {
	ReportStore
	report int64
	how    func() error
	reads  int
}

func (p *badReport) Report(ctx context.Context, id int64) (store.ReportView, error) {
	if id == p.report {
		p.reads++
		return store.ReportView{}, p.how()
	}
	return p.ReportStore.Report(ctx, id)
}

// TestPoison: a report that fails, by an error or a panic, costs no other
// anything; after five tries it is given up, with its error, and can be revived.
func TestPoison(t *testing.T) {
	t.Parallel()
	for name, how := range map[string]func() error{
		"error": func() error { return errors.New("it is bad") },
		"panic": func() error { panic("it is bad") },
	} {
		w := newWorld(t)
		w.hear(w.comment("zuul", failure("one")))
		w.clock.move(time.Second)
		w.hear(w.comment("zuul", failure("two")))
		ids := w.searched()
		p := &badReport{ReportStore: w.store, report: ids[0], how: how}
		c := NewCompose(ComposeOptions{Store: p, Wording: wording(t), Mode: ModeLive, Now: w.clock.now})
		_, err := c.step(t.Context())
		w.ok(err)
		if w.report(ids[0]).State != store.ReportOpen || w.report(ids[1]).State == store.ReportOpen {
			t.Errorf("%s: %s and %s after one step", name, w.report(ids[0]).State, w.report(ids[1]).State)
		}
		w.play(2*time.Minute, c.step)
		dead, total, err := w.store.DeadLetters(t.Context(), 9)
		w.ok(err)
		if total != 1 || dead[0].Step != "compose" || dead[0].Item != fmt.Sprint(ids[0]) || dead[0].Tries != 5 || !strings.Contains(dead[0].Error, "it is bad") {
			t.Errorf("%s: %d dead: %+v", name, total, dead)
		}
		if v := w.report(ids[0]); p.reads != 5 || v.State != "dead" || !strings.Contains(v.Why, "given up after 5 tries") {
			t.Errorf("%s: %s %q after %d tries", name, v.State, v.Why, p.reads)
		}
		w.ok(w.store.RetryDead(t.Context(), "compose", fmt.Sprint(ids[0]), store.By{Who: "op", Via: "cli"}))
		p.report = 0
		w.play(time.Second, c.step)
		if v := w.report(ids[0]); v.State != store.ReportSilent {
			t.Errorf("%s: %s after it was revived", name, v.State)
		}
	}
}

// searched decides all builds as unrecognized and returns the reports.
func (w *world) searched() []int64 {
	w.t.Helper()
	c := NewClassify(ClassifyOptions{Store: w.store, Sets: w.sets(&engine{}), Now: w.clock.now})
	for range 5 {
		w.classify(c)
	}
	ids := w.reports()
	if len(ids) != 2 {
		w.t.Fatalf("%d reports are due", len(ids))
	}
	return ids
}

// wording is the built-in one.
func wording(t *testing.T) *Wording {
	t.Helper()
	words, err := NewWording(WordingOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return words
}

// TestUnwellStoreIsNobodysFault: what the database suffers from is not blamed on the items.
func TestUnwellStoreIsNobodysFault(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g := newGraves(store.StepCompose, w.store, nil, w.clock.now)
	for range 20 {
		err := g.try(t.Context(), 1, func(context.Context) error { return fmt.Errorf("store: %w", sql.ErrConnDone) })
		if err == nil {
			t.Fatal("the step does not learn of it")
		}
	}
	if _, total, err := w.store.DeadLetters(t.Context(), 9); total != 0 || err != nil {
		t.Errorf("%d given up, %v", total, err)
	}
}

// TestPoisonDoesNotFillTheBatch: items that wait for another try take nobody's
// place.
func TestPoisonDoesNotFillTheBatch(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g := newGraves(store.StepCompose, w.store, nil, w.clock.now)
	for item := range int64(60) {
		w.ok(g.try(t.Context(), item, func(context.Context) error { return errors.New("bad") }))
	}
	if g.waiting() != 60 || !g.waits(3) || g.waits(99) {
		t.Errorf("%d wait", g.waiting())
	}
	w.clock.move(time.Minute)
	w.ok(g.try(t.Context(), 3, func(context.Context) error { return nil }))
	if g.waiting() != 59 {
		t.Errorf("%d wait after one went well", g.waiting())
	}
}

// TestVitals: a step that moves is well, also when it fails or has much to do;
// one that hangs is stuck, by name, until it moves again.
func TestVitals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := NewVitals(0)
		ctx, cancel := context.WithCancel(v.Context(t.Context()))
		hang, items := make(chan struct{}), NewWake()
		start := func(name string, work func(context.Context) (bool, error)) {
			go func() { _ = loop{name: name}.run(ctx, work) }()
		}
		start("idle", func(context.Context) (bool, error) { return false, nil })
		go func() {
			rests := func(context.Context) (bool, error) { return false, nil }
			_ = loop{name: "rests", every: 2 * StuckAfter}.run(ctx, rests)
		}()
		start("fails", func(context.Context) (bool, error) { return false, errors.New("disk full") })
		start("panics", func(context.Context) (bool, error) { panic("boom") })
		start("busy", func(ctx context.Context) (bool, error) {
			for range 100 {
				beat(ctx)
				pause(ctx, items, time.Minute)
			}
			return false, nil
		})
		start("hangs", func(context.Context) (bool, error) { <-hang; return false, nil })
		time.Sleep(StuckAfter - time.Second)
		if got := v.Stuck(); got != nil {
			t.Errorf("stuck within the time: %q", got)
		}
		time.Sleep(time.Minute)
		if got := v.Stuck(); !slices.Equal(got, []string{"hangs"}) {
			t.Errorf("stuck: %q", got)
		}
		for _, s := range v.Steps() {
			switch want := map[string]string{"fails": "disk full", "panics": "panic: boom"}[s.Name]; {
			case want == "" && (s.Error != "" || s.Failures != 0), want != "" && (!strings.HasPrefix(s.Error, want) || s.Failures < 5):
				t.Errorf("%+v", s)
			}
		}
		close(hang)
		synctest.Wait()
		if got := v.Stuck(); got != nil {
			t.Errorf("stuck: %q after it moved", got)
		}
		cancel()
		synctest.Wait()
		if got := v.Steps(); len(got) != 0 {
			t.Errorf("%+v after the end", got)
		}
	})
}

// TestLoopSurvivesPanic: it is told like an error, with where it came from.
func TestLoopSurvivesPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b bytes.Buffer
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		calls := 0
		_ = loop{name: "x", log: slog.New(slog.NewTextHandler(&b, nil))}.run(ctx, func(context.Context) (bool, error) {
			calls++
			panic("boom")
		})
		if calls < 3 || !strings.Contains(b.String(), "panic: boom") || !strings.Contains(b.String(), "graves_test.go") {
			t.Errorf("%d calls, %s", calls, b.String())
		}
	})
}
