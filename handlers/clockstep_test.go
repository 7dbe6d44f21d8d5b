package handlers

import (
	"testing"
	"time"

	"github.com/recheckbot/recheckbot/internal/store"
)

// TestClockSetBack: what is due in a minute when the clock is set back by a day
// is due in a minute then, in this run or in the next; a clock that goes on, or
// is set forward, moves nothing.
func TestClockSetBack(t *testing.T) {
	t.Parallel()
	for _, restart := range []bool{false, true} {
		w := newWorld(t)
		var mono time.Duration
		pass := func(d time.Duration) { w.clock.move(d); mono += d }
		watch := func() *Clock {
			return NewClock(ClockOptions{Store: w.store, Now: w.clock.now, Mono: func() time.Duration { return mono }})
		}
		c := watch()
		step := func() { t.Helper(); _, err := c.step(t.Context()); w.ok(err) }
		step()
		w.say(line("report:1", "a"))
		row, err := w.store.Outbox(t.Context(), "report:1")
		w.ok(err)
		w.ok(w.store.RetryOut(t.Context(), row[0].ID, w.clock.now().Add(time.Minute), "later"))
		w.ok(w.store.SetCursor(t.Context(), cursorAlive, ""))
		pass(time.Second)
		step()
		w.clock.move(-24 * time.Hour)
		if restart {
			w.ok(w.store.Close())
			w.open()
			c = watch()
			w.ok(NewSink(SinkOptions{Store: w.store, Now: w.clock.now}).Begin(t.Context())) // which may be first
			gaps, err := w.store.Gaps(t.Context())
			if err != nil || len(gaps) != 1 || gaps[0].To.After(w.clock.now()) {
				t.Errorf("no catching-up can close a gap that is yet to come: %+v, %v", gaps, err)
			}
		}
		step()
		pass(30 * time.Second)
		step()
		if due := w.dueLines(); len(due) != 0 {
			t.Errorf("restart %t: due after half a minute", restart)
		}
		pass(31 * time.Second)
		step()
		if due := w.dueLines(); len(due) != 1 {
			t.Errorf("restart %t: not due after a minute", restart)
		}
		w.ok(w.store.RetryOut(t.Context(), row[0].ID, w.clock.now().Add(time.Minute), "later"))
		w.clock.move(20 * time.Second)
		step()
		if due := w.dueLines(); len(due) != 0 {
			t.Errorf("restart %t: a clock set forward makes it due", restart)
		}
	}
}

// dueLines are the lines that are due now.
func (w *world) dueLines() []store.Out {
	w.t.Helper()
	due, err := w.store.DueOut(w.t.Context(), store.MediumIRC, w.clock.now(), 9)
	w.ok(err)
	return due
}
