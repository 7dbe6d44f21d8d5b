package handlers

import (
	"strings"
	"testing"
	"time"

	"github.com/recheckbot/recheckbot/internal/ci"
	"github.com/recheckbot/recheckbot/internal/cicomment"
	"github.com/recheckbot/recheckbot/internal/irc"
	"github.com/recheckbot/recheckbot/internal/store"
)

// TestTwoMachinesDoNotTalkForEver: hints end, answers do not.
func TestTwoMachinesDoNotTalkForEver(t *testing.T) {
	w := newAsked(t, nil)
	hints := 0
	for range 20 {
		hints += len(w.ask("I am sorry, I did not understand that"))
		w.now = w.now.Add(time.Second)
	}
	if hints != hintBurst {
		t.Errorf("%d hints, want %d", hints, hintBurst)
	}
	if got := w.ask("help"); len(got) != 1 {
		t.Errorf("a command is not answered any more: %q", got)
	}
	w.now = w.now.Add(hintEvery)
	if got := w.ask("xyzzy"); len(got) != 1 {
		t.Errorf("no hint %s later: %q", hintEvery, got)
	}
}

// TestRatesSayHowOldTheyAre: numbers of a deaf bot are not given as today's.
func TestRatesSayHowOldTheyAre(t *testing.T) {
	w := newAsked(t, nil)
	w.hear(100, "openstack/nova", "zuul", report(1, "FAILURE"))
	ends := func(when, want string) {
		t.Helper()
		if got := w.ask("rates nova-gate"); len(got) != 1 || !strings.HasSuffix(got[0], want) {
			t.Errorf("%s: %q, want it to end in %q", when, got, want)
		}
	}
	ends("before the first connection", "; STREAM NEVER CONNECTED")
	w.streamUp()
	ends("connected, an event just now", "(9.5–90.5%)")
	w.now = w.now.Add(freshWithin)
	ends("at the bound", "(9.5–90.5%)")
	w.now = w.now.Add(time.Minute)
	ends("over the bound", "; complete up to 31 min ago")
	for name, value := range map[string]string{
		store.CursorOffset: "-20m0s", cursorCatchup: w.now.Format(time.RFC3339), // by a Gerrit whose clock is ahead
	} {
		if err := w.store.SetCursor(t.Context(), name, value); err != nil {
			t.Fatal(err)
		}
	}
	w.now = w.now.Add(11 * time.Minute)
	ends("caught up by Gerrit's clock", "; complete up to 31 min ago")
	if err := w.store.SetCursor(t.Context(), StreamCursor, "lost: EOF"); err != nil {
		t.Fatal(err)
	}
	ends("lost", "; STREAM NOT CONNECTED since 2026-03-01 12:42 UTC: lost: EOF")
}

// TestRatesSayWhatTheyLeftOut: a report that was cut and not completed.
func TestRatesSayWhatTheyLeftOut(t *testing.T) {
	answer := RatesAnswer{Name: "x", Kind: "job", Windows: []RateWindow{
		{Window: "24 h", Failed: 1, Total: 2, ReportsLeftOut: 1}, {Window: "7 days", Failed: 1, Total: 2, ReportsLeftOut: 3},
	}}
	want := "x 24 h: 1/2 failed, 50.0% (9.5–90.5%) (1 incomplete report left out); 7 days: 1/2 failed, 50.0% (9.5–90.5%) (3 incomplete reports left out)"
	if got := answer.Lines(); len(got) != 1 || got[0] != want {
		t.Errorf("got %q", got)
	}
}

// TestAnswersAreTwoLinesAtMost: the rest is bounded in words, or ends in "…".
func TestAnswersAreTwoLinesAtMost(t *testing.T) {
	var many []string
	for range 80 {
		many = append(many, "a/project-with-a-name-gate")
	}
	for _, c := range []struct {
		answer Answer
		want   string
	}{
		{RatesAnswer{Name: "x", Candidates: many}, "+75 more; say which."},
		{QueueAnswer{Project: "x", Candidates: many}, "+75 more; say which."},
		{BugAnswer{Known: true, Fingerprints: many, Rechecks: 1, Bug: ci.BugRef{Tracker: ci.Launchpad, Ref: "1"}}, "+77 more: 0 builds in 24 h, 0 in 7 d on 0 changes, 1 recheck by people"},
		{UnrecognizedAnswer{Total: 1, Builds: []UnrecognizedBuild{{Job: "j", Project: "p", Change: "1,1"}}}, "1 unrecognized failure in 24 h; newest: j on p 1,1"},
		{Words{strings.Repeat("words ", 500)}, "…"},
		{Words{strings.Repeat("ü", 5000)}, "ü…"},
		{Words{"one", "two", "three"}, "…"},
	} {
		w := newAsked(t, nil)
		pieces := w.commands.pieces(irc.Command{Nick: "alice", Target: "#ci"}, c.answer.Lines())
		if len(pieces) > answerLines || !strings.HasSuffix(pieces[len(pieces)-1], c.want) {
			t.Errorf("%d lines: %q, want the end %q", len(pieces), pieces, c.want)
		}
		for _, p := range pieces {
			if len(p) > 400 {
				t.Errorf("%d bytes: %q", len(p), p)
			}
		}
	}
}

// TestBugOfPrivateChangesIsNotKnown: that it is in the queue would tell.
func TestBugOfPrivateChangesIsNotKnown(t *testing.T) {
	w := newAsked(t, nil)
	author, text := ci.Account{Username: "alice"}, "Patch Set 1:\n\nrecheck bug 777"
	err := w.store.Ingest(t.Context(), []store.Heard{{
		Via: store.ViaStream, Change: ci.Change{Number: 9, Project: "secret/plans", Branch: "master", Status: "NEW", Current: 1, Private: true},
		Comment: &store.Comment{
			Author: author, EventTime: w.now, Own: w.now, FirstSeen: w.now, Body: text, Patchset: 1,
			Parsed: cicomment.Defaults().Parse(cicomment.Input{Comment: text, Author: author}),
		},
	}})
	if err != nil {
		t.Fatal(err)
	}
	for ask, want := range map[string]string{
		"bug 777":           "bug 777: no fingerprint, and nobody named it in a recheck. https://bugs.example.org/777",
		"queue":             "No untracked bugs.",
		"queue plans":       `No project "plans" is known.`,
		"queue secret/plan": `No project "secret/plan" is known.`,
	} {
		if got := w.ask(ask); len(got) != 1 || got[0] != want {
			t.Errorf("!%s: %q, want %q", ask, got, want)
		}
	}
}
