package irc

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/recheckbot/recheckbot/internal/fake/ircd"
)

// hurried is a pace for tests: waits that happen are short, waits that bound a
// failure are long enough for a loaded machine.
func hurried() pace {
	return pace{
		dial: 10 * time.Second, register: 10 * time.Second, motd: 10 * time.Second, identify: 10 * time.Second,
		write: 10 * time.Second, confirm: 10 * time.Second, ping: time.Hour, pong: 10 * time.Second,
		quit: time.Second, join: 10 * time.Second, rejoin: time.Millisecond, slow: time.Hour, regain: time.Hour,
		min: time.Millisecond, max: 10 * time.Millisecond, stable: time.Hour,
	}
}

// bot is a running client whose commands are kept.
type bot struct {
	*Client
	t        *testing.T
	stop     context.CancelFunc
	ended    chan struct{}
	commands chan Command
}

func options(addr string) Options {
	return Options{
		Servers: []string{addr}, Nick: "recheckbot", Channels: []Channel{{Name: "#ci"}},
		LineEvery: time.Microsecond, Burst: 100,
	}
}

// launch runs a client until the test ends.
func launch(t *testing.T, o Options, p pace) *bot {
	t.Helper()
	b := &bot{t: t, ended: make(chan struct{}), commands: make(chan Command, 100)}
	if o.OnCommand == nil {
		o.OnCommand = func(_ context.Context, cmd Command) { b.commands <- cmd }
	}
	b.Client = New(o)
	b.pace = p
	ctx, stop := context.WithCancel(t.Context())
	b.stop = stop
	go func() {
		defer close(b.ended)
		if err := b.Run(ctx); err != nil {
			t.Errorf("Run: %v", err)
		}
	}()
	t.Cleanup(func() { stop(); <-b.ended })
	return b
}

// until waits for a state.
func (b *bot) until(what string, is func(State) bool) State {
	b.t.Helper()
	eventually(b.t, func() string {
		if st := b.State(); !is(st) {
			return fmt.Sprintf("%s: state is %+v", what, st)
		}
		return ""
	})
	return b.State()
}

func (b *bot) joined() State {
	b.t.Helper()
	return b.until("joined", func(st State) bool { return st.Connected && st.Joined["#ci"] })
}

func (b *bot) command() Command {
	b.t.Helper()
	select {
	case cmd := <-b.commands:
		return cmd
	case <-time.After(20 * time.Second):
		b.t.Fatal("no command came")
		return Command{}
	}
}

// eventually waits until check returns "".
func eventually(t *testing.T, check func() string) {
	t.Helper()
	why := check()
	for end := time.Now().Add(20 * time.Second); why != "" && time.Now().Before(end); why = check() {
		time.Sleep(2 * time.Millisecond)
	}
	if why != "" {
		t.Fatal(why)
	}
}

func server(t *testing.T, o ircd.Options) *ircd.Server {
	t.Helper()
	s, err := ircd.Start("127.0.0.1:0", o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// sent returns what the server got from clients that begins with prefix.
func sent(s *ircd.Server, prefix string) []string {
	var out []string
	for _, line := range s.Lines() {
		if strings.HasPrefix(line.Text, prefix) {
			out = append(out, line.Text)
		}
	}
	return out
}

// person is an ordinary client in #ci that keeps what it reads.
type person struct {
	t    *testing.T
	conn net.Conn
	mu   sync.Mutex
	read []string
}

func arrive(t *testing.T, addr, nick string) *person {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	p := &person{t: t, conn: conn}
	t.Cleanup(func() { conn.Close() })
	go p.listen()
	p.say("NICK "+nick, "USER "+nick+" 0 * :A person", "JOIN #ci")
	p.expect(" 366 ")
	return p
}

func (p *person) listen() {
	for in := bufio.NewScanner(p.conn); in.Scan(); {
		p.mu.Lock()
		p.read = append(p.read, in.Text())
		p.mu.Unlock()
	}
}

func (p *person) lines() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.read)
}

func (p *person) say(lines ...string) {
	p.t.Helper()
	if _, err := p.conn.Write([]byte(strings.Join(lines, "\r\n") + "\r\n")); err != nil {
		p.t.Fatal(err)
	}
}

// sync waits until the server has done all that p asked.
func (p *person) sync() {
	p.t.Helper()
	p.mu.Lock()
	token := fmt.Sprintf("sync-%d", len(p.read))
	p.mu.Unlock()
	p.say("PING " + token)
	p.expect(":" + token)
}

// expect waits until a line read holds want.
func (p *person) expect(want string) {
	p.t.Helper()
	eventually(p.t, func() string {
		for _, line := range p.lines() {
			if strings.Contains(line, want) {
				return ""
			}
		}
		return fmt.Sprintf("nobody read %q in\n%s", want, strings.Join(p.lines(), "\n"))
	})
}
