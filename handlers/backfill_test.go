package handlers

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/recheckbot/recheckbot/gerritstream"
	"github.com/recheckbot/recheckbot/internal/ci"
	"github.com/recheckbot/recheckbot/internal/cicomment"
	"github.com/recheckbot/recheckbot/internal/store"
)

// history is a Gerrit with a change an hour, each with a report, a recheck and
// talk, over so many hours before noon.
func history(hours int) *list {
	l := &list{state: gerritstream.State{Connected: true}}
	for h := range hours {
		when := noon().Add(-time.Duration(hours-h) * time.Hour)
		l.changes = append(l.changes, queried(int64(1+h),
			listed(when, "zuul", failure(fmt.Sprintf("job%d", h))),
			listed(when.Add(time.Second), "alice", "recheck bug 42"), listed(when.Add(2*time.Second), "bob", "hello")))
	}
	return l
}

func (w *world) backfill(l Lister, o BackfillOptions) *Backfill {
	o.Gerrit, o.Store, o.Rules, o.Now = l, w.store, cicomment.Defaults(), w.clock.now
	if o.Since.IsZero() {
		o.Since = noon().Add(-30 * 24 * time.Hour)
	}
	return NewBackfill(o)
}

// sizes are comments, reports and builds, and how many namings a bug has.
func (w *world) sizes() string {
	w.t.Helper()
	n, err := w.store.Sizes(w.t.Context())
	w.ok(err)
	items, _, err := w.store.Queue(w.t.Context(), "", 10)
	w.ok(err)
	people := 0
	for _, i := range items {
		people += i.People
	}
	rates, err := w.store.Rates(w.t.Context(), store.RatesQuery{})
	w.ok(err)
	return fmt.Sprintf("%d comments, %d reports, %d builds, %d named, %d of %d failed", n.Comments, n.Reports, n.Builds, people, rates.Failed, rates.Failed+rates.Succeeded)
}

// TestBackfillCountsAndIsSilent: rates and queue know history by its own times;
// nothing is looked up, searched or said; texts are not kept; a second one, also
// after all texts have aged out, counts nothing twice.
func TestBackfillCountsAndIsSilent(t *testing.T) {
	t.Parallel()
	w, l := newWorld(t), history(48)
	const want = "144 comments, 48 reports, 49 builds, 48 named, 48 of 49 failed"
	for range 2 {
		p, err := w.backfill(l, BackfillOptions{Late: time.Minute}).Run(t.Context())
		w.ok(err)
		if got := w.sizes(); got != want || p.Changes != 48 {
			t.Errorf("%s; %+v", got, p)
		}
		w.ok(w.ageOut())
	}
	if n := len(w.builds()) + len(w.reports()); n != 0 {
		t.Errorf("%d wait", n)
	}
	bugs, err := w.store.DueRechecks(t.Context(), w.clock.now(), 10)
	w.ok(err)
	if len(bugs) != 0 {
		t.Errorf("to be announced: %+v", bugs)
	}
}

// ageOut is a retention that keeps nothing.
func (w *world) ageOut() error {
	for {
		n, err := w.store.AgeOut(w.t.Context(), store.Ages{Raw: w.clock.now(), Bodies: w.clock.now(), Excerpts: w.clock.now()}, 10)
		if err != nil || n == 0 {
			return err
		}
	}
}

