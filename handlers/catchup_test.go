package handlers

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/recheckbot/recheckbot/gerritstream"
	"github.com/recheckbot/recheckbot/internal/ci"
	"github.com/recheckbot/recheckbot/internal/cicomment"
)

// list is a Gerrit that answers queries from memory.
type list struct {
	changes  []gerritstream.QueriedChange
	messages map[int64][]gerritstream.Comment // with their texts
	failing  map[int64]error
	queryErr error
	state    gerritstream.State
	queries  []gerritstream.Query
	asked    []int64
	during   func() // called by each query
}

// read is a row that is read already.
type read struct{ gerritstream.QueriedChange }

func (r read) Change() (gerritstream.QueriedChange, error) { return r.QueriedChange, nil }

var (
	afterTime  = regexp.MustCompile(`after:\{([^}]*)\}`)
	beforeTime = regexp.MustCompile(`before:\{([^}]*)\}`)
)

// within is the bound that a query's text has.
func within(t *regexp.Regexp, text string, otherwise time.Time) time.Time {
	m := t.FindStringSubmatch(text)
	if m == nil {
		return otherwise
	}
	at, err := time.Parse("2006-01-02 15:04:05 -0700", m[1])
	if err != nil {
		panic(err)
	}
	return at
}

func (l *list) Each(_ context.Context, q gerritstream.Query, f func(gerritstream.Row, error) error) (bool, error) {
	l.queries = append(l.queries, q)
	if l.during != nil {
		l.during()
	}
	from, to := within(afterTime, q.Text, time.Time{}), within(beforeTime, q.Text, at(1000*time.Hour))
	var found []gerritstream.QueriedChange
	for _, c := range l.changes {
		if !c.Updated.Before(from) && c.Updated.Before(to) && (!strings.Contains(q.Text, "change:") ||
			strings.Contains(q.Text+" ", fmt.Sprintf("change:%d ", c.Number))) {
			found = append(found, c)
		}
	}
	slices.SortStableFunc(found, func(a, b gerritstream.QueriedChange) int { return b.Updated.Compare(a.Updated) })
	found = found[min(q.Start, len(found)):]
	for _, c := range found[:min(q.Limit, len(found))] {
		if q.PatchSets && l.messages[c.Number] != nil {
			c.Comments = l.messages[c.Number]
		}
		if err := f(read{c}, nil); err != nil {
			return false, err
		}
	}
	return len(found) > q.Limit, l.queryErr
}

func (l *list) Messages(_ context.Context, change int64) ([]gerritstream.Comment, error) {
	l.asked = append(l.asked, change)
	return l.messages[change], l.failing[change]
}

func (l *list) State() gerritstream.State { return l.state }

// windows are the texts of the queries by time.
func (l *list) windows() (out []string) {
	for _, q := range l.queries {
		if strings.HasPrefix(q.Text, "after:{") {
			out = append(out, q.Text)
		}
	}
	return out
}

// queried is a change with comments, as a query shows it.
func queried(number int64, comments ...gerritstream.Comment) gerritstream.QueriedChange {
	q := gerritstream.QueriedChange{Change: ci.Change{
		Number: number, Project: "openstack/nova", Branch: "master", Status: "NEW", Current: 2,
	}, Comments: comments}
	for _, c := range comments {
		q.Updated = later(q.Updated, c.Time)
	}
	return q
}

// listed is a comment in Gerrit's list.
func listed(when time.Time, author, text string) gerritstream.Comment {
	return gerritstream.Comment{Time: when, Author: ci.Account{Username: author}, Message: "Patch Set 2:\n\n" + text, Patchset: 2}
}

// catching is a world with a Catchup on a connected Gerrit.
func catching(t *testing.T, changes ...gerritstream.QueriedChange) (*world, *list, *Catchup) {
	w := newWorld(t)
	l := &list{changes: changes, state: gerritstream.State{Connected: true, Session: "s1", Since: noon()}}
	return w, l, NewCatchup(CatchupOptions{
		Gerrit: l, Store: w.store, Rules: cicomment.Defaults(), Offset: w.offset, Page: 2, Pace: time.Nanosecond, Now: w.clock.now,
	})
}

