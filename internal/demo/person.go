package demo

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
)

// Heard is a message that somebody on IRC heard.
type Heard struct{ From, Target, Text string }

// Person is somebody on IRC with an ordinary client: what it hears is what
// people see.
type Person struct {
	nick   string
	conn   net.Conn
	onHear func(Heard)
	done   chan struct{}

	mu     sync.Mutex
	joined bool
	heard  []Heard
}

// mostHeard bounds what a person remembers; what is older is forgotten.
const mostHeard = 20000

// Meet connects a person and joins the channel. onHear, which may be nil, is
// called for each message, one at a time.
func (w *World) Meet(ctx context.Context, nick string, onHear func(Heard)) (*Person, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", w.IRC.Addr())
	if err != nil {
		return nil, fmt.Errorf("demo: %s on IRC: %w", nick, err)
	}
	p := &Person{nick: nick, conn: conn, onHear: onHear, done: make(chan struct{})}
	go p.listen()
	for _, line := range []string{"NICK " + nick, "USER " + nick + " 0 * :" + nick, "JOIN " + Channel} {
		if err := p.send(line); err != nil {
			return nil, fmt.Errorf("demo: %s on IRC: %w", nick, err)
		}
	}
	err = until(ctx, func() bool { p.mu.Lock(); defer p.mu.Unlock(); return p.joined })
	if err != nil {
		return nil, fmt.Errorf("demo: %s joins %s: %w", nick, Channel, err)
	}
	return p, nil
}

// Leave disconnects and waits until all is heard.
func (p *Person) Leave() error {
	err := p.conn.Close()
	<-p.done
	return err
}

// Say says a text to a channel or a nick.
func (p *Person) Say(target, text string) error {
	text = strings.NewReplacer("\r", " ", "\n", " ", "\x00", "").Replace(text)
	return p.send("PRIVMSG " + target + " :" + text)
}

// Heard is what was heard so far, oldest first.
func (p *Person) Heard() []Heard {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.heard)
}

func (p *Person) send(line string) error {
	_, err := p.conn.Write([]byte(line + "\r\n"))
	return err
}

// listen takes lines until the connection ends.
func (p *Person) listen() {
	defer close(p.done)
	lines := bufio.NewScanner(p.conn)
	for lines.Scan() {
		p.take(lines.Text())
	}
}

// take understands ":nick!user@host COMMAND params :text", as far as a listener
// has to.
func (p *Person) take(line string) {
	source := ""
	if rest, ok := strings.CutPrefix(line, ":"); ok {
		source, line, _ = strings.Cut(rest, " ")
	}
	head, text, _ := strings.Cut(line, " :")
	words := strings.Fields(head)
	switch {
	case len(words) > 0 && words[0] == "PING":
		_ = p.send("PONG :" + text) // a dead connection ends the reading too
	case len(words) > 2 && words[0] == "366": // end of names: we are in
		p.mu.Lock()
		p.joined = true
		p.mu.Unlock()
	case len(words) == 2 && words[0] == "PRIVMSG":
		from, _, _ := strings.Cut(source, "!")
		p.hear(Heard{from, words[1], text})
	}
}

func (p *Person) hear(h Heard) {
	p.mu.Lock()
	if len(p.heard) == mostHeard {
		p.heard = slices.Delete(p.heard, 0, mostHeard/2)
	}
	p.heard = append(p.heard, h)
	p.mu.Unlock()
	if p.onHear != nil {
		p.onHear(h)
	}
}
