package handlers

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/recheckbot/recheckbot/internal/ci"
	"github.com/recheckbot/recheckbot/internal/cicomment"
	"github.com/recheckbot/recheckbot/internal/logsearch"
)

// told is a Gerrit that tells how changes are.
type told struct {
	ci.Change
	err error
}

func (a *told) Current(context.Context, int64) (ci.Change, error) { return a.Change, a.err }

// recognized is a world with a report on a failure that was recognized, and what
// composing it needs.
func recognized(t *testing.T) (*world, ComposeOptions, int64) {
	t.Helper()
	w := newWorld(t)
	sets := w.sets(&engine{answer: map[string]logsearch.Answer{"tempest": match(0)}})
	w.hear(w.comment("zuul", failure("tempest")))
	w.classify(NewClassify(ClassifyOptions{Store: w.store, Sets: sets, Now: w.clock.now}))
	wording, err := NewWording(WordingOptions{CIs: cicomment.Defaults().CIs})
	w.ok(err)
	return w, ComposeOptions{Store: w.store, Wording: wording, Mode: ModeLive, Sets: sets, Now: w.clock.now}, w.reports()[0]
}

// TestComposeAsksHowTheChangeIsNow before it says anything: what the stream did
// not tell may be that it is private. Without an answer it waits, not for ever.
func TestComposeAsksHowTheChangeIsNow(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		is    ci.Change
		err   error
		state string
		why   string
	}{
		"as known":  {ci.Change{Current: 2, Status: "NEW"}, nil, "said", ""},
		"private":   {ci.Change{Current: 2, Status: "NEW", Private: true}, nil, "silent", "private change"},
		"newer":     {ci.Change{Current: 3, Status: "NEW"}, nil, "silent", "stale: patchset 3 is newer"},
		"not known": {ci.Change{}, errors.New("broken pipe"), "open", "broken pipe"},
		"merged":    {ci.Change{Current: 2, Status: "MERGED"}, nil, "silent", "stale: merged"},
	} {
		w, o, id := recognized(t)
		o.Changes = &told{c.is, c.err}
		step := NewCompose(o)
		_, err := step.step(t.Context())
		w.ok(err)
		if v := w.report(id); v.State != c.state || !strings.Contains(v.Why, c.why) {
			t.Errorf("%s: %s, %q", name, v.State, v.Why)
		}
		if c.err == nil {
			continue
		}
		w.clock.move(3 * time.Hour)
		_, err = step.step(t.Context())
		w.ok(err)
		if v := w.report(id); v.State != "silent" || !strings.Contains(v.Why, "older than 2h") {
			t.Errorf("%s, for hours: %s, %q", name, v.State, v.Why)
		}
	}
}

// TestComposeAsksAgainSoon: a Gerrit that answers again is not kept waiting.
func TestComposeAsksAgainSoon(t *testing.T) {
	t.Parallel()
	w, o, id := recognized(t)
	a := &told{err: errors.New("broken pipe")}
	o.Changes = a
	step := NewCompose(o)
	_, err := step.step(t.Context())
	w.ok(err)
	*a = told{Change: ci.Change{Current: 2, Status: "NEW"}}
	w.clock.move(6 * time.Second)
	_, err = step.step(t.Context())
	w.ok(err)
	if v := w.report(id); v.State != "said" {
		t.Errorf("%s, %q", v.State, v.Why)
	}
}
