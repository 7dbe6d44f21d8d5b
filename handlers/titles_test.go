package handlers

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/recheckbot/recheckbot/internal/ci"
	"github.com/recheckbot/recheckbot/internal/tracker"
)

// bugs is a tracker that answers from memory.
type bugs struct {
	known map[string]tracker.Bug
	err   error
	asked int
}

func (b *bugs) Title(_ context.Context, ref ci.BugRef) (tracker.Bug, error) {
	b.asked++
	if b.err != nil {
		return tracker.Bug{}, b.err
	}
	return b.known[ref.Ref], nil
}

// TestTitles: of bugs that fingerprints and rechecks name, cached, retried
// with patience, not asked for where there is none.
func TestTitles(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.sets(&engine{})
	w.recheck(1, "42")
	b := &bugs{err: errors.New("launchpad is away"), known: map[string]tracker.Bug{
		"1234567": {Title: "Mirror refuses", Status: "New"}, "42": {Title: "secret", Private: true},
	}}
	titles := NewTitles(TitlesOptions{Store: w.store, Tracker: b, Now: w.clock.now})
	w.play(time.Hour, titles.step)
	if b.asked < 4 || b.asked > 40 {
		t.Errorf("asked %d times in an hour of outage", b.asked)
	}
	b.err, b.asked = nil, 0
	for range 8 {
		w.clock.move(time.Hour)
		_, err := titles.step(t.Context())
		w.ok(err)
	}
	info, err := w.store.Bug(t.Context(), ci.BugRef{Tracker: "launchpad", Ref: "1234567"})
	w.ok(err)
	if info.Title != "Mirror refuses" || b.asked != 2 {
		t.Errorf("title %q, asked %d times", info.Title, b.asked)
	}
	w.recheck(1, "43")
	b.asked, b.err = 0, &tracker.NotFoundError{Bug: ci.BugRef{Tracker: "launchpad", Ref: "43"}}
	w.play(time.Minute, titles.step)
	if b.asked != 1 {
		t.Errorf("asked %d times for a bug that is not there", b.asked)
	}
}
