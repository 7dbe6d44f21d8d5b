package handlers

import (
	"strings"
	"testing"
	"time"

	"github.com/recheckbot/recheckbot/internal/irc"
	"github.com/recheckbot/recheckbot/internal/store"
)

type fakeIRC struct{ s irc.State }

func (f *fakeIRC) State() irc.State { return f.s }

// TestIRCAlarms: one alarm for each thing that a person must see to, told once,
// and its end told once.
func TestIRCAlarms(t *testing.T) {
	w := newWorld(t)
	alarms := NewAlarms(AlarmsOptions{Store: w.store, Now: w.clock.now, Channels: []Channel{{Name: "#ops", Kinds: []string{KindAlarms}}}})
	st := &fakeIRC{irc.State{Connected: true, Joined: map[string]bool{"#ci": true}, Trouble: map[string]string{}}}
	watch := NewIRCWatch(IRCWatchOptions{IRC: st, Alarms: alarms, Now: w.clock.now})
	said := 0
	step := func(what string, want ...string) {
		t.Helper()
		for range 4 { // an alarm is over only when all was well for a minute
			if _, err := watch.step(t.Context()); err != nil {
				t.Fatal(err)
			}
			w.clock.move(30 * time.Second)
		}
		lines, err := w.store.DueOut(t.Context(), store.MediumIRC, w.clock.now(), 100)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, out := range lines[said:] {
			got = append(got, out.Body)
		}
		said = len(lines)
		if len(got) != len(want) {
			t.Fatalf("%s: said %q, want %q", what, got, want)
		}
		for i := range want {
			if !strings.HasPrefix(got[i], want[i]) {
				t.Errorf("%s: said %q, want %q", what, got[i], want[i])
			}
		}
	}
	step("all is well")
	st.s.Trouble["#ci"], st.s.Joined["#ci"] = "474 Cannot join channel (+b)", false
	step("banned from a channel", "ALARM: irc: #ci: 474 Cannot join channel (+b)")
	st.s.Trouble["NickServ"] = "invalid password"
	step("a second trouble", "ALARM: irc: NickServ: invalid password")
	st.s.Connected, st.s.Blocked, st.s.Down = false, "irc: banned from the server: no bots", w.clock.now()
	step("banned from the server", "ALARM: irc: banned from the server: no bots")
	st.s = irc.State{Connected: true, Joined: map[string]bool{"#ci": true}, Trouble: map[string]string{}}
	step("all lifted", "over after ", "over after ", "over after ")
	st.s.Connected, st.s.Down = false, w.clock.now()
	step("just lost")
	w.clock.move(5 * time.Minute)
	step("lost for long", "ALARM: irc: not connected since ")
}
