//go:build real

package ircd

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/recheckbot/recheckbot/internal/irc"
)

// TestMain runs many tests side by side, however few processors there are: they
// wait more than they work.
func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", "16"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

const patience = 60 * time.Second

// each runs a test against each daemon that is here.
func each(t *testing.T, o Options, test func(*testing.T, *Daemon)) {
	t.Parallel()
	for _, kind := range []Kind{NgIRCd, InspIRCd, Hybrid} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			d, err := Start(t.Context(), kind, o)
			if errors.Is(err, ErrMissing) {
				t.Skip(err)
			}
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if t.Failed() {
					t.Logf("the daemon said:\n%s", d.Log())
				}
				if err := d.Stop(); err != nil {
					t.Error(err)
				}
			})
			test(t, d)
		})
	}
}

type bot struct {
	*irc.Client
	t        *testing.T
	commands chan irc.Command
}

// launch runs a client with its defaults, pace included, unless change says
// otherwise.
func launch(t *testing.T, d *Daemon, change func(*irc.Options)) *bot {
	t.Helper()
	b := &bot{t: t, commands: make(chan irc.Command, 100)}
	o := irc.Options{
		Servers: []string{d.Addr}, Nick: "rbot", User: "rbot", Realname: "recheckbot", Channels: []irc.Channel{{Name: "#ci"}},
		OnCommand: func(_ context.Context, cmd irc.Command) { b.commands <- cmd },
	}
	if change != nil {
		change(&o)
	}
	b.Client = irc.New(o)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := b.Run(ctx); err != nil {
			t.Error(err)
		}
	}()
	t.Cleanup(func() { stop(); <-ended })
	return b
}

func (b *bot) until(what string, is func(irc.State) bool) irc.State {
	b.t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if st := b.State(); is(st) {
			return st
		}
	}
	b.t.Fatalf("%s: state is %+v", what, b.State())
	return irc.State{}
}

func (b *bot) joined() irc.State {
	b.t.Helper()
	return b.until("joined", func(st irc.State) bool { return st.Joined["#ci"] })
}

func (b *bot) command() irc.Command {
	b.t.Helper()
	select {
	case cmd := <-b.commands:
		return cmd
	case <-time.After(patience):
		b.t.Fatal("no command came")
		return irc.Command{}
	}
}

// person is a second client, line by line.
type person struct {
	t    *testing.T
	conn net.Conn
	mu   sync.Mutex
	read []string
}

func arrive(t *testing.T, d *Daemon, nick string) *person {
	t.Helper()
	conn, err := net.Dial("tcp", d.Addr)
	if err != nil {
		t.Fatal(err)
	}
	p := &person{t: t, conn: conn}
	t.Cleanup(func() { conn.Close() })
	go p.listen()
	p.say("NICK "+nick, "USER "+nick+" 0 * :A person")
	p.expect(" 001 ")
	p.say("JOIN #ci")
	p.expect(" 366 ")
	return p
}

func (p *person) listen() {
	for in := bufio.NewScanner(p.conn); in.Scan(); {
		line := in.Text()
		if rest, ok := strings.CutPrefix(line, "PING "); ok {
			_, _ = p.conn.Write([]byte("PONG " + rest + "\r\n"))
		}
		p.mu.Lock()
		p.read = append(p.read, line)
		p.mu.Unlock()
	}
}

func (p *person) say(lines ...string) {
	p.t.Helper()
	if _, err := p.conn.Write([]byte(strings.Join(lines, "\r\n") + "\r\n")); err != nil {
		p.t.Fatal(err)
	}
}

// said returns the texts that came from nick to target.
func (p *person) said(nick, target string) []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var texts []string
	for _, line := range p.read {
		if _, text, ok := strings.Cut(line, " PRIVMSG "+target+" :"); ok && strings.HasPrefix(line, ":"+nick+"!") {
			texts = append(texts, text)
		}
	}
	return texts
}

// hears waits until n texts came from nick to target: the daemon's answer to the
// bot proves that it took a line, not that a reader has read it.
func (p *person) hears(n int, nick, target string) []string {
	p.t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if got := p.said(nick, target); len(got) >= n {
			return got
		}
	}
	p.t.Fatalf("%d of %d lines came", len(p.said(nick, target)), n)
	return nil
}