// run runs one round and says whether it asked Gerrit.
func (w *world) run(c *Catchup, l *list) bool {
	w.t.Helper()
	before := len(l.queries)
	_, err := c.step(w.t.Context())
	w.ok(err)
	return len(l.queries) > before
}

// TestCatchupWhen: at the start, for each gap, once more after it, every hour;
// not in between, and for a gap only while the stream is there.
func TestCatchupWhen(t *testing.T) {
	t.Parallel()
	w, l, c := catching(t)
	l.state.Connected = false
	if w.run(c, l) {
		t.Error("before the first connection")
	}
	l.state.Connected = true
	for _, step := range []struct {
		name string
		move time.Duration
		gap  bool
		want bool
	}{
		{"start", 0, false, true},
		{"at once again", 0, false, false},
		{"before once more", 5 * time.Minute, false, false},
		{"once more, for the index", time.Minute, false, true},
		{"nothing new", 10 * time.Minute, false, false},
		{"gap", 0, true, true},
		{"gap closed", time.Minute, false, false},
		{"once more after the gap", 6 * time.Minute, false, true},
		{"within the hour", 59 * time.Minute, false, false},
		{"every hour", time.Minute, false, true},
	} {
		w.clock.move(step.move)
		if step.gap {
			w.ok(w.store.OpenGap(t.Context(), w.clock.now(), "x"))
		}
		if got := w.run(c, l); got != step.want {
			t.Errorf("%s: asked %t", step.name, got)
		}
	}
	l.state.Connected = false
	w.ok(w.store.OpenGap(t.Context(), w.clock.now(), "x"))
	if w.run(c, l) {
		t.Error("a gap that is still open")
	}
}

// TestCatchupSince: from the newest change of the last time, or the first gap,
// less the overlap, on Gerrit's clock; never from before the first start.
func TestCatchupSince(t *testing.T) {
	t.Parallel()
	w, l, c := catching(t)
	w.ok(w.offset.Load(t.Context(), w.store))
	busy := func(d time.Duration) { // someone writes something else
		w.clock.move(d)
		l.changes = []gerritstream.QueriedChange{queried(1, listed(w.offset.Gerrits(w.clock.now()), "bob", "hello"))}
	}
	for _, step := range []struct {
		name string
		do   func()
		want string
	}{
		{"first start, which has no overlap", func() { busy(0); l.queries = nil }, "2026-03-01 12:00:00"},
		{"newest of last time", func() { w.run(c, l); busy(3 * time.Hour) }, "2026-03-01 12:00:00"},
		{"newest of last time", func() { w.run(c, l); busy(3 * time.Hour) }, "2026-03-01 15:50:00"},
		{"gap", func() { w.run(c, l); w.ok(w.store.OpenGap(t.Context(), at(time.Hour), "x")) }, "2026-03-01 12:50:00"},
		{"clock an hour ahead of Gerrit's", func() {
			w.run(c, l)
			for range offsetWindow {
				w.offset.Observe(w.clock.now(), w.clock.now().Add(-time.Hour))
			}
			w.ok(w.store.OpenGap(t.Context(), at(5*time.Hour), "y"))
		}, "2026-03-01 15:50:00"}, // the gap's 17:00 is Gerrit's 16:00
		{"no further than 14 days", func() { w.run(c, l); busy(30 * 24 * time.Hour) }, "2026-03-17 22:00:00"},
	} {
		step.do()
		l.queries = nil
		if !w.run(c, l) {
			t.Fatalf("%s: nothing asked", step.name)
		}
		got := l.windows()[0]
		if !strings.HasPrefix(got, "after:{"+step.want+" +0000}") {
			t.Errorf("%s: %s, want %s", step.name, got, step.want)
		}
		for _, q := range l.queries {
			if strings.HasPrefix(q.Text, "after:{") && (!q.Comments || q.Start != 0) {
				t.Errorf("%s: %+v", step.name, q)
			}
		}
		w.clock.move(time.Hour)
	}
}

