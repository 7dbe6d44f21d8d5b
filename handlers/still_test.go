package handlers

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/recheckbot/recheckbot/internal/ci"
	"github.com/recheckbot/recheckbot/internal/store"
)

// composed is a world with a review and a line about one report in the outbox.
func composed(t *testing.T) (*world, string) {
	t.Helper()
	w, o, id := recognized(t)
	o.Channels = []Channel{{Name: "#gate", Kinds: []string{KindRecognized}}}
	_, err := NewCompose(o).step(t.Context())
	w.ok(err)
	return w, reportCause(id)
}

// became is what became of a cause's rows, by medium.
func (w *world) became(cause string) map[string]string {
	w.t.Helper()
	out, err := w.store.Outbox(w.t.Context(), cause)
	w.ok(err)
	all := map[string]string{}
	for _, o := range out {
		all[o.Medium] = strings.TrimSpace(o.State + " " + o.Why)
	}
	return all
}

// both are the steps that deliver, with a Gerrit that tells how changes are.
func (w *world) both(a *told) (r *reviews, s *speaker, step func(context.Context) (bool, error)) {
	r, s = &reviews{clock: w.clock}, &speaker{}
	still := func() *Still {
		return NewStill(StillOptions{Store: w.store, Changes: a, Now: w.clock.now})
	}
	g, i := w.deliverer(r), w.talker(s)
	g.o.Still, i.o.Still = still(), still()
	return r, s, func(ctx context.Context) (bool, error) {
		_, err := g.step(ctx)
		if err == nil {
			_, err = i.step(ctx)
		}
		return false, err
	}
}

// TestStill: what was composed in time and goes out late is looked at again, by
// the rules by which it was composed.
func TestStill(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		is   ci.Change
		want string
	}{
		"as it was": {ci.Change{Current: 2, Status: "NEW"}, ""},
		"private":   {ci.Change{Current: 2, Status: "NEW", Private: true}, "private change"},
		"newer":     {ci.Change{Current: 3, Status: "NEW"}, "stale: patchset 3 is newer"},
		"merged":    {ci.Change{Current: 2, Status: "MERGED"}, "stale: merged"},
		"abandoned": {ci.Change{Current: 2, Status: "ABANDONED"}, "stale: abandoned"},
	} {
		w, cause := composed(t)
		w.clock.move(time.Hour)
		r, s, step := w.both(&told{Change: c.is})
		w.play(20*time.Second, step)
		got := w.became(cause)
		if c.want == "" {
			if len(r.posted) != 1 || len(s.said) != 1 || got["irc"] != "proven" || got["gerrit"] != "proven" {
				t.Errorf("%s: %d reviews, %d lines, %v", name, len(r.posted), len(s.said), got)
			}
			continue
		}
		want := "withheld since it was written: " + c.want
		if len(r.posted) != 0 || len(s.said) != 0 || got["irc"] != want || got["gerrit"] != want {
			t.Errorf("%s: %d reviews, %d lines, %v", name, len(r.posted), len(s.said), got)
		}
	}
}

// TestStillRechecked: somebody asked for the tests again meanwhile.
func TestStillRechecked(t *testing.T) {
	t.Parallel()
	w, cause := composed(t)
	w.clock.move(time.Minute)
	w.hear(w.comment("alice", "recheck flaky"))
	r, s, step := w.both(&told{Change: ci.Change{Current: 2, Status: "NEW"}})
	w.play(20*time.Second, step)
	if got := w.became(cause); len(r.posted)+len(s.said) != 0 || !strings.Contains(got["gerrit"], "rechecked since") {
		t.Errorf("%d reviews, %d lines, %v", len(r.posted), len(s.said), got)
	}
}

// TestStillNotKnown: while Gerrit cannot be asked nothing is said, however
// often; that is no failure of the message's own. Gerrit is left alone meanwhile.
func TestStillNotKnown(t *testing.T) {
	t.Parallel()
	w, cause := composed(t)
	a := &told{err: errors.New("broken pipe")}
	r, s, step := w.both(a)
	w.play(time.Hour, step)
	got := w.became(cause)
	for _, medium := range []string{"gerrit", "irc"} {
		if !strings.HasPrefix(got[medium], "ready how the change is now is not known") {
			t.Errorf("after an hour: %v", got)
		}
	}
	if len(r.posted)+len(s.said) != 0 {
		t.Errorf("%d reviews, %d lines of a change of which nothing is known", len(r.posted), len(s.said))
	}
	*a = told{Change: ci.Change{Current: 2, Status: "NEW"}}
	w.clock.move(time.Minute)
	w.play(2*time.Minute, step)
	if got := w.became(cause); got["gerrit"] != "proven" || got["irc"] != "proven" || len(r.posted) != 1 || len(s.said) != 1 {
		t.Errorf("when Gerrit is there again: %v", got)
	}
}

// TestStillAsksSeldom: of a Gerrit that hangs not every message finds out, for
// answers wait behind them.
func TestStillAsksSeldom(t *testing.T) {
	t.Parallel()
	w, cause := composed(t)
	a := &hanging{}
	still := NewStill(StillOptions{Store: w.store, Changes: a, Within: time.Millisecond, Now: w.clock.now})
	for range 5 {
		_, err := still.why(t.Context(), store.Out{Outgoing: store.Outgoing{Cause: cause}})
		if _, unknown := errors.AsType[*unaskedError](err); !unknown {
			t.Errorf("got %v", err)
		}
	}
	if a.asked != 1 {
		t.Errorf("asked %d times", a.asked)
	}
	if why, err := still.why(t.Context(), store.Out{Outgoing: store.Outgoing{Cause: "ask:x"}}); why != "" || err != nil {
		t.Errorf("an answer: %q, %v", why, err)
	}
}

// hanging is a Gerrit that takes questions and answers none.
type hanging struct{ asked int }

func (h *hanging) Current(ctx context.Context, _ int64) (ci.Change, error) {
	h.asked++
	<-ctx.Done()
	return ci.Change{}, ctx.Err()
}

// TestStillUntracked: an untracked bug is announced only while somebody names it
// on a change that is not private, and no fingerprint does.
func TestStillUntracked(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		is      ci.Change
		tracked bool
		want    string
	}{
		"as it was": {ci.Change{Current: 2, Status: "MERGED"}, false, "proven"},
		"private":   {ci.Change{Current: 2, Private: true}, false, "withheld since it was written: named on private changes only"},
		"tracked":   {ci.Change{Current: 2}, true, "withheld since it was written: a fingerprint names the bug"},
	} {
		w := newWorld(t)
		w.recheck(1, "1234567")
		out := w.announced(w.announcer())
		if len(out) != 1 {
			t.Fatalf("%d lines", len(out))
		}
		if c.tracked {
			w.sets(&engine{})
		}
		_, s, step := w.both(&told{Change: c.is})
		w.play(5*time.Second, step)
		if got := w.became(out[0].Cause); got["irc"] != c.want || (len(s.said) == 1) != (c.want == "proven") {
			t.Errorf("%s: %d lines, %v", name, len(s.said), got)
		}
	}
}
