package handlers

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/recheckbot/recheckbot/gerritstream"
	"github.com/recheckbot/recheckbot/internal/cicomment"
	"github.com/recheckbot/recheckbot/internal/store"
)

// gaps are the causes of the open gaps.
func (w *world) gaps() string {
	w.t.Helper()
	list, err := w.store.Gaps(w.t.Context())
	w.ok(err)
	var causes []string
	for _, g := range list {
		causes = append(causes, fmt.Sprintf("%s: %s", g.From.Sub(noon()), g.Cause))
	}
	return strings.Join(causes, "\n")
}

// TestSinkOnlyStores: nothing is understood until the step runs, and lines
// that were received before a crash are understood after it.
func TestSinkOnlyStores(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.receive(w.comment("zuul", failure("tempest-full")))
	if n := len(w.reports()); n != 0 {
		t.Fatalf("%d reports before the step", n)
	}
	w.ok(w.store.Close())
	w.open()
	_, err := w.ingest.step(t.Context())
	w.ok(err)
	due, err := w.store.DueBuilds(t.Context(), w.clock.now(), 10)
	w.ok(err)
	if len(due) != 1 || due[0].Job != "tempest-full" || !due[0].Own.Equal(noon()) {
		t.Errorf("got %+v", due)
	}
}

// TestPoisonRow: a row that cannot be read, and one that the store will not
// take, are set aside with their errors and open gaps; the others go in.
func TestPoisonRow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	poison := &poisoned{Store: w.store, change: 666}
	w.ingest.o.Store = poison
	bad := strings.ReplaceAll(w.comment("zuul", failure("x")), "12345", "666")
	w.hear(w.comment("zuul", failure("one")), `{"type":`, bad, w.comment("zuul", failure("two")))
	due, err := w.store.DueBuilds(t.Context(), w.clock.now(), 10)
	w.ok(err)
	if len(due) != 2 {
		t.Errorf("%d builds, want those of the two good lines", len(due))
	}
	pending, err := w.store.PendingRaw(t.Context(), 10)
	w.ok(err)
	if len(pending) != 0 {
		t.Errorf("%d lines are still pending", len(pending))
	}
	if g := w.gaps(); !strings.Contains(g, "poisoned") || strings.Count(g, "\n") != 1 {
		t.Errorf("gaps:\n%s", g)
	}
	if poison.calls > 4 {
		t.Errorf("the store was tried %d times", poison.calls)
	}
}

// poisoned is a store that cannot take events of one change.
type poisoned struct {
	*store.Store
	change int64
	calls  int
}

func (p *poisoned) Ingest(ctx context.Context, heard []store.Heard) error {
	p.calls++
	for _, h := range heard {
		if h.Change.Number == p.change {
			return errors.New("poisoned")
		}
	}
	return p.Store.Ingest(ctx, heard)
}

// TestStoreAtFault: when nothing can be written no line is to blame.
func TestStoreAtFault(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.receive(w.comment("zuul", failure("one")))
	ingest := w.ingest
	ingest.o.Store = brokenStore{w.store}
	if _, err := ingest.step(t.Context()); err == nil {
		t.Fatal("no error")
	}
	pending, err := w.store.PendingRaw(t.Context(), 10)
	w.ok(err)
	if len(pending) != 1 {
		t.Errorf("%d lines pending, want the one", len(pending))
	}
}

// brokenStore can read only.
type brokenStore struct{ *store.Store }

func (brokenStore) Ingest(context.Context, []store.Heard) error      { return errors.New("disk full") }
func (brokenStore) SetRawAside(context.Context, int64, string) error { return errors.New("disk full") }

// TestGaps: opened by the time the program did not run, by lost streams and by
// lines that were set aside; the first start opens none.
func TestGaps(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t), t.Context()
	w.ok(w.sink.Connected(ctx, "s1", w.clock.now()))
	if g := w.gaps(); g != "" {
		t.Fatalf("the first start opened %s", g)
	}
	w.clock.move(time.Minute)
	w.ok(w.sink.Alive(ctx))
	w.clock.move(time.Hour)
	w.ok(w.store.Close())
	w.open()
	w.ok(w.sink.Connected(ctx, "s2", w.clock.now()))
	if g := w.gaps(); g != "1m0s: the program did not run" {
		t.Fatalf("after the restart: %q", g)
	}
	w.ok(w.sink.Connected(ctx, "s3", w.clock.now()))
	w.ok(w.sink.Lost(ctx, "s3", w.clock.now().Add(-time.Minute), w.clock.now(), "EOF"))
	w.ok(w.sink.Lines(ctx, []gerritstream.Line{{Session: "s3", Seq: 1, Received: w.clock.now(), Body: []byte("x"), Aside: "over 16 MiB"}}))
	want := "1m0s: the program did not run\n1h0m0s: stream lost: EOF\n1h1m0s: over 16 MiB"
	if g := w.gaps(); g != want {
		t.Errorf("got\n%s\nwant\n%s", g, want)
	}
}