// TestCatchupFinds what the stream missed, with its own time; all pages; what
// is known already is not found again.
func TestCatchupFinds(t *testing.T) {
	t.Parallel()
	early := at(time.Minute)
	w, l, c := catching(t,
		queried(1, listed(early, "zuul", failure("one"))),
		queried(2, listed(noon().Add(-time.Hour), "zuul", failure("long ago"))),
		queried(3, listed(early, "alice", "recheck bug 42")),
		queried(12345, listed(early, "zuul", failure("heard"))),
	)
	w.clock.move(time.Minute)
	w.hear(w.comment("zuul", failure("heard")))
	w.clock.move(time.Hour)
	for range 2 {
		w.ok(w.store.OpenGap(t.Context(), at(time.Minute), "x"))
		w.run(c, l)
		w.clock.move(time.Minute)
	}
	due, err := w.store.DueBuilds(t.Context(), w.clock.now(), 10)
	w.ok(err)
	if len(due) != 2 || !due[0].Own.Equal(early) || !due[1].Own.Equal(early) {
		t.Errorf("builds: %+v", due)
	}
	bugs, err := w.store.DueRechecks(t.Context(), w.clock.now(), 10)
	w.ok(err)
	if len(bugs) != 1 || bugs[0].People != 1 || bugs[0].Bug.Ref != "42" {
		t.Errorf("rechecks: %+v", bugs)
	}
	if len(l.queries) > 100 || !slices.ContainsFunc(l.queries, func(q gerritstream.Query) bool { return q.Start > 0 }) {
		t.Errorf("%d queries; more changes of one second than fit an answer want pages", len(l.queries))
	}
}

// TestCatchupFirstStart begins now: what is older is never looked at.
func TestCatchupFirstStart(t *testing.T) {
	t.Parallel()
	w, l, c := catching(t, queried(1, listed(noon().Add(-5*time.Minute), "zuul", failure("one")), listed(at(0), "alice", "hello")))
	w.run(c, l)
	due, err := w.store.DueBuilds(t.Context(), w.clock.now(), 10)
	w.ok(err)
	if len(due) != 0 || len(w.reports()) != 0 {
		t.Errorf("%d builds, %d reports", len(due), len(w.reports()))
	}
}

// TestCatchupTexts: "(1 comment)" hides words; Gerrit is asked for them, once,
// and where the stream brought them not at all. A change whose texts were not
// asked for when the program was killed is asked for at the next start.
func TestCatchupTexts(t *testing.T) {
	t.Parallel()
	hidden := listed(noon(), "alice", "(1 comment)")
	w, l, c := catching(t, queried(1, hidden), queried(2, listed(noon(), "bob", "no (1 comment) here")), queried(12345, hidden))
	w.hear(w.comment("alice", "recheck bug 43"))
	hidden.PatchsetLevel, hidden.MessageID = []string{"recheck bug 42"}, "abc"
	l.messages, l.failing = map[int64][]gerritstream.Comment{1: {hidden}}, map[int64]error{1: context.Canceled}
	if _, err := c.step(t.Context()); err == nil {
		t.Error("no error")
	}
	l.failing, l.asked = nil, nil
	w.ok(w.store.Close())
	w.open()
	c.o.Store, c.list.o.Store = w.store, w.store
	w.run(c, l)
	w.clock.move(time.Hour)
	w.run(c, l)
	bugs, err := w.store.DueRechecks(t.Context(), w.clock.now(), 10)
	w.ok(err)
	if len(bugs) != 2 || !slices.Equal(l.asked, []int64{1}) {
		t.Errorf("%d bugs, asked for %v", len(bugs), l.asked)
	}
}

