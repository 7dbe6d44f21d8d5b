package handlers

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestOffset: the least difference of recent events, and nothing below 2 s.
func TestOffset(t *testing.T) {
	var o Offset
	if o.Value() != 0 {
		t.Error("the zero Offset knows something")
	}
	o.Observe(at(0), time.Time{})
	o.Observe(at(1900*time.Millisecond), noon())
	if o.Value() != 0 {
		t.Errorf("%s is noise", o.Value())
	}
	o = Offset{}
	o.Observe(at(70*time.Second), noon())
	o.Observe(at(61*time.Second), noon())
	o.Observe(at(300*time.Second), noon())
	if o.Value() != 61*time.Second {
		t.Errorf("got %s, want the least", o.Value())
	}
	if got := o.Own(noon()); !got.Equal(at(61 * time.Second)) {
		t.Errorf("Own: %s", got)
	}
	if got := o.Gerrits(o.Own(noon())); !got.Equal(noon()) {
		t.Errorf("Gerrits is not the reverse: %s", got)
	}
	for range offsetWindow {
		o.Observe(at(-time.Hour), noon())
	}
	if o.Value() != -time.Hour {
		t.Errorf("after Gerrit's clock was set: %s", o.Value())
	}
}

// TestOffsetWhenOurClockIsSet: the monotonic clock shows it, so that the next
// event is not taken for a day late, nor its deadlines for over.
func TestOffsetWhenOurClockIsSet(t *testing.T) {
	for _, step := range []time.Duration{24 * time.Hour, -24 * time.Hour} {
		wall, mono := noon(), time.Duration(0)
		o := Offset{ticks: func() (time.Time, time.Duration) { return wall, mono }}
		for range offsetWindow {
			o.Observe(wall, wall.Add(-5*time.Second))
		}
		wall, mono = wall.Add(step+time.Minute), mono+time.Minute
		if got := o.Value(); got != step+5*time.Second {
			t.Errorf("set by %s: %s", step, got)
		}
		wall, mono = wall.Add(time.Hour), mono+time.Hour
		if got := o.Value(); got != step+5*time.Second {
			t.Errorf("an hour later: %s", got)
		}
	}
}

// TestOffsetOutlivesARestart, and gives way to the first live event.
func TestOffsetOutlivesARestart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.clock.move(30 * time.Minute)
	w.hear(strings.ReplaceAll(w.comment("bob", "x"), fmt.Sprint(w.clock.now().Unix()), fmt.Sprint(noon().Unix())))
	w.ok(w.store.Close())
	*w.offset = Offset{}
	w.open()
	w.hear()
	if v := w.offset.Value(); v != 30*time.Minute {
		t.Errorf("after the restart: %s", v)
	}
	w.hear(w.comment("bob", "y"))
	if v := w.offset.Value(); v != 0 {
		t.Errorf("after an event: %s", v)
	}
}
