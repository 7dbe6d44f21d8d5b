package handlers

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/recheckbot/recheckbot/gerritstream"
	"github.com/recheckbot/recheckbot/internal/ci"
	"github.com/recheckbot/recheckbot/internal/store"
)

// builds are the jobs of the builds that are to be searched.
func (w *world) builds() []string {
	w.t.Helper()
	due, err := w.store.DueBuilds(w.t.Context(), w.clock.now(), 100)
	w.ok(err)
	var jobs []string
	for _, b := range due {
		jobs = append(jobs, b.Job)
	}
	slices.Sort(jobs)
	return jobs
}

// restart closes and opens the store, and makes the step anew.
func (w *world) restart(c *Catchup) *Catchup {
	w.t.Helper()
	w.ok(w.store.Close())
	*w.offset = Offset{}
	w.open()
	o := c.o
	o.Store = w.store
	return NewCatchup(o)
}

// TestSecondLookCoversTheKilledServersIndex: what the index lacked at first is
// found some minutes later, also when it is from before the gap, when the bot
// was killed in between, and when the index never learns that the change was
// updated.
func TestSecondLookCoversTheKilledServersIndex(t *testing.T) {
	t.Parallel()
	w, l, c := catching(t, queried(1, listed(noon(), "bob", "hello")))
	w.clock.move(2 * time.Hour)
	w.hear(w.comment("bob", "of change 12345"))
	w.run(c, l)
	w.clock.move(7 * time.Minute)
	w.run(c, l) // the second look of the start
	w.clock.move(time.Minute)
	lost := w.clock.now()
	w.ok(w.store.OpenGap(t.Context(), lost, "stream lost"))
	w.clock.move(50 * time.Minute) // the server is away
	w.run(c, l)
	if w.gaps() != "" {
		t.Errorf("gaps: %s", w.gaps())
	}
	c = w.restart(c)
	w.run(c, l) // the start's
	late := queried(2, listed(lost.Add(-4*time.Minute), "zuul", failure("index")))
	stale := queried(12345, listed(lost.Add(-time.Minute), "zuul", failure("stale")))
	stale.Updated = noon() // as far as the index knows
	l.changes = append(l.changes, late, stale)
	w.clock.move(7 * time.Minute)
	w.run(c, l)
	if got := w.builds(); !slices.Equal(got, []string{"index", "stale"}) {
		t.Errorf("found %v", got)
	}
	w.clock.move(7 * time.Minute)
	if w.run(c, l) {
		t.Error("a third look")
	}
}

// TestCatchupGoesOnWhereItWas: windows that were read are not read again after
// a failure or a restart; what comes meanwhile is.
func TestCatchupGoesOnWhereItWas(t *testing.T) {
	t.Parallel()
	w, l, c := catching(t, queried(1, listed(noon(), "bob", "first")))
	w.run(c, l)
	w.clock.move(20 * time.Hour)
	for h := range 18 {
		l.changes = append(l.changes, queried(int64(10+h), listed(at(time.Duration(h)*time.Hour+time.Minute), "zuul", failure(fmt.Sprintf("h%02d", h)))))
	}
	w.ok(w.store.OpenGap(t.Context(), at(time.Minute), "x"))
	l.queries = nil
	l.during = func() {
		if len(l.queries) == 8 {
			l.queryErr = errors.New("cut")
		}
	}
	if _, err := c.step(t.Context()); err == nil {
		t.Fatal("no error")
	}
	all := l.windows()
	last := all[len(all)-1]
	l.during, l.queryErr, l.queries = nil, nil, nil
	c = w.restart(c)
	gaps, err := w.store.Gaps(t.Context())
	w.ok(err)
	p, err := c.plan(t.Context(), append(gaps, store.Gap{ID: 99, From: at(2 * time.Hour), Count: 1}), secondLook{}, w.clock.now())
	if w.ok(err); !p.Next.Equal(at(2*time.Hour - 10*time.Minute)) {
		t.Errorf("with a gap that it did not know it goes on at %s", p.Next)
	}
	w.run(c, l)
	if got := l.windows()[0]; within(afterTime, got, noon()) != within(afterTime, last, noon()) {
		t.Errorf("goes on with %s, was at %s", got, last)
	}
	if got := w.builds(); len(got) != 18 || w.gaps() != "" {
		t.Errorf("found %v; gaps %s", got, w.gaps())
	}
	closed, err := w.store.ClosedGaps(t.Context(), 10)
	w.ok(err)
	if by := closed[0].ClosedBy; !strings.HasPrefix(by, "catch-up (gap) at 2026-03-02T08:00:00Z: ") {
		t.Errorf("closed by %q", by)
	}
}