// TestCatchupUnsureTexts: a text that the reader of the list gave to a comment by
// order is another's when the stream brought that comment without it.
func TestCatchupUnsureTexts(t *testing.T) {
	t.Parallel()
	onLines, lost := listed(noon(), "alice", "(1 comment)"), listed(noon().Add(20*time.Second), "alice", "(1 comment)")
	w, l, c := catching(t, queried(12345, onLines, lost))
	w.hear(w.comment("alice", "(1 comment)"))
	onLines.Unsure, lost.Unsure, onLines.PatchsetLevel = true, true, []string{"recheck bug 42"}
	l.messages = map[int64][]gerritstream.Comment{12345: {onLines, lost}}
	w.clock.move(time.Minute)
	w.run(c, l)
	bugs, err := w.store.DueRechecks(t.Context(), w.clock.now(), 10)
	w.ok(err)
	if len(bugs) != 1 || bugs[0].Bug.Ref != "42" || bugs[0].People != 1 {
		t.Errorf("rechecks: %+v", bugs)
	}
}

// TestCatchupCloses gaps only when all went well, and only those from before.
func TestCatchupCloses(t *testing.T) {
	t.Parallel()
	w, l, c := catching(t)
	ctx := t.Context()
	w.ok(w.store.OpenGap(ctx, w.clock.now(), "x"))
	l.queryErr = errors.New("broken pipe")
	if _, err := c.step(ctx); err == nil {
		t.Error("no error")
	}
	if w.gaps() == "" {
		t.Error("closed without an answer")
	}
	l.queryErr = nil
	l.during = func() { l.state.Session = "s2" } // lost and connected again meanwhile
	w.run(c, l)
	if w.gaps() == "" {
		t.Error("closed though the stream was lost meanwhile")
	}
	l.during = func() {
		w.clock.move(time.Second)
		w.ok(w.store.OpenGap(ctx, w.clock.now(), "later"))
	}
	w.run(c, l)
	if g := w.gaps(); !strings.Contains(g, "later") || strings.Contains(g, "x") {
		t.Errorf("gaps: %s", g)
	}
}

// TestCatchupPatience: one change that always fails keeps the others from
// nothing, and is given up in the end; one that is gone is no failure.
func TestCatchupPatience(t *testing.T) {
	t.Parallel()
	texts := listed(noon(), "alice", "(1 comment)")
	w, l, c := catching(t, queried(1, texts), queried(2, texts), queried(3, listed(noon(), "zuul", failure("one"))))
	l.failing = map[int64]error{1: errors.New("internal server error"), 2: &gerritstream.NotFoundError{Change: 2}}
	for i := range patience {
		_, err := c.step(t.Context())
		if (err == nil) != (i == patience-1) {
			t.Errorf("try %d: %v", i+1, err)
		}
	}
	due, err := w.store.DueBuilds(t.Context(), w.clock.now(), 10)
	w.ok(err)
	if len(due) != 1 {
		t.Errorf("%d builds of the change that works", len(due))
	}
	if st, err := w.store.Status(t.Context()); err != nil || st.Dead != 1 {
		t.Errorf("what was given up is not counted: %+v, %v", st, err)
	}
}

// TestCatchupWhileGerritIsAway gives no change up.
func TestCatchupWhileGerritIsAway(t *testing.T) {
	t.Parallel()
	w, l, c := catching(t, queried(1, listed(noon(), "alice", "(1 comment)")))
	l.failing = map[int64]error{1: fmt.Errorf("gerrit: %w", gerritstream.ErrNotSent)}
	for range 2 * patience {
		if _, err := c.step(t.Context()); err == nil {
			t.Fatal("no error")
		}
	}
	if st, err := w.store.Status(t.Context()); err != nil || st.Dead != 0 {
		t.Errorf("%+v %v", st, err)
	}
}