func (p *person) expect(want string) {
	p.t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		p.mu.Lock()
		all := strings.Join(p.read, "\n")
		p.mu.Unlock()
		if strings.Contains(all, want) {
			return
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.t.Fatalf("nobody read %q in\n%s", want, strings.Join(p.read, "\n"))
}

func TestSaysAndAnswers(t *testing.T) {
	each(t, Options{}, func(t *testing.T, d *Daemon) {
		p := arrive(t, d, "ann")
		b := launch(t, d, nil)
		if st := b.joined(); st.Server != "irc.example.net" || st.Nick != "rbot" {
			t.Errorf("state %+v", st)
		}
		url := "https://logs.example.org/" + strings.Repeat("0123456789abcdef", 41) // 681 bytes
		text := strings.Repeat("Größe 日本 ", 20) + url + strings.Repeat(" words", 40)
		if len(text) < 1200 {
			t.Fatalf("only %d bytes", len(text))
		}
		pieces := irc.Split(text, b.Room("#ci"))
		for _, piece := range pieces {
			if err := b.Say(t.Context(), "#ci", piece); err != nil {
				t.Fatal(err)
			}
		}
		got := strings.Join(p.hears(len(pieces), "rbot", "#ci"), "")
		if strings.ReplaceAll(got, " ", "") != strings.ReplaceAll(text, " ", "") {
			t.Errorf("the text came as %q", got)
		}

		p.say("PRIVMSG #ci :!rates tempest", "PRIVMSG rbot :queue nova")
		if cmd := b.command(); cmd.Nick != "ann" || cmd.Target != "#ci" || cmd.Text != "rates tempest" || !cmd.Operator || cmd.Private {
			t.Errorf("in the channel: %+v", cmd)
		}
		cmd := b.command()
		if cmd.Target != "ann" || cmd.Text != "queue nova" || cmd.Operator || !cmd.Private {
			t.Errorf("in private: %+v", cmd)
		}
		if err := b.Say(t.Context(), cmd.Target, "the queue is empty"); err != nil {
			t.Error(err)
		}
		p.expect("PRIVMSG ann :the queue is empty")

		var refused *irc.RefusedError
		if err := b.Say(t.Context(), "nobody", "hello?"); !errors.As(err, &refused) || refused.Numeric != "401" {
			t.Errorf("to nobody: %v", err)
		}
		p.say("MODE #ci +m")
		p.expect(" MODE #ci ")
		if err := b.Say(t.Context(), "#ci", "hello?"); !errors.As(err, &refused) || refused.Numeric != "404" {
			t.Errorf("to a moderated channel: %v", err)
		}
		p.say("KICK #ci rbot :out")
		b.until("rejoined", func(st irc.State) bool { return st.Joined["#ci"] && st.Trouble["#ci"] == "" })
	})
}

// TestFullLines: lines of exactly Room bytes arrive whole, under every name and
// host that the daemon gives us.
func TestFullLines(t *testing.T) {
	each(t, Options{}, func(t *testing.T, d *Daemon) {
		p := arrive(t, d, "ann")
		b := launch(t, d, nil)
		b.joined()
		for _, target := range []string{"#ci", "ann"} {
			line := strings.Repeat("x", b.Room(target)-1) + "!"
			if err := b.Say(t.Context(), target, line); err != nil {
				t.Error(err)
			}
			if got := p.hears(1, "rbot", target); len(got) != 1 || got[0] != line {
				t.Errorf("%d bytes to %s came as %d", len(line), target, len(strings.Join(got, "")))
			}
		}
	})
}

func TestThirtyLinesAreNoFlood(t *testing.T) {
	each(t, Options{}, func(t *testing.T, d *Daemon) {
		p := arrive(t, d, "ann")
		b := launch(t, d, nil)
		since := b.joined().Since
		for i := range 30 {
			if err := b.Say(t.Context(), "#ci", fmt.Sprintf("line %d", i)); err != nil {
				t.Fatal(err)
			}
		}
		if got := p.hears(30, "rbot", "#ci"); len(got) != 30 || b.State().Since != since {
			t.Errorf("%d lines came; %+v", len(got), b.State())
		}
	})
}

// TestBurstsAreNoFlood: bursts far over the default, as a site may configure them
// that wants its answers at once. One line is in flight at a time, so no daemon's
// queue fills; what ircd-hybrid drops as flood is known to be dropped.
func TestBurstsAreNoFlood(t *testing.T) {
	each(t, Options{}, func(t *testing.T, d *Daemon) {
		p := arrive(t, d, "ann")
		b := launch(t, d, func(o *irc.Options) { o.LineEvery, o.Burst = time.Millisecond, 100 })
		since := b.joined().Since
		said := 0
		for i := range 20 {
			err := b.Say(t.Context(), "#ci", fmt.Sprintf("line %d", i))
			switch {
			case err == nil:
				said++
			case !errors.Is(err, irc.ErrThrottled):
				t.Fatal(err)
			}
		}
		if got := p.hears(said, "rbot", "#ci"); len(got) != said || b.State().Since != since {
			t.Errorf("%d of %d lines came; %+v", len(got), said, b.State())
		}
		t.Logf("%d of 20 lines were taken", said)
	})
}

// TestForwardedChannel: a full channel of InspIRCd that leads elsewhere. The
// other daemons know no forwards.
func TestForwardedChannel(t *testing.T) {
	each(t, Options{}, func(t *testing.T, d *Daemon) {
		if d.Kind != InspIRCd {
			t.Skipf("%s knows no forwards", d.Kind)
		}
		p := arrive(t, d, "ann")
		p.say("JOIN #overflow")
		p.expect(" 366 ann #overflow ")
		p.say("MODE #ci +lL 1 #overflow")
		p.expect(" MODE #ci +")
		b := launch(t, d, nil)
		st := b.until("forward shown", func(st irc.State) bool { return st.Trouble["#ci"] != "" })
		if st.Joined["#ci"] || st.Trouble["#ci"] != "470 forwarded to #overflow" {
			t.Errorf("state %+v", st)
		}
		p.expect(":rbot!") // came into #overflow
		p.expect(" PART ")
	})
}

func TestReconnectsAfterSIGKILL(t *testing.T) {
	each(t, Options{}, func(t *testing.T, d *Daemon) {
		b := launch(t, d, nil)
		b.joined()
		if err := d.Kill(); err != nil {
			t.Fatal(err)
		}
		b.until("loss noticed", func(st irc.State) bool { return !st.Connected })
		if err := b.Say(t.Context(), "#ci", "lost?"); !errors.Is(err, irc.ErrNotConnected) {
			t.Errorf("Say = %v", err)
		}
		if err := d.Launch(t.Context()); err != nil {
			t.Fatal(err)
		}
		p := arrive(t, d, "ann")
		b.joined()
		if err := b.Say(t.Context(), "#ci", "back again"); err != nil {
			t.Fatal(err)
		}
		p.expect("PRIVMSG #ci :back again")
	})
}

func TestTLSAndPassword(t *testing.T) {
	each(t, Options{Password: "sesame"}, func(t *testing.T, d *Daemon) {
		secure := func(o *irc.Options) {
			o.Servers, o.TLS, o.TLSConfig, o.Password = []string{d.TLSAddr}, true, &tls.Config{RootCAs: d.Roots}, "sesame"
		}
		b := launch(t, d, secure)
		b.joined()
		if err := b.Say(t.Context(), "#ci", "over TLS"); err != nil {
			t.Error(err)
		}
		stranger := launch(t, d, func(o *irc.Options) { secure(o); o.TLSConfig, o.Nick = nil, "rbot2" })
		stranger.until("certificate refused", func(st irc.State) bool { return strings.Contains(st.LastError, "certificate") })
		wrong := launch(t, d, func(o *irc.Options) { o.Password, o.Nick = "wrong", "rbot3" })
		wrong.until("password refused", func(st irc.State) bool { return st.LastError != "" && !st.Connected })
	})
}

// TestSASLWithoutServices: neither daemon can log anybody in without services,
// so a client that must log in may not go on.
func TestSASLWithoutServices(t *testing.T) {
	each(t, Options{}, func(t *testing.T, d *Daemon) {
		b := launch(t, d, func(o *irc.Options) { o.SASL = &irc.SASL{Mechanism: "PLAIN", User: "rbot", Password: "pw"} })
		st := b.until("refusal shown", func(st irc.State) bool { return strings.Contains(st.LastError, "SASL") })
		if st.Connected {
			t.Errorf("went on: %+v", st)
		}
	})
}

func TestNickTakenAndRegained(t *testing.T) {
	each(t, Options{}, func(t *testing.T, d *Daemon) {
		holder := arrive(t, d, "rbot")
		b := launch(t, d, nil)
		if st := b.joined(); st.Nick != "rbot_" {
			t.Errorf("called %s", st.Nick)
		}
		holder.say("QUIT :bye")
		b.until("nick regained", func(st irc.State) bool { return st.Nick == "rbot" })
		if err := b.Say(t.Context(), "#ci", "it is me"); err != nil {
			t.Error(err)
		}
	})
}

func TestNickTooLong(t *testing.T) {
	each(t, Options{NickLen: 9}, func(t *testing.T, d *Daemon) {
		b := launch(t, d, func(o *irc.Options) { o.Nick = "recheckbot" })
		if st := b.joined(); len(st.Nick) > 9 {
			t.Errorf("called %s", st.Nick)
		}
	})
}

// TestBannedThenInvited: a refusal is shown, an invitation lifts it.
func TestBannedThenInvited(t *testing.T) {
	each(t, Options{}, func(t *testing.T, d *Daemon) {
		p := arrive(t, d, "ann")
		p.say("MODE #ci +i")
		p.expect(" MODE #ci ")
		b := launch(t, d, nil)
		b.until("refusal shown", func(st irc.State) bool { return strings.Contains(st.Trouble["#ci"], "473") })
		p.say("INVITE rbot #ci")
		b.joined()
	})
}