// TestCatchupMovingChanges: changes that are updated while they are listed move
// to the end of the list, and none is passed over.
func TestCatchupMovingChanges(t *testing.T) {
	t.Parallel()
	w, l, c := catching(t)
	w.run(c, l)
	for i := range 40 {
		l.changes = append(l.changes, queried(int64(100+i), listed(at(time.Duration(i)*time.Minute), "zuul", failure(fmt.Sprintf("j%02d", i)))))
	}
	w.clock.move(time.Hour)
	w.ok(w.store.OpenGap(t.Context(), noon(), "x"))
	l.during = func() { // the oldest that was not moved yet is updated
		i := len(l.queries)
		if i >= len(l.changes) {
			return
		}
		l.changes[i].Comments = append(l.changes[i].Comments, listed(w.clock.now(), "bob", "hello"))
		l.changes[i].Updated = w.clock.now()
		w.clock.move(time.Second)
	}
	w.run(c, l)
	if got := w.builds(); len(got) != 40 {
		t.Errorf("%d of 40 found: %v", len(got), got)
	}
}

// TestFirstStartOnAServerWhoseClockIsAhead: what was written before is not new,
// though its times lie behind our first start.
func TestFirstStartOnAServerWhoseClockIsAhead(t *testing.T) {
	t.Parallel()
	ahead := noon().Add(30 * time.Minute)
	w, l, c := catching(t, queried(1, listed(ahead.Add(-10*time.Minute), "zuul", failure("old")), listed(ahead.Add(-time.Second), "bob", "recheck bug 7")))
	w.clock.move(time.Minute)
	l.changes[0].Comments = append(l.changes[0].Comments, listed(ahead.Add(time.Minute), "zuul", failure("new")))
	l.changes[0].Updated = ahead.Add(time.Minute)
	w.ok(w.store.OpenGap(t.Context(), w.clock.now(), "x"))
	w.run(c, l)
	if got := w.builds(); !slices.Equal(got, []string{"new"}) {
		t.Errorf("found %v", got)
	}
	if items, _, err := w.store.Queue(t.Context(), "", 10); err != nil || len(items) != 0 {
		t.Errorf("queue: %v %v", items, err)
	}
}

// TestServerWhoseClockIsBehind: the first live event tells, and what was looked
// for at the wrong time is looked for again; its deadlines count from when it
// really was.
func TestServerWhoseClockIsBehind(t *testing.T) {
	t.Parallel()
	w, l, c := catching(t)
	behind := 30 * time.Minute
	w.clock.move(time.Minute)
	l.changes = []gerritstream.QueriedChange{queried(1, listed(w.clock.now().Add(-behind), "zuul", failure("missed")))}
	w.ok(w.store.OpenGap(t.Context(), w.clock.now(), "x"))
	w.run(c, l)
	if got := w.builds(); len(got) != 0 {
		t.Fatalf("found %v", got)
	}
	w.offset.Observe(w.clock.now(), w.clock.now().Add(-behind))
	w.run(c, l)
	due, err := w.store.DueBuilds(t.Context(), w.clock.now(), 10)
	w.ok(err)
	if len(due) != 1 || !due[0].Own.Equal(at(time.Minute)) {
		t.Errorf("found %+v", due)
	}
	w.restart(c)
	w.ok(w.offset.Load(t.Context(), w.store))
	if w.offset.Known() {
		t.Error("kept though no step saved it")
	}
}

