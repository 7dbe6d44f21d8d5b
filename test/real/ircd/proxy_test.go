//go:build real

package ircd

import (
	"io"
	"net"
	"sync"
	"testing"
)

// proxy stands between the bot and a daemon. It can turn the bot away, so that a
// reader is back before it, and it can fall silent in the middle of a connection.
type proxy struct {
	ln     net.Listener
	target string

	mu     sync.Mutex
	shut   bool
	silent chan struct{} // closed: from now on nothing passes
	conns  []net.Conn
}

func newProxy(t *testing.T, target string) *proxy {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{ln: ln, target: target, silent: make(chan struct{})}
	t.Cleanup(func() {
		ln.Close()
		p.cut()
	})
	go p.serve()
	return p
}

func (p *proxy) serve() {
	for {
		conn, err := p.ln.Accept()
		if err != nil {
			return
		}
		p.mu.Lock()
		shut, silent := p.shut, p.silent
		p.mu.Unlock()
		far, err := net.Dial("tcp", p.target)
		if shut || err != nil {
			conn.Close()
			if err == nil {
				far.Close()
			}
			continue
		}
		p.mu.Lock()
		p.conns = append(p.conns, conn, far)
		p.mu.Unlock()
		go pipe(far, conn, silent)
		go pipe(conn, far, silent)
	}
}

// pipe copies until silent, then swallows.
func pipe(to, from net.Conn, silent <-chan struct{}) {
	buf := make([]byte, 4096)
	for {
		n, err := from.Read(buf)
		if err != nil {
			to.Close()
			return
		}
		select {
		case <-silent:
			_, _ = io.Copy(io.Discard, from) // ends when the connection is closed
			return
		default:
		}
		if _, err := to.Write(buf[:n]); err != nil {
			from.Close()
			return
		}
	}
}

// admit turns the bot away, or lets it in.
func (p *proxy) admit(yes bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.shut = !yes
}

// silence stops everything on the connections that stand and on new ones, until
// speak.
func (p *proxy) silence() {
	p.mu.Lock()
	defer p.mu.Unlock()
	close(p.silent)
}

func (p *proxy) speak() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.silent = make(chan struct{})
}

func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, conn := range p.conns {
		conn.Close()
	}
}
