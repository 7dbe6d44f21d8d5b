package handlers

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/recheckbot/recheckbot/internal/ci"
	"github.com/recheckbot/recheckbot/internal/cicomment"
	"github.com/recheckbot/recheckbot/internal/store"
)

// announcer is an Announce over the world's store, with a channel that wants
// untracked bugs of openstack.
func (w *world) announcer() *Announce {
	return NewAnnounce(AnnounceOptions{
		Store: w.store, BugURL: bugURL, Now: w.clock.now,
		Channels: []Channel{
			{Name: "#bugs", Kinds: []string{KindUntrackedBug}, Projects: Globs{"openstack/*"}},
			{Name: "#gate", Kinds: []string{KindRecognized, KindUnrecognized, KindAlarms}},
		},
	})
}

// announced are the lines of the outbox that nobody said yet.
func (w *world) announced(a *Announce) []store.Out {
	w.t.Helper()
	_, err := a.step(w.t.Context())
	w.ok(err)
	out, err := w.store.DueOut(w.t.Context(), store.MediumIRC, w.clock.now(), 100)
	w.ok(err)
	return out
}

// recheck hears n rechecks of one bug by people, one a second.
func (w *world) recheck(n int, bug string) {
	for i := range n {
		w.hear(w.comment(fmt.Sprintf("p%d", i), "recheck bug "+bug))
		w.clock.move(time.Second)
	}
}

// TestAnnounceSteps: at 1, 5, 20 rechecks by people, once each; not by bots.
func TestAnnounceSteps(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.announcer()
	said := 0
	for people := 1; people <= 21; people++ {
		w.recheck(1, "42")
		w.hear(w.comment("recheckbot", "recheck bug 42"))
		said = len(w.announced(a))
		want := map[bool]int{true: 1}[people >= 1] + map[bool]int{true: 1}[people >= 5] + map[bool]int{true: 1}[people >= 20]
		if said != want {
			t.Fatalf("%d lines after %d people, want %d", said, people, want)
		}
	}
	last := w.announced(a)[2]
	if last.Target != "#bugs" || !strings.HasSuffix(last.Cause, ":step20") || !strings.HasPrefix(last.Cause, "bug:") {
		t.Errorf("got %+v", last)
	}
	want := "untracked bug 42: named in 20 rechecks, no fingerprint yet; last in openstack/nova https://bugs.launchpad.net/bugs/42"
	if last.Body != want {
		t.Errorf("got %q", last.Body)
	}
}

// TestAnnounceBurst: several steps at once give one line, the highest.
func TestAnnounceBurst(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.recheck(7, "42")
	out := w.announced(w.announcer())
	if len(out) != 1 || !strings.HasSuffix(out[0].Cause, ":step5") {
		t.Errorf("got %+v", out)
	}
}

// TestAnnounceWaitsForTheEndOfABurst: while others name the bug nothing is
// said, unless they never end; a clock that was set back is not waited for.
func TestAnnounceWaitsForTheEndOfABurst(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.announcer()
	a.o.Quiet = 3 * time.Second
	for n := range 7 {
		if w.recheck(1, "42"); len(w.announced(a)) != 0 {
			t.Fatalf("said after %d", n+1)
		}
	}
	w.clock.move(3 * time.Second)
	if out := w.announced(a); len(out) != 1 || !strings.HasSuffix(out[0].Cause, ":step5") {
		t.Errorf("after the burst: %+v", out)
	}
	said := 0
	for n := 1; said < 2; n++ {
		w.recheck(1, "42")
		if said = len(w.announced(a)); n > 31 {
			t.Fatal("a burst without an end is never announced")
		}
	}
	early := store.RecheckedBug{Heard: w.clock.now().Add(time.Hour)}
	if at := a.quietAt(early, w.clock.now()); at.After(w.clock.now()) {
		t.Errorf("waits until %v for a clock that was set", at)
	}
}

