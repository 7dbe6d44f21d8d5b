package irc

import (
	"bytes"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/recheckbot/recheckbot/internal/fake/ircd"
)

// TestHostileLines: each line, once, would end the connection, make girc panic
// with its lock held, or make it speak.
func TestHostileLines(t *testing.T) {
	s := server(t, ircd.Options{})
	var log buffer
	o := options(s.Addr())
	o.Logger = slog.New(slog.NewTextHandler(&log, nil))
	b := launch(t, o, hurried())
	since := b.joined().Since
	lines := []string{
		strings.Repeat("x", 3*maxLine), "", " ", ":", ": ", "@", "@ ", "@a", "@a ", ":x", ":x ", "\x00\x01\xff", "garbage in, nothing out", "::::", ": :", "@=;=; :", "é 1",
		"ACCOUNT x", "AWAY", "AWAY :gone", "CHGHOST a b", "@account=x PING :1", "@account=x AWAY",
		"353", "353 a", "353 a b", ":s 353 a = #ci", ":s 353 a = #ci :", ":s 353 a = #ci :@ ! @! ~&@%+", "352", ":s 352 a", ":s 354 a b",
		"AUTHENTICATE +", "AUTHENTICATE", "AUTHENTICATE zzz", "903", "904", ":s 904 a :no", "908", "902",
		"CAP", "CAP *", "CAP * LS", "CAP * ACK :sasl", "CAP * NAK :sasl", "CAP * LS :sasl sts=port=6697", "CAP * NEW :sasl", "CAP * DEL :multi-prefix",
		"001", ":s 001", "005", ":s 005 a", ":s 005 a LINELEN=512 PREFIX= PREFIX=(ov)@ CHANMODES=a HOSTLEN=-1 STATUSMSG=@ :are supported by this server",
		"433", ":s 433 * x :in use", "436", "437", "432", ":s 437 a #ci :unavailable",
		"JOIN", ":x!y@z JOIN", ":x!y@z JOIN :", "PART", ":x!y@z PART", "KICK", "KICK #ci", "KICK #ci x", "MODE", "MODE #ci", "MODE #ci +o", "MODE #ci +oooo a",
		"NICK", "NICK x", ":x!y@z NICK", ":x!y@z NICK :", "QUIT", "INVITE", "INVITE recheckbot", ":x!y@z INVITE recheckbot #elsewhere",
		"PRIVMSG", ":x!y@z PRIVMSG #ci", ":x!y@z PRIVMSG", "NOTICE", "NOTICE x", "PONG", "PONG x", "396", ":s 396 a", "474", ":s 474 a",
		":x!y@z PRIVMSG recheckbot :\x01VERSION\x01", "CLIENT_DISCONNECTED", "CLIENT_CONNECTED x", "* *", "TOPIC", "332", "TAGMSG x",
		"@a=" + strings.Repeat("b", 8000) + " PING :tagged",
	}
	s.Raw("recheckbot", lines...)
	if err := b.Say(t.Context(), "#ci", "unimpressed"); err != nil {
		t.Fatalf("%v\n%s", err, log.String())
	}
	if st := b.State(); st.Since != since || st.Nick != "recheckbot" {
		t.Errorf("state %+v", st)
	}
	if strings.Contains(log.String(), "panic") || !strings.Contains(log.String(), "line is too long") {
		t.Errorf("log: %s", log.String())
	}
	for _, line := range s.Lines() {
		for _, word := range []string{"NOTICE", "AUTHENTICATE", "WHO", "NICK recheckbot_"} {
			if line.Nick == "recheckbot" && strings.HasPrefix(line.Text, word) {
				t.Errorf("the server made us say %q", line.Text)
			}
		}
	}
}

// buffer is a log that may be read while it is written.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