// TestBackfillGoesOnWhereItWas when it was stopped at any question, and begins
// anew when more is wanted.
func TestBackfillGoesOnWhereItWas(t *testing.T) {
	t.Parallel()
	w, l := newWorld(t), history(48)
	since := noon().Add(-50 * time.Hour)
	b := w.backfill(l, BackfillOptions{Page: 10, Late: time.Minute, Since: since})
	stopped := 0
	for ; ; stopped++ {
		ctx, cancel := context.WithCancel(t.Context())
		asked := 0
		from, err := b.saved(ctx)
		w.ok(err)
		l.during = func() {
			if asked++; asked < 4 {
				return
			}
			for p, err := b.saved(t.Context()); err == nil && !p.Next.After(from.Next); p, err = b.saved(t.Context()) {
				time.Sleep(time.Millisecond) // what was read is on its way
			}
			cancel()
		}
		_, err = b.Run(ctx)
		cancel()
		if err == nil {
			break
		}
		if !errors.Is(err, context.Canceled) || stopped > 50 {
			t.Fatal(stopped, err)
		}
		w.clock.move(time.Minute)
		b = w.backfill(l, BackfillOptions{Page: 10, Late: time.Minute, Since: since.Add(time.Minute)})
	}
	l.during = nil
	if got := w.sizes(); stopped < 3 || !strings.HasPrefix(got, "144 comments, 48 reports, 49 builds, 48 named") {
		t.Errorf("stopped %d times: %s", stopped, got)
	}
	l.queries = nil
	p, err := w.backfill(l, BackfillOptions{Since: noon().Add(-90 * 24 * time.Hour)}).Run(t.Context())
	w.ok(err)
	if p.Changes != 48 || !p.Since.Equal(noon().Add(-90*24*time.Hour)) {
		t.Errorf("more history: %+v", p)
	}
}

// TestBackfillReadsHiddenTexts, asking for patch sets only where it must.
func TestBackfillReadsHiddenTexts(t *testing.T) {
	t.Parallel()
	w, l := newWorld(t), history(5)
	hidden := listed(noon().Add(-10*time.Hour), "alice", "(1 comment)")
	l.changes = append(l.changes, queried(77, hidden))
	hidden.PatchsetLevel = []string{"recheck bug 43"}
	l.messages = map[int64][]gerritstream.Comment{77: {hidden}}
	for range 2 {
		_, err := w.backfill(l, BackfillOptions{Anew: true, Where: "project:{p}"}).Run(t.Context())
		w.ok(err)
	}
	texts := 0
	for _, q := range l.queries {
		if q.PatchSets {
			texts++
		} else if !strings.HasSuffix(q.Text, " (project:{p})") {
			t.Errorf("asked %q", q.Text)
		}
	}
	if got := w.sizes(); texts != 1 || !strings.Contains(got, "6 named") {
		t.Errorf("%d questions for texts; %s", texts, got)
	}
}

// badTexts refuses whole lists of one change.
type badTexts struct{ *store.Store }

func (b badTexts) ReconcileAll(ctx context.Context, all []store.Listed) ([]store.Reconciled, error) {
	if len(all) == 1 && all[0].Change.Number == 77 && all[0].Comments[0].Whole {
		return nil, errors.New("it is bad")
	}
	return b.Store.ReconcileAll(ctx, all)
}

// TestBackfillGivesUpTheTextsOfOneChange: those of the next one are read.
func TestBackfillGivesUpTheTextsOfOneChange(t *testing.T) {
	t.Parallel()
	w, l := newWorld(t), history(0)
	hidden := listed(noon().Add(-10*time.Hour), "alice", "(1 comment)")
	l.changes = append(l.changes, queried(77, hidden), queried(78, hidden))
	hidden.PatchsetLevel = []string{"recheck bug 43"}
	l.messages = map[int64][]gerritstream.Comment{77: {hidden}, 78: {hidden}}
	b := w.backfill(l, BackfillOptions{})
	b.o.Store = badTexts{w.store}
	p, err := b.Run(t.Context())
	if w.ok(err); p.GivenUp != 1 || p.Changes != 2 || !strings.Contains(w.sizes(), "1 named") {
		t.Errorf("%+v; %s", p, w.sizes())
	}
}

// TestBackfillLeavesFreshOnesToTheBot: what it may still have to speak of is its own.
func TestBackfillLeavesFreshOnesToTheBot(t *testing.T) {
	t.Parallel()
	w, l, c := catching(t)
	w.clock.move(5 * time.Hour)
	l.changes = []gerritstream.QueriedChange{
		queried(1, listed(at(time.Hour), "zuul", failure("old")), listed(at(4*time.Hour), "zuul", failure("fresh"))),
	}
	_, err := w.backfill(l, BackfillOptions{}).Run(t.Context())
	w.ok(err)
	w.run(c, l)
	if got := w.builds(); len(got) != 1 || got[0] != "fresh" {
		t.Errorf("to be searched: %v", got)
	}
}

