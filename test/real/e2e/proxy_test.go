//go:build real

package e2e

import (
	"net"
	"sync"
	"testing"
)

// proxy stands between the bot and Gerrit's SSH: it can hold back what Gerrit
// says on the first connection, which is the stream, and cut all.
type proxy struct {
	listener net.Listener
	target   string

	mu    sync.Mutex
	free  *sync.Cond
	held  bool
	conns []net.Conn
}

func (w *world) proxy(t *testing.T) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	p := &proxy{listener: l, target: w.SSHAddr}
	p.free = sync.NewCond(&p.mu)
	go p.accept()
	t.Cleanup(func() { l.Close(); p.hold(false); p.cut() })
	return p
}

func (p *proxy) addr() string { return p.listener.Addr().String() }

func (p *proxy) accept() {
	for first := true; ; first = false {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", p.target)
		if err != nil {
			client.Close()
			continue
		}
		p.mu.Lock()
		p.conns = append(p.conns, client, server)
		p.mu.Unlock()
		go p.pass(server, client, false)
		go p.pass(client, server, first)
	}
}

// pass copies until one side ends; then both do.
func (p *proxy) pass(to, from net.Conn, holdable bool) {
	defer to.Close()
	defer from.Close()
	for buf := make([]byte, 64<<10); ; {
		n, err := from.Read(buf)
		if holdable {
			p.wait()
		}
		if _, werr := to.Write(buf[:n]); err != nil || werr != nil {
			return
		}
	}
}

func (p *proxy) wait() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.held {
		p.free.Wait()
	}
}

// hold holds the stream back, or lets go of all that has come meanwhile.
func (p *proxy) hold(held bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.held = held
	p.free.Broadcast()
}

// cut ends all connections that there are.
func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.conns {
		c.Close()
	}
	p.conns = nil
}