// TestAliveOnlyWhileListening: a program without a stream is deaf, also if it runs.
func TestAliveOnlyWhileListening(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t), t.Context()
	w.ok(w.sink.Connected(ctx, "s1", w.clock.now()))
	w.ok(w.sink.Lost(ctx, "s1", w.clock.now(), w.clock.now(), "EOF"))
	w.clock.move(time.Hour)
	w.ok(w.sink.Alive(ctx))
	if _, heard, err := w.store.Cursor(ctx, cursorAlive); err != nil || !heard.Equal(noon()) {
		t.Errorf("alive at %s, %v", heard, err)
	}
}

// TestOwnTimes: Gerrit's clock is an hour behind ours; own times are on ours.
func TestOwnTimes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	line := w.comment("zuul", failure("tempest-full"))
	w.clock.move(time.Hour)
	w.hear(line)
	due, err := w.store.DueBuilds(t.Context(), w.clock.now(), 10)
	w.ok(err)
	if len(due) != 1 || !due[0].Own.Equal(at(time.Hour)) {
		t.Errorf("got %+v", due)
	}
}

// TestBatches: a batch is bounded, and there may be more until none is left.
func TestBatches(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ingest.o.Batch = 2
	w.receive(w.comment("a", "1"), w.comment("a", "2"), w.comment("a", "3"))
	for _, want := range []bool{true, true, false} {
		if more, err := w.ingest.step(t.Context()); err != nil || more != want {
			t.Errorf("more %t, %v; want %t", more, err, want)
		}
	}
}

// TestStaleByEvents: events of the change itself make its reports stale.
func TestStaleByEvents(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		kind string
		more map[string]any
		want string
	}{
		"patchset":  {"patchset-created", map[string]any{"patchSet": map[string]any{"number": 3}}, "stale: patchset 3 is newer"},
		"merged":    {"change-merged", map[string]any{"change": with(change(), "status", "MERGED")}, "stale: merged"},
		"abandoned": {"change-abandoned", map[string]any{"change": with(change(), "status", "ABANDONED")}, "stale: abandoned"},
		"private":   {"private-state-changed", map[string]any{"change": with(change(), "private", true)}, "private change"},
	} {
		w := newWorld(t)
		w.hear(w.comment("zuul", failure("tempest-full")))
		w.clock.move(time.Second)
		w.hear(w.event(c.kind, c.more))
		w.classify(NewClassify(ClassifyOptions{Store: w.store, Sets: w.sets(&engine{answer: nil}), Now: w.clock.now}))
		if why := (Silence{}).why(w.report(w.reports()[0]), w.clock.now()); why != c.want {
			t.Errorf("%s: %q, want %q", name, why, c.want)
		}
	}
	w := newWorld(t)
	w.hear(w.comment("zuul", failure("tempest-full")))
	w.clock.move(time.Second)
	w.hear(w.comment("alice", "recheck flaky mirror"))
	w.classify(NewClassify(ClassifyOptions{Store: w.store, Sets: w.sets(&engine{}), Now: w.clock.now}))
	if why := (Silence{}).why(w.report(w.reports()[0]), w.clock.now()); why != "stale: rechecked since" {
		t.Errorf("recheck: %q", why)
	}
}

// with is m with one key set.
func with(m map[string]any, key string, value any) map[string]any {
	m[key] = value
	return m
}

// TestIngestWakes the steps behind it, and only when something came in.
func TestIngestWakes(t *testing.T) {
	t.Parallel()
	w, next := newWorld(t), NewWake()
	w.ingest = NewIngest(IngestOptions{Store: w.store, Rules: cicomment.Defaults(), Next: []Wake{next}, Now: w.clock.now})
	w.hear()
	if len(next) != 0 {
		t.Error("woken for nothing")
	}
	w.hear(w.comment("a", "x"))
	if len(next) != 1 {
		t.Error("not woken")
	}
}
