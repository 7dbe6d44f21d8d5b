package irc

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/recheckbot/recheckbot/internal/fake/ircd"
)

// TestBannedFromTheServer: a person has to see to it, and we do not hammer.
func TestBannedFromTheServer(t *testing.T) {
	s := server(t, ircd.Options{})
	s.Ban("no bots please")
	p := hurried()
	p.slow = time.Second
	b := launch(t, options(s.Addr()), p)
	st := b.until("ban shown", func(st State) bool { return st.Blocked != "" })
	if !strings.Contains(st.Blocked, "no bots please") || len(st.Trouble) != 0 || st.Down.IsZero() {
		t.Errorf("state %+v", st)
	}
	time.Sleep(100 * time.Millisecond) // ten times the wait after other failures
	if n := len(sent(s, "NICK")); n != 1 {
		t.Errorf("%d attempts", n)
	}
	s.Ban("")
	if st := b.joined(); st.Blocked != "" || len(st.Trouble) != 0 || !st.Down.IsZero() || st.Addr != s.Addr() {
		t.Errorf("after the ban: %+v", st)
	}
}

func TestFarewell(t *testing.T) {
	for text, want := range map[string]error{
		"Closing Link: host (K-Lined)":                                  errBanned,
		"Closing link: (~rb@h) [Z-lined: spam]":                         errBanned,
		"Closing link: (~rb@h) [You are banned from this server]":       errBanned,
		"Your host is trying to (re)connect too fast -- throttled.":     errThrottled,
		"Connection refused, too many connections from your IP address": errThrottled,
		"Closing link: (rb@h) [Your IP range has been attempting to connect too many times in too short a duration. Wait a while, and you will be able to connect.]": errThrottled,
		"Closing Link: host (Ping timeout: 120 seconds)": nil,
		"Server going down": nil,
	} {
		if got := farewell(text); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}

// TestServersInOrder: the first that works; when that one breaks soon, the next.
func TestServersInOrder(t *testing.T) {
	dead, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	dead.Close()
	one, two := server(t, ircd.Options{}), server(t, ircd.Options{})
	o := options(dead.Addr().String())
	o.Servers = append(o.Servers, one.Addr(), two.Addr())
	b := launch(t, o, hurried())
	on := func(s *ircd.Server) {
		t.Helper()
		b.until("on "+s.Addr(), func(st State) bool { return st.Joined["#ci"] && st.Addr == s.Addr() })
	}
	on(one)
	one.Ban("away for maintenance")
	one.Cut()
	on(two)
	two.Cut() // short-lived: the next in the circle, not the same one at once
	one.Ban("")
	on(one)
	if n := len(sent(two, "NICK")); n != 1 {
		t.Errorf("the third server was tried %d times", n)
	}
}

// TestAfterAStableConnectionTheFirstServerComesFirst.
func TestAfterAStableConnectionTheFirstServerComesFirst(t *testing.T) {
	one, two := server(t, ircd.Options{}), server(t, ircd.Options{})
	o := options(one.Addr())
	o.Servers = append(o.Servers, two.Addr())
	p := hurried()
	p.stable = 0
	b := launch(t, o, p)
	for range 2 {
		since := b.joined().Since
		one.Cut()
		b.until("connected anew", func(st State) bool { return st.Since.After(since) })
	}
	if n := len(sent(two, "NICK")); n != 0 {
		t.Errorf("the second server was tried %d times", n)
	}
}

// TestFailuresOfSeveralServersAreLoggedOnceEach.
func TestFailuresOfSeveralServersAreLoggedOnceEach(t *testing.T) {
	s := server(t, ircd.Options{Password: "x"})
	other := server(t, ircd.Options{NickLen: 1})
	var log buffer
	o := options(s.Addr())
	o.Servers, o.Logger = append(o.Servers, other.Addr()), slog.New(slog.NewTextHandler(&log, nil))
	launch(t, o, hurried())
	eventually(t, func() string {
		if len(sent(s, "USER")) < 5 {
			return "too few attempts"
		}
		return ""
	})
	if n := strings.Count(log.String(), "connection failed"); n != 2 {
		t.Errorf("%d failures logged:\n%s", n, log.String())
	}
}

// TestForwardedChannelIsLeft: 470 and a JOIN of another channel. We are not
// where we were asked to be, and say so; where we did not want to be we leave.
func TestForwardedChannelIsLeft(t *testing.T) {
	s := server(t, ircd.Options{})
	s.Forward("#ci", "#ci-unregistered")
	b := launch(t, options(s.Addr()), hurried())
	st := b.until("forward shown", func(st State) bool { return st.Trouble["#ci"] != "" })
	if want := "470 forwarded to #ci-unregistered"; st.Trouble["#ci"] != want || st.Joined["#ci"] {
		t.Errorf("state %+v", st)
	}
	eventually(t, func() string {
		if got := sent(s, "PART"); !slices.Equal(got, []string{"PART #ci-unregistered"}) {
			return fmt.Sprintf("sent %q", got)
		}
		return ""
	})
	if err := b.Say(t.Context(), "#ci", "hello?"); !errors.Is(err, ErrNotJoined) {
		t.Errorf("Say = %v", err)
	}
}

// TestRefusalsAreTriedMoreAndMoreSeldom, until an invitation.
func TestRefusalsAreTriedMoreAndMoreSeldom(t *testing.T) {
	c := New(options("irc.example.net:6667"))
	l := newChannels(c)
	var waits []time.Duration
	for range 8 {
		waits = append(waits, l.afterRefusal(l.wanted[0]))
	}
	if waits[0] != c.pace.slow || waits[1] != 2*c.pace.slow || waits[7] > 2*time.Hour || waits[7] < 30*time.Minute || !slices.IsSorted(waits) {
		t.Errorf("waits %s", waits)
	}
	l.arrived(l.wanted[0])
	if got := l.afterRefusal(l.wanted[0]); got != c.pace.slow {
		t.Errorf("after a join: %s", got)
	}
}

// TestBanIsLoggedOnce: each try gets the same answer.
func TestBanIsLoggedOnce(t *testing.T) {
	s := server(t, ircd.Options{})
	s.Mode("#ci", "+b", "recheckbot!*@*")
	var log buffer
	o := options(s.Addr())
	o.Logger = slog.New(slog.NewTextHandler(&log, nil))
	p := hurried()
	p.slow = time.Millisecond
	b := launch(t, o, p)
	eventually(t, func() string {
		if len(sent(s, "JOIN #ci")) < 4 {
			return "too few attempts"
		}
		return ""
	})
	if n := strings.Count(log.String(), "not in channel"); n != 1 {
		t.Errorf("logged %d times:\n%s", n, log.String())
	}
	if got := b.State().Trouble; len(got) != 1 || !strings.HasPrefix(got["#ci"], "474 ") {
		t.Errorf("trouble %q", got)
	}
}

// TestNetsplit: operators who were split off are none until the server says so
// again; thousands who leave and come back hold nothing up; a channel that is
// not available for a moment is tried again.
func TestNetsplit(t *testing.T) {
	s := server(t, ircd.Options{})
	p := hurried()
	p.join = time.Millisecond
	b := launch(t, options(s.Addr()), p)
	b.joined()
	s.Raw("recheckbot", ":srv 353 recheckbot = #ci :@op recheckbot")
	ask := func(when string, want bool) {
		t.Helper()
		s.Raw("recheckbot", ":op!o@h PRIVMSG #ci :!mute")
		if cmd := b.command(); cmd.Operator != want {
			t.Errorf("%s: operator = %v", when, cmd.Operator)
		}
	}
	ask("before", true)
	const split = "QUIT :hub.example.net leaf.example.net"
	lines := []string{":op!o@h " + split}
	for i := range 1500 {
		lines = append(lines, fmt.Sprintf(":u%d!u@h %s", i, split))
	}
	s.Raw("recheckbot", lines...)
	ask("split off", false)
	s.Raw("recheckbot", ":op!o@h JOIN #ci")
	ask("back", false)
	s.Raw("recheckbot", ":hub.example.net MODE #ci +o op")
	ask("with the mode of before", true)
	if err := b.Say(t.Context(), "#ci", "all here"); err != nil {
		t.Error(err)
	}

	s.Kick("#ci", "recheckbot", "collision of channels")
	s.Raw("recheckbot", ":srv 437 recheckbot #ci :Nick/channel is temporarily unavailable")
	b.joined()
	if st := b.State(); st.Nick != "recheckbot" {
		t.Errorf("a 437 for a channel made us %s", st.Nick)
	}
}

// TestChannelNotAvailable: 437 for a channel is no refusal of the nick.
func TestChannelNotAvailable(t *testing.T) {
	s := server(t, ircd.Options{})
	s.Mode("#ci", "+i")
	p := hurried()
	b := launch(t, options(s.Addr()), p)
	b.until("refusal shown", func(st State) bool { return st.Trouble["#ci"] != "" })
	s.Raw("recheckbot", ":srv 437 recheckbot #ci :Nick/channel is temporarily unavailable")
	b.until("437 shown", func(st State) bool { return strings.HasPrefix(st.Trouble["#ci"], "437 ") })
}

// TestCollisionAfterNetsplit: killed, we come back under another name and get
// ours again.
func TestCollisionAfterNetsplit(t *testing.T) {
	s := server(t, ircd.Options{})
	p := hurried()
	p.regain = 10 * time.Millisecond
	b := launch(t, options(s.Addr()), p)
	since := b.joined().Since
	s.Reserve(true, "recheckbot")
	s.Raw("recheckbot", ":hub.example.net KILL recheckbot :hub.example.net (Nick collision)", "ERROR :Closing Link: h (Killed (hub.example.net (Nick collision)))")
	b.until("back", func(st State) bool { return st.Since.After(since) && st.Nick == "recheckbot_" && st.Joined["#ci"] })
	s.Reserve(false, "recheckbot")
	b.until("nick regained", func(st State) bool { return st.Nick == "recheckbot" })
}

// TestNoFightForTheNick: services that rename us are not answered at once.
func TestNoFightForTheNick(t *testing.T) {
	s := server(t, ircd.Options{})
	b := launch(t, options(s.Addr()), hurried())
	b.joined()
	s.Rename("recheckbot", "Guest1")
	b.until("renamed", func(st State) bool { return st.Nick == "Guest1" })
	if err := b.Say(t.Context(), "#ci", "as a guest"); err != nil {
		t.Error(err)
	}
	time.Sleep(50 * time.Millisecond)
	if n := len(sent(s, "NICK")); n != 1 {
		t.Errorf("%d NICKs sent", n)
	}
}

// TestDroppedAsFlood: what the server dropped was not said, and may be said again.
func TestDroppedAsFlood(t *testing.T) {
	s := server(t, ircd.Options{})
	reader := arrive(t, s.Addr(), "ann")
	b := launch(t, options(s.Addr()), hurried())
	b.joined()
	s.Drop(true)
	if err := b.Say(t.Context(), "#ci", "first"); !errors.Is(err, ErrThrottled) || !errors.Is(err, ErrNotConnected) {
		t.Errorf("Say = %v", err)
	}
	s.Drop(false)
	if err := b.Say(t.Context(), "#ci", "second"); err != nil {
		t.Error(err)
	}
	reader.expect("PRIVMSG #ci :second")
}

// TestLongTextIsSaidInLines: a text that fits no line is not lost.
func TestLongTextIsSaidInLines(t *testing.T) {
	s := server(t, ircd.Options{})
	reader := arrive(t, s.Addr(), "ann")
	b := launch(t, options(s.Addr()), hurried())
	b.joined()
	text := strings.Repeat("Größe ", 100)
	if err := b.Say(t.Context(), "#ci", text); err != nil {
		t.Fatal(err)
	}
	reader.sync()
	var got []string
	for _, line := range reader.lines() {
		if _, said, ok := strings.Cut(line, "PRIVMSG #ci :"); ok {
			got = append(got, said)
		}
	}
	if len(got) != 2 || bare(strings.Join(got, "")) != bare(text) {
		t.Errorf("came as %q", got)
	}
}