// badStore refuses one change.
type badStore struct{ *store.Store }

func (b badStore) ReconcileAll(ctx context.Context, all []store.Listed) ([]store.Reconciled, error) {
	for _, l := range all {
		if l.Change.Number == 3 {
			return nil, errors.New("it is bad")
		}
	}
	return b.Store.ReconcileAll(ctx, all)
}

// unreadable is a row that nobody can read.
type unreadable struct{}

func (unreadable) Change() (gerritstream.QueriedChange, error) { panic("boom") }

// TestBackfillGivesUpOneChangeAlone, and a full disk ends it without blame.
func TestBackfillGivesUpOneChangeAlone(t *testing.T) {
	t.Parallel()
	w, l := newWorld(t), history(6)
	b := w.backfill(rowsToo{l}, BackfillOptions{Late: time.Minute})
	b.o.Store = badStore{w.store}
	p, err := b.Run(t.Context())
	w.ok(err)
	if p.GivenUp != 3 || p.Changes != 5 {
		t.Errorf("%+v", p)
	}
	if _, n, err := w.store.DeadLetters(t.Context(), 10); err != nil || n != 3 {
		t.Errorf("%d dead letters, %v", n, err)
	}
	f := &faultyStore{Store: w.store, full: true}
	b = w.backfill(l, BackfillOptions{})
	b.o.Store = fullStore{f}
	if _, err := b.Run(t.Context()); !isFault(err) {
		t.Errorf("full: %v", err)
	}
}

type fullStore struct{ *faultyStore }

func (f fullStore) ReconcileAll(context.Context, []store.Listed) ([]store.Reconciled, error) {
	return nil, f.err()
}

// rowsToo brings two bad rows before the others.
type rowsToo struct{ *list }

func (r rowsToo) Each(ctx context.Context, q gerritstream.Query, f func(gerritstream.Row, error) error) (bool, error) {
	if len(r.queries) == 0 {
		err := errors.Join(f(unreadable{}, nil), f(nil, &gerritstream.TooLongError{Change: 99, Bytes: 1}))
		if err != nil {
			return false, err
		}
	}
	return r.list.Each(ctx, q, f)
}

// TestTenYearsOfHistory: a first start beside them says nothing and asks for
// nothing of them, though a backfill has read them.
func TestTenYearsOfHistory(t *testing.T) {
	t.Parallel()
	w, l, c := catching(t)
	for y := range 10 {
		when := noon().AddDate(-y, 0, -1)
		ten := queried(int64(1+y), listed(when, "zuul", failure(fmt.Sprint("job", y))), listed(when, "bob", "recheck bug 7"))
		ten.Updated = noon() // someone touches them all
		ten.Change = ci.Change{Number: ten.Number, Project: "p", Branch: "b", Status: "NEW", Updated: noon()}
		l.changes = append(l.changes, ten)
	}
	w.run(c, l)
	if got := w.sizes(); got != "0 comments, 0 reports, 0 builds, 0 named, 0 of 0 failed" {
		t.Errorf("without a backfill: %s", got)
	}
	_, err := w.backfill(l, BackfillOptions{Since: noon().AddDate(-11, 0, 0)}).Run(t.Context())
	w.ok(err)
	w.clock.move(time.Hour)
	w.run(c, l)
	if n := len(w.builds()) + len(w.reports()); n != 0 || len(w.announced(w.announcer())) != 0 {
		t.Errorf("%d wait", n)
	}
	if got := w.sizes(); !strings.HasPrefix(got, "20 comments, 10 reports, 11 builds, 10 named") {
		t.Errorf("%s", got)
	}
}
