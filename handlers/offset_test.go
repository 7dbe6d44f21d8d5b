package handlers

import (
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