// TestAnnounceBurstFoundLate: comments of a while ago that are found one by one
// are a burst too.
func TestAnnounceBurstFoundLate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.announcer()
	w.recheck(1, "41")
	w.announced(a)
	a.o.Quiet = 3 * time.Second
	for n := range 7 {
		w.hear(w.event("comment-added", map[string]any{
			"author": map[string]any{"username": fmt.Sprintf("p%d", n)}, "comment": "Patch Set 2:\n\nrecheck bug 42",
			"eventCreatedOn": w.clock.now().Add(-10 * time.Minute).Unix(),
		}))
		if w.clock.move(2 * time.Second); len(w.announced(a)) != 1 {
			t.Fatalf("said after %d", n+1)
		}
	}
	w.clock.move(time.Second)
	if out := w.announced(a); len(out) != 2 || !strings.HasSuffix(out[1].Cause, ":step5") {
		t.Errorf("after the burst: %+v", out)
	}
}

// TestAnnounceWaitsForACatchup: while one goes on nobody knows how many name a
// bug; but not for ever.
func TestAnnounceWaitsForACatchup(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.announcer()
	busy := true
	a.o.Busy = func() bool { return busy }
	w.recheck(5, "42")
	if out := w.announced(a); len(out) != 0 {
		t.Errorf("said while more may be found: %+v", out)
	}
	busy = false
	w.clock.move(busyAgain)
	if out := w.announced(a); len(out) != 1 || !strings.HasSuffix(out[0].Cause, ":step5") {
		t.Errorf("after the catch-up: %+v", out)
	}
	busy = true
	w.recheck(1, "43")
	if out := w.announced(a); len(out) != 1 {
		t.Errorf("said while more may be found: %+v", out)
	}
	w.clock.move(busyAtMost)
	if out := w.announced(a); len(out) != 2 {
		t.Errorf("a catch-up without an end: %+v", out)
	}
}

// TestAnnounceFresh: an old crossing is passed, and is no news later either.
func TestAnnounceFresh(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.announcer()
	w.recheck(5, "42")
	w.clock.move(2 * time.Hour)
	if out := w.announced(a); len(out) != 0 {
		t.Errorf("announced after two hours: %+v", out)
	}
	w.recheck(1, "42")
	if out := w.announced(a); len(out) != 0 {
		t.Errorf("the sixth announces the fifth: %+v", out)
	}
	w.recheck(14, "42")
	if out := w.announced(a); len(out) != 1 {
		t.Errorf("the twentieth is not announced: %+v", out)
	}
}

// TestAnnounceNot: bugs that a fingerprint names, private changes, projects
// that no channel wants.
func TestAnnounceNot(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.sets(&engine{})
	w.recheck(1, "1234567")
	w.hear(w.event("comment-added", map[string]any{
		"author": map[string]any{"username": "p"}, "comment": "Patch Set 2:\n\nrecheck bug 43", "change": with(with(change(), "number", 9), "private", true),
	}))
	w.hear(w.event("comment-added", map[string]any{
		"author": map[string]any{"username": "p"}, "comment": "Patch Set 2:\n\nrecheck bug 44", "change": with(with(change(), "number", 8), "project", "starlingx/x"),
	}))
	if out := w.announced(w.announcer()); len(out) != 0 {
		t.Errorf("got %+v", out)
	}
}

// TestAnnounceTitle: the title when it is known and not private; one line that
// fits, whatever the title is.
func TestAnnounceTitle(t *testing.T) {
	t.Parallel()
	a := (&world{t: t, clock: &hand{t: noon()}}).announcer()
	b := store.RecheckedBug{Bug: ci.BugRef{Tracker: "launchpad", Ref: "42"}, People: 1, Project: "openstack/nova"}
	view := store.BugView{BugRef: b.Bug, Title: "A \x02title\r\nQUIT"}
	if line := a.line(b, view); !strings.Contains(line, `untracked bug 42 "A title QUIT": named in 1 recheck, no fingerprint yet`) {
		t.Errorf("got %q", line)
	}
	view.Private = true
	if line := a.line(b, view); strings.Contains(line, "title") {
		t.Errorf("a private title: %q", line)
	}
	view.Private, view.Title = false, strings.Repeat("ü", 500)
	b.Project, b.Bug.Ref = strings.Repeat("p", 500), strings.Repeat("1", 100)
	if line := a.line(b, view); len(line) > maxIRC || !strings.HasSuffix(line, bugURL(b.Bug)) {
		t.Errorf("%d bytes: %q", len(line), line)
	}
}