func TestReconnectsAfterCut(t *testing.T) {
	s := server(t, ircd.Options{})
	b := launch(t, options(s.Addr()), hurried())
	for range 3 {
		since := b.joined().Since
		s.Cut()
		b.until("connected anew", func(st State) bool { return st.Connected && st.Since.After(since) })
	}
	b.joined()
	if err := b.Say(t.Context(), "#ci", "back"); err != nil {
		t.Error(err)
	}
}

// TestRepeatedFailureIsLoggedOnce: our own port must not make it look new.
func TestRepeatedFailureIsLoggedOnce(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	var taken atomic.Int32
	go func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			taken.Add(1)
			conn.(*net.TCPConn).SetLinger(0) // a reset
			conn.Close()
		}
	}()
	var log buffer
	o := options(ln.Addr().String())
	o.Logger = slog.New(slog.NewTextHandler(&log, nil))
	launch(t, o, hurried())
	eventually(t, func() string {
		if taken.Load() < 30 {
			return "too few attempts"
		}
		return ""
	})
	// The reset shows as "read" or "write", EOF or reset, whichever comes first.
	if n := strings.Count(log.String(), "connection failed"); n > 25 {
		t.Errorf("%d of 30 attempts were logged:\n%s", n, log.String())
	}
	if strings.Contains(log.String(), "->") {
		t.Errorf("the log names our port:\n%s", log.String())
	}
}

func TestDeclaresItselfABot(t *testing.T) {
	s := server(t, ircd.Options{})
	p := arrive(t, s.Addr(), "ann")
	launch(t, options(s.Addr()), hurried()).joined()
	p.say("WHOIS recheckbot")
	p.expect(" 335 ann recheckbot :is a bot")
}

// TestBlackHoleIsNoticed: the peer takes everything and says nothing.
func TestBlackHoleIsNoticed(t *testing.T) {
	s := server(t, ircd.Options{})
	p := hurried()
	p.ping, p.pong, p.register = 20*time.Millisecond, time.Second, 200*time.Millisecond
	b := launch(t, options(s.Addr()), p)
	b.joined()
	b.until("latency measured", func(st State) bool { return st.PingLatency > 0 })
	s.Silence(true)
	b.until("silence noticed", func(st State) bool { return !st.Connected && strings.Contains(st.LastError, "silent") })
	s.Silence(false)
	b.joined()
}

func TestDefaultPaceNoticesABlackHoleInTwoMinutes(t *testing.T) {
	p := defaultPace()
	for name, d := range map[string]time.Duration{
		"idle": p.ping + p.pong + p.write, "with a line in flight": p.confirm + p.write, "while registering": p.register + p.dial,
	} {
		if d > 2*time.Minute {
			t.Errorf("%s: %s", name, d)
		}
	}
}

func TestSilentWhileRegistering(t *testing.T) {
	s := server(t, ircd.Options{})
	s.Silence(true)
	p := hurried()
	p.register = 50 * time.Millisecond
	b := launch(t, options(s.Addr()), p)
	b.until("given up", func(st State) bool { return strings.Contains(st.LastError, "welcome") })
	s.Silence(false)
	b.until("connected", func(st State) bool { return st.Connected })
}

func TestRejoinsAfterKick(t *testing.T) {
	s := server(t, ircd.Options{})
	b := launch(t, options(s.Addr()), hurried())
	b.joined()
	for n := 1; n <= 3; n++ {
		s.Kick("#ci", "recheckbot", "out")
		eventually(t, func() string {
			if len(sent(s, "JOIN #ci")) <= n {
				return "no second JOIN"
			}
			return ""
		})
		b.joined()
	}
}

func TestKickBackoffDoubles(t *testing.T) {
	c := New(options("irc.example.net:6667"))
	l := newChannels(c)
	p := l.wanted[0]
	p.since = time.Now()
	var waits []time.Duration
	for range 9 {
		waits = append(waits, l.afterKick(p))
	}
	if waits[0] != c.pace.rejoin || waits[1] != 2*c.pace.rejoin || waits[8] != c.pace.slow || !slices.IsSorted(waits) {
		t.Errorf("waits %s", waits)
	}
	p.since = time.Now().Add(-2 * c.pace.slow)
	if got := l.afterKick(p); got != c.pace.rejoin {
		t.Errorf("after a long stay: %s", got)
	}
}

