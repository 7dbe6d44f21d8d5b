//go:build real

package e2e

import (
	"bufio"
	"net"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/recheckbot/recheckbot/test/real/ircd"
)

// person is somebody on IRC with a client of a few lines.
type person struct {
	t    *testing.T
	nick string
	conn net.Conn
	mu   sync.Mutex
	read []string
}

func startIRC(t *testing.T, kind ircd.Kind) *ircd.Daemon {
	t.Helper()
	d, err := ircd.Start(t.Context(), kind, ircd.Options{})
	must(t, err)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("%s said:\n%s", kind, d.Log())
		}
		if err := d.Stop(); err != nil {
			t.Error(err)
		}
	})
	return d
}

// arrive connects somebody who joins #ci; the first is its operator.
func arrive(t *testing.T, d *ircd.Daemon, nick string) *person {
	t.Helper()
	conn, err := net.Dial("tcp", d.Addr)
	must(t, err)
	p := &person{t: t, nick: nick, conn: conn}
	t.Cleanup(func() { conn.Close() })
	go p.listen()
	p.send("NICK "+nick, "USER "+nick+" 0 * :A person")
	p.expect(0, regexp.MustCompile(` 001 `))
	p.send("JOIN #ci")
	p.expect(0, regexp.MustCompile(` 366 `))
	return p
}

func (p *person) listen() {
	for in := bufio.NewScanner(p.conn); in.Scan(); {
		line := in.Text()
		if rest, ok := strings.CutPrefix(line, "PING "); ok {
			_, _ = p.conn.Write([]byte("PONG " + rest + "\r\n")) // a lost connection shows elsewhere
		}
		p.mu.Lock()
		p.read = append(p.read, line)
		p.mu.Unlock()
	}
}

func (p *person) send(lines ...string) {
	p.t.Helper()
	_, err := p.conn.Write([]byte(strings.Join(lines, "\r\n") + "\r\n"))
	must(p.t, err)
}

// lines are those read since mark, and the next mark.
func (p *person) lines(mark int) ([]string, int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.read[mark:]...), len(p.read)
}

func (p *person) mark() int { _, n := p.lines(0); return n }

// expect waits for a line since mark and returns it.
func (p *person) expect(mark int, want *regexp.Regexp) string {
	p.t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		lines, _ := p.lines(mark)
		for _, line := range lines {
			if want.MatchString(line) {
				return line
			}
		}
	}
	lines, _ := p.lines(mark)
	p.t.Fatalf("%s did not read %s in\n%s", p.nick, want, strings.Join(lines, "\n"))
	return ""
}

// said are the texts that the bot said to target since mark.
func (p *person) said(mark int, target string) []string {
	var texts []string
	lines, _ := p.lines(mark)
	for _, line := range lines {
		if _, text, ok := strings.Cut(line, " PRIVMSG "+target+" :"); ok && strings.HasPrefix(line, ":rbot!") {
			texts = append(texts, text)
		}
	}
	return texts
}

// about are those of them that hold a text.
func (p *person) about(target, text string) []string {
	var out []string
	for _, line := range p.said(0, target) {
		if strings.Contains(line, text) {
			out = append(out, line)
		}
	}
	return out
}

// hears waits for the first text of the bot to target that matches.
func (p *person) hears(mark int, target, want string) string {
	p.t.Helper()
	re := regexp.MustCompile(want)
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		for _, text := range p.said(mark, target) {
			if re.MatchString(text) {
				return text
			}
		}
	}
	p.t.Fatalf("%s did not hear %q to %s in %q", p.nick, want, target, p.said(mark, target))
	return ""
}