// TestAnnounceMixedBurst: rechecks found late stand where their own times put
// them, so only a step that a fresh one crossed is news.
func TestAnnounceMixedBurst(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		old, fresh int
		step       string
	}{
		"an old one crossed": {5, 1, ""}, "a fresh one crossed": {4, 1, ":step5"}, "both": {6, 20, ":step20"},
		"the old one was found last": {1, 4, ":step5"},
	} {
		w := newWorld(t)
		w.clock.move(10 * time.Hour)
		w.recheck(c.fresh, "42")
		var late []store.Comment
		for i := range c.old {
			own := at(time.Duration(i) * time.Minute)
			late = append(late, store.Comment{Author: ci.Account{Username: fmt.Sprint("o", i)}, GerritTime: own, Own: own, Patchset: 2,
				Body: "recheck bug 42", Parsed: cicomment.Parsed{Kind: cicomment.KindRecheck, Recheck: &cicomment.Recheck{Kind: cicomment.RecheckBug, Bugs: []int64{42}}}})
		}
		_, err := w.store.Reconcile(t.Context(), ci.Change{Number: 5, Project: "openstack/nova", Branch: "master"}, late)
		w.ok(err)
		out := w.announced(w.announcer())
		if c.step == "" && len(out) != 0 || c.step != "" && (len(out) != 1 || !strings.HasSuffix(out[0].Cause, c.step)) {
			t.Errorf("%s: %+v", name, out)
		}
	}
}

// TestAnnounceAStorm: five hundred rechecks at once are one line a bug.
func TestAnnounceAStorm(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var lines []string
	for i := range 500 {
		lines = append(lines, w.comment(fmt.Sprintf("p%d", i), fmt.Sprintf("recheck bug %d", 40+i%2)))
	}
	w.hear(lines...)
	out := w.announced(w.announcer())
	if len(out) != 2 || !strings.HasSuffix(out[0].Cause, ":step100") && !strings.HasSuffix(out[0].Cause, ":step20") {
		t.Errorf("%d lines: %+v", len(out), out)
	}
	if again := w.announced(w.announcer()); len(again) != 2 {
		t.Errorf("%d lines after another look", len(again))
	}
}

// register is a Gerrit that tells who is a program.
type register struct {
	store    *store.Store
	programs []string
	err      error
}

func (r *register) Account(ctx context.Context, name string) (ci.Account, bool, error) {
	a, service := ci.Account{Username: name}, slices.Contains(r.programs, name)
	if r.err != nil {
		return a, false, r.err
	}
	return a, service, r.store.RememberAccount(ctx, a, service)
}

// TestAnnounceForPeople: a bug that only programs name, which the configuration
// does not know, is announced to nobody; where Gerrit does not tell it is.
func TestAnnounceForPeople(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		programs []string
		err      error
		want     int
	}{
		"people":   {nil, nil, 1},
		"programs": {[]string{"p0"}, nil, 0},
		"no word":  {[]string{"p0"}, errors.New("503"), 1},
	} {
		w := newWorld(t)
		a := w.announcer()
		a.o.Accounts = &register{w.store, c.programs, c.err}
		w.recheck(1, "42")
		for range 2 {
			_, err := a.step(t.Context())
			w.ok(err)
		}
		if out := w.announced(a); len(out) != c.want {
			t.Errorf("%s: %d lines", name, len(out))
		}
	}
}