// TestCatchupTakesWhatAnEarlierPassMissed: a change that is updated is read from
// the first start on.
func TestCatchupTakesWhatAnEarlierPassMissed(t *testing.T) {
	t.Parallel()
	w, l, c := catching(t)
	w.run(c, l)
	w.clock.move(5 * time.Hour)
	l.changes = []gerritstream.QueriedChange{queried(1, listed(at(time.Hour), "zuul", failure("early")), listed(w.clock.now(), "bob", "hello"))}
	c.last, c.o.Overlap = w.clock.now().Add(-2*time.Hour), time.Minute
	w.ok(c.setTime(t.Context(), cursorCatchup, at(4*time.Hour)))
	w.run(c, l)
	if got := w.builds(); !slices.Equal(got, []string{"early"}) {
		t.Errorf("found %v", got)
	}
}

// TestTagsOfReportsWithoutBuildset: REST knows the pipeline of a report that
// names none.
func TestTagsOfReportsWithoutBuildset(t *testing.T) {
	t.Parallel()
	m := listed(noon(), "zuul", failure("job"))
	w, l, c := catching(t, queried(1, m))
	c.list.o.Tags = true
	m.Tag, m.MessageID = "autogenerated:zuul:gate", "id"
	l.messages = map[int64][]gerritstream.Comment{1: {m}}
	w.run(c, l)
	due, err := w.store.DueBuilds(t.Context(), w.clock.now(), 10)
	w.ok(err)
	if len(due) != 1 || due[0].Pipeline != "gate" {
		t.Errorf("%+v", due)
	}
}

// TestACauseThatDoesNotEnd: lines that are set aside again and again have only
// the time since the last pass read again, and what a person wants read while a
// pass goes on is read by the next one.
func TestACauseThatDoesNotEnd(t *testing.T) {
	t.Parallel()
	w, l, c := catching(t)
	c.o.Overlap = time.Second
	w.ok(w.store.OpenGap(t.Context(), w.clock.now(), "dropped"))
	var from []time.Time
	for round := range 4 {
		l.changes = append(l.changes, queried(int64(100+round), listed(w.clock.now(), "bob", "hello")))
		l.queries, l.during = nil, func() {
			w.clock.move(time.Second)
			w.ok(w.store.OpenGap(t.Context(), w.clock.now(), "dropped"))
			if round == 0 {
				w.ok(w.store.OpenGap(t.Context(), noon().Add(-time.Second), "to be read again"))
			}
		}
		if !w.run(c, l) {
			t.Fatal("nothing was asked")
		}
		from = append(from, within(afterTime, l.windows()[0], time.Time{}))
		if round == 0 && !strings.Contains(w.gaps(), "read again") {
			t.Errorf("closed by a pass that did not know it: %q", w.gaps())
		}
		w.clock.move(5 * time.Minute)
	}
	if from[3].Sub(from[2]) < 4*time.Minute || strings.Contains(w.gaps(), "read again") {
		t.Errorf("asked from %v; gaps %q", from, w.gaps())
	}
}

// faultyStore cannot write for a while, as on a full disk.
type faultyStore struct {
	*store.Store
	full bool
}

func (f *faultyStore) err() error {
	if f.full {
		return fmt.Errorf("test: %w", &store.FaultError{Fault: "the disk is full", Err: errors.New("13")})
	}
	return nil
}

func (f *faultyStore) AppendRaw(ctx context.Context, lines []store.Raw) error {
	return errors.Join(f.err(), ifOK(f.err(), func() error { return f.Store.AppendRaw(ctx, lines) }))
}

func (f *faultyStore) OpenGap(ctx context.Context, from time.Time, cause string) error {
	return errors.Join(f.err(), ifOK(f.err(), func() error { return f.Store.OpenGap(ctx, from, cause) }))
}

func (f *faultyStore) SetCursor(ctx context.Context, name, value string) error {
	return errors.Join(f.err(), ifOK(f.err(), func() error { return f.Store.SetCursor(ctx, name, value) }))
}

