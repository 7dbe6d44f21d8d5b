package irc

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/recheckbot/recheckbot/internal/fake/ircd"
)

func TestSayArrivesAndIsProven(t *testing.T) {
	s := server(t, ircd.Options{})
	reader := arrive(t, s.Addr(), "ann")
	b := launch(t, options(s.Addr()), hurried())
	st := b.joined()
	if st.Nick != "recheckbot" || st.Server != "irc.example.net" || st.Since.IsZero() {
		t.Errorf("state %+v", st)
	}
	for _, target := range []string{"#ci", "ann"} {
		if err := b.Say(t.Context(), target, "hello\r\nQUIT :there"); err != nil {
			t.Fatal(err)
		}
		reader.expect("PRIVMSG " + target + " :hello  QUIT :there")
	}
}

// TestTextOfAnyLengthArrivesWhole: pieces of exactly Room bytes come through a
// server that cuts at 512 and announces LINELEN=512.
func TestTextOfAnyLengthArrivesWhole(t *testing.T) {
	s := server(t, ircd.Options{})
	reader := arrive(t, s.Addr(), "ann")
	b := launch(t, options(s.Addr()), hurried())
	b.joined()
	url := "https://logs.example.org/" + strings.Repeat("0123456789", 62) // 645 bytes
	text := strings.Repeat("Größe 日本 ", 30) + url + strings.Repeat(" words", 50)
	pieces := Split(text, b.Room("#ci"))
	for _, piece := range pieces {
		if err := b.Say(t.Context(), "#ci", piece); err != nil {
			t.Fatal(err)
		}
	}
	reader.sync()
	var got strings.Builder
	for _, line := range reader.lines() {
		if _, said, ok := strings.Cut(line, "PRIVMSG #ci :"); ok {
			got.WriteString(said)
		}
	}
	if bare(got.String()) != bare(text) {
		t.Errorf("%d pieces came as %q", len(pieces), got.String())
	}
}

func TestSayRefused(t *testing.T) {
	s := server(t, ircd.Options{})
	s.Mode("#other", "+n")
	b := launch(t, options(s.Addr()), hurried())
	b.joined()
	for _, x := range []struct{ target, text, numeric string }{
		{"nobody", "hi", "401"},
		{"#other", "hi", "404"},
		{"two words", "hi", "403"},
		{"a,b", "hi", "403"},
		{"$*", "hi", "403"},
		{"#ci", "\x02\x03", "412"},
		{"#ci", strings.Repeat("x", 4800), "417"},
	} {
		var refused *RefusedError
		if err := b.Say(t.Context(), x.target, x.text); !errors.As(err, &refused) || refused.Numeric != x.numeric {
			t.Errorf("Say(%q, %.9q) = %v, want %s", x.target, x.text, err, x.numeric)
		}
	}
	if err := b.Say(t.Context(), "#ci", "still here"); err != nil {
		t.Errorf("a refusal outlived its line: %v", err)
	}
}

func TestSayWhileNotConnected(t *testing.T) {
	s := server(t, ircd.Options{})
	s.Close()
	b := launch(t, options(s.Addr()), hurried())
	if err := b.Say(t.Context(), "#ci", "lost?"); !errors.Is(err, ErrNotConnected) {
		t.Errorf("Say = %v", err)
	}
	b.until("failure shown", func(st State) bool { return strings.Contains(st.LastError, "refused") })
}

func TestSayWhileNotInChannel(t *testing.T) {
	s := server(t, ircd.Options{})
	s.Mode("#ci", "+b", "recheckbot!*@*")
	b := launch(t, options(s.Addr()), hurried())
	st := b.until("ban shown", func(st State) bool { return st.Trouble["#ci"] != "" })
	if !st.Connected || st.Joined["#ci"] || !strings.Contains(st.Trouble["#ci"], "474") {
		t.Errorf("state %+v", st)
	}
	err := b.Say(t.Context(), "#ci", "hello?")
	if !errors.Is(err, ErrNotJoined) || !errors.Is(err, ErrNotConnected) {
		t.Errorf("Say = %v", err)
	}
	if n := len(sent(s, "PRIVMSG")); n > 0 {
		t.Errorf("%d lines were sent", n)
	}
}

// TestUnconfirmed: the line is written, the answer never comes.
func TestUnconfirmed(t *testing.T) {
	for name, fault := range map[string]func(*ircd.Server){
		"cut":    (*ircd.Server).Cut,
		"silent": func(*ircd.Server) {}, // the client gives up by itself
	} {
		t.Run(name, func(t *testing.T) {
			s := server(t, ircd.Options{})
			p := hurried()
			p.confirm = time.Second
			b := launch(t, options(s.Addr()), p)
			b.joined()
			s.Silence(true)
			result := make(chan error, 1)
			go func() { result <- b.Say(t.Context(), "#ci", "did this arrive?") }()
			eventually(t, func() string {
				if len(sent(s, "PRIVMSG #ci")) == 0 {
					return "line never sent"
				}
				return ""
			})
			fault(s)
			if err := <-result; !errors.Is(err, ErrUnconfirmed) {
				t.Errorf("Say = %v", err)
			}
			s.Silence(false)
			b.joined()
			if n := len(sent(s, "PRIVMSG #ci")); n != 1 {
				t.Errorf("the line was sent %d times", n)
			}
		})
	}
}