func TestInviteLiftsARefusal(t *testing.T) {
	s := server(t, ircd.Options{})
	op := arrive(t, s.Addr(), "op")
	op.say("MODE #ci +i")
	op.sync()
	b := launch(t, options(s.Addr()), hurried())
	b.until("refusal shown", func(st State) bool { return strings.Contains(st.Trouble["#ci"], "473") })
	op.say("INVITE recheckbot #ci")
	if st := b.joined(); len(st.Trouble) != 0 {
		t.Errorf("trouble remains: %+v", st)
	}
}

func TestRefusedJoinIsTriedAgainSlowly(t *testing.T) {
	s := server(t, ircd.Options{})
	s.Mode("#ci", "+k", "key")
	p := hurried()
	p.slow = 20 * time.Millisecond
	b := launch(t, options(s.Addr()), p)
	b.until("refusal shown", func(st State) bool { return strings.Contains(st.Trouble["#ci"], "475") })
	s.Mode("#ci", "-k", "key")
	b.joined()
}

func TestChannelKey(t *testing.T) {
	s := server(t, ircd.Options{})
	s.Mode("#ci", "+k", "key")
	o := options(s.Addr())
	o.Channels = []Channel{{Name: "#CI", Key: "key"}, {Name: "#Two"}}
	b := launch(t, o, hurried())
	b.until("in both", func(st State) bool { return st.Joined["#CI"] && st.Joined["#Two"] })
	if err := b.Say(t.Context(), "#ci", "names fold"); err != nil {
		t.Error(err)
	}
}

func TestStateIsPublishedAndQuitSaid(t *testing.T) {
	s := server(t, ircd.Options{})
	o := options(s.Addr())
	seen := make(chan State, 100)
	o.OnState = func(st State) { seen <- st }
	b := launch(t, o, hurried())
	for st := range seen {
		if st.Connected && st.Joined["#ci"] {
			break
		}
	}
	b.stop()
	<-b.ended
	if got := sent(s, "QUIT"); len(got) != 1 {
		t.Errorf("said %q", got)
	}
	if st := b.State(); st.Connected || st.Joined["#ci"] || st.LastError != "" {
		t.Errorf("after stop: %+v", st)
	}
}

// TestLineInFlightIsProvenWhileStopping: stopping waits for the answer.
func TestLineInFlightIsProvenWhileStopping(t *testing.T) {
	s := server(t, ircd.Options{})
	reader := arrive(t, s.Addr(), "ann")
	b := launch(t, options(s.Addr()), hurried())
	b.joined()
	result := make(chan error, 20)
	for range cap(result) {
		go func() { result <- b.Say(t.Context(), "#ci", "last words") }()
	}
	proven := 0
	for n := range cap(result) {
		err := <-result
		if n == 0 {
			b.stop()
		}
		if err == nil {
			proven++
		}
	}
	<-b.ended
	reader.expect("QUIT")
	heard := 0
	for _, line := range reader.lines() {
		if strings.Contains(line, "last words") {
			heard++
		}
	}
	if heard != proven {
		t.Errorf("%d lines arrived, %d were proven", heard, proven)
	}
}

func TestRoomCountsTheWorstCase(t *testing.T) {
	c := New(Options{Servers: []string{"h:1"}, Nick: "recheckbot", User: "rb"})
	// ":recheckbot___!~rb@" + 64 + " PRIVMSG #ci :"
	want := 510 - len(":recheckbot___!~rb@ PRIVMSG #ci :") - 64
	if got := c.Room("#ci"); got != want {
		t.Errorf("Room = %d, want %d", got, want)
	}
	if got := c.Room(strings.Repeat("x", 600)); got != 0 {
		t.Errorf("Room of a monster = %d", got)
	}
}