func (f *faultyStore) Reconcile(ctx context.Context, c ci.Change, list []store.Comment) (store.Reconciled, error) {
	if err := f.err(); err != nil {
		return store.Reconciled{}, err
	}
	return f.Store.Reconcile(ctx, c, list)
}

func (f *faultyStore) Ingest(ctx context.Context, heard []store.Heard) error {
	return errors.Join(f.err(), ifOK(f.err(), func() error { return f.Store.Ingest(ctx, heard) }))
}

func ifOK(err error, f func() error) error {
	if err != nil {
		return nil
	}
	return f()
}

// TestSinkOwesItsGap: lines and a gap that a full disk refused are owed, from
// the first line on, and written before anything says that we listen again.
func TestSinkOwesItsGap(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	f := &faultyStore{Store: w.store}
	s := NewSink(SinkOptions{Store: f, Now: w.clock.now})
	ctx := t.Context()
	w.ok(s.Connected(ctx, "s1", w.clock.now()))
	f.full = true
	line := gerritstream.Line{Session: "s1", Seq: 1, Received: at(time.Minute), Body: []byte("{}")}
	if s.Lines(ctx, []gerritstream.Line{line}) == nil || s.Lost(ctx, "s1", at(5*time.Minute), at(5*time.Minute), "full") == nil {
		t.Fatal("no error")
	}
	if s.Connected(ctx, "s2", at(6*time.Minute)) == nil {
		t.Fatal("connected though the gap is not written")
	}
	w.clock.move(time.Hour)
	w.ok(s.Alive(ctx))
	f.full = false
	w.ok(s.Connected(ctx, "s3", w.clock.now()))
	if g := w.gaps(); g != "1m0s: stream lost: full" {
		t.Errorf("gaps: %s", g)
	}
}

// streamUnsaid cannot write how the stream stands, the first time.
type streamUnsaid struct {
	*store.Store
	failed bool
}

func (s *streamUnsaid) SetCursor(ctx context.Context, name, value string) error {
	if name == StreamCursor && !s.failed {
		s.failed = true
		return errors.New("the disk is full")
	}
	return s.Store.SetCursor(ctx, name, value)
}

// TestNoStreamOfAnEarlierRun: a start that could not write that it is not
// connected yet does so at the next chance, as the last run's word stands there.
func TestNoStreamOfAnEarlierRun(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ok(w.store.SetCursor(t.Context(), StreamCursor, StreamUp))
	s := NewSink(SinkOptions{Store: &streamUnsaid{Store: w.store}, Now: w.clock.now})
	if s.Begin(t.Context()) == nil {
		t.Fatal("no error")
	}
	w.ok(s.Begin(t.Context()))
	if up, _, err := w.store.Cursor(t.Context(), StreamCursor); up != "not connected since the start" || err != nil {
		t.Errorf("the stream is %q, %v", up, err)
	}
}

// TestNoLineIsToBlameForAFullDisk: nothing is set aside, nothing given up, and
// all goes in once there is room.
func TestNoLineIsToBlameForAFullDisk(t *testing.T) {
	t.Parallel()
	w, l, c := catching(t, queried(1, listed(noon(), "zuul", failure("listed"))))
	f := &faultyStore{Store: w.store, full: true}
	w.ingest.o.Store, c.list.o.Store = f, f
	w.receive(w.comment("zuul", failure("heard")))
	for range 2 * patience {
		if _, err := w.ingest.step(t.Context()); err == nil {
			t.Fatal("ingest: no error")
		}
		if _, err := c.step(t.Context()); err == nil {
			t.Fatal("catch-up: no error")
		}
	}
	f.full = false
	_, err := w.ingest.step(t.Context())
	w.ok(err)
	w.run(c, l)
	if got := w.builds(); !slices.Equal(got, []string{"heard", "listed"}) {
		t.Errorf("found %v", got)
	}
	if st, err := w.store.Status(t.Context()); err != nil || st.Dead+st.AsideRaw != 0 {
		t.Errorf("%+v %v", st, err)
	}
}