// TestOneLineInFlight: while a line is unconfirmed no other is sent, also when
// the one who asked for it has gone.
func TestOneLineInFlight(t *testing.T) {
	s := server(t, ircd.Options{})
	b := launch(t, options(s.Addr()), hurried())
	b.joined()
	s.Silence(true)
	ctx, cancel := context.WithCancel(t.Context())
	first := make(chan error, 1)
	go func() { first <- b.Say(ctx, "#ci", "one") }()
	eventually(t, func() string {
		if len(sent(s, "PRIVMSG #ci")) == 0 {
			return "line never sent"
		}
		return ""
	})
	cancel()
	if err := <-first; !errors.Is(err, ErrUnconfirmed) || !errors.Is(err, context.Canceled) {
		t.Errorf("first: %v", err)
	}
	short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := b.Say(short, "#ci", "two"); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, ErrUnconfirmed) {
		t.Errorf("second: %v", err)
	}
	if n := len(sent(s, "PRIVMSG #ci")); n != 1 {
		t.Errorf("%d lines in flight", n)
	}
}

func TestThirtyLinesArePaced(t *testing.T) {
	s := server(t, ircd.Options{})
	reader := arrive(t, s.Addr(), "ann")
	o := options(s.Addr())
	o.LineEvery, o.Burst = 50*time.Millisecond, 4
	b := launch(t, o, hurried())
	b.joined()
	began := time.Now()
	for i := range 30 {
		if err := b.Say(t.Context(), "#ci", fmt.Sprintf("line %d.", i)); err != nil {
			t.Fatal(err)
		}
	}
	if took := time.Since(began); took < 26*o.LineEvery {
		t.Errorf("30 lines went out in %s", took)
	}
	for i := range 30 {
		reader.expect(fmt.Sprintf("line %d.", i))
	}
}

// TestDeadPeerNeverHangs: a peer that stops reading, on a transport without any
// buffer, holds neither Say nor Run.
func TestDeadPeerNeverHangs(t *testing.T) {
	ours, theirs := net.Pipe()
	o := options("irc.example.net:6667")
	o.Dial = func(context.Context, string, string) (net.Conn, error) { return ours, nil }
	p := hurried()
	p.write, p.quit, p.min, p.max = 50*time.Millisecond, 50*time.Millisecond, time.Hour, time.Hour
	b := launch(t, o, p)
	go func() {
		buf := make([]byte, 4096)
		for range 3 { // CAP, NICK, USER; then never again
			_, _ = theirs.Read(buf)
		}
		_, _ = theirs.Write([]byte(":srv 001 recheckbot :hi\r\n:srv 376 recheckbot :end\r\n"))
	}()
	b.until("write failed", func(st State) bool { return strings.Contains(st.LastError, "timeout") })
	b.stop()
	select {
	case <-b.ended:
	case <-time.After(20 * time.Second):
		t.Fatal("Run did not return")
	}
}

// TestNothingLeaksIntoTheNextConnection: girc would send what was said between
// two connections as the first line of the next, before NICK.
func TestNothingLeaksIntoTheNextConnection(t *testing.T) {
	s := server(t, ircd.Options{})
	b := launch(t, options(s.Addr()), hurried())
	b.joined()
	before := len(s.Lines())
	s.Cut()
	for range 50 {
		_ = b.Say(t.Context(), "#ci", "between")
	}
	b.joined()
	for _, line := range s.Lines()[before:] {
		if line.Nick == "*" && strings.HasPrefix(line.Text, "PRIVMSG") {
			t.Errorf("%q before registration", line.Text)
		}
	}
}

func TestRunRefusesWhatCanNeverWork(t *testing.T) {
	secret := "hunter2"
	o := Options{
		Servers: []string{"nowhere"}, Nick: "9bad nick", Password: secret + "\r\n", NickServ: secret + "\n",
		SASL: &SASL{Mechanism: "SCRAM", Password: secret}, Channels: []Channel{{Name: "no channel"}, {Name: "#ok", Key: "a b"}, {Name: "#twice"}, {Name: "#TWICE"}},
	}
	err := New(o).Run(t.Context())
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"nowhere", "9bad nick", "SCRAM", "no channel", "#ok", "#TWICE"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error does not name %q: %v", want, err)
		}
	}
	if strings.Contains(err.Error(), secret) {
		t.Errorf("error repeats a secret: %v", err)
	}
}
