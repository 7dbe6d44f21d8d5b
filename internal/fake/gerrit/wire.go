package gerrit

import (
	"errors"
	"net"
	"sync"
)

// gate holds all traffic while it is shut: a peer that is there and says
// nothing.
type gate struct {
	mu   sync.Mutex
	shut chan struct{} // nil while open; closed when it opens
}

func (g *gate) close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.shut == nil {
		g.shut = make(chan struct{})
	}
}

func (g *gate) open() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.shut != nil {
		close(g.shut)
		g.shut = nil
	}
}

// pass waits until the gate is open or gone is closed.
func (g *gate) pass(gone <-chan struct{}) error {
	for {
		g.mu.Lock()
		shut := g.shut
		g.mu.Unlock()
		if shut == nil {
			return nil
		}
		select {
		case <-shut:
		case <-gone:
			return net.ErrClosed
		}
	}
}

// gatedListener hands out connections that the server can freeze and cut.
type gatedListener struct {
	net.Listener
	s *Server
}

func (l *gatedListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	g := &gatedConn{Conn: c, s: l.s, gone: make(chan struct{})}
	l.s.mu.Lock()
	l.s.conns[g] = true
	l.s.mu.Unlock()
	return g, nil
}

type gatedConn struct {
	net.Conn
	s    *Server
	own  gate // shut for good by HalfOpen
	once sync.Once
	gone chan struct{}
}

// pass waits for both gates.
func (c *gatedConn) pass() error {
	return errors.Join(c.s.gate.pass(c.gone), c.own.pass(c.gone))
}

func (c *gatedConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	// What came while frozen is not read by anyone yet.
	if gerr := c.pass(); gerr != nil {
		return 0, gerr
	}
	return n, err
}

func (c *gatedConn) Write(b []byte) (int, error) {
	if err := c.pass(); err != nil {
		return 0, err
	}
	return c.Conn.Write(b)
}

func (c *gatedConn) Close() error {
	c.once.Do(func() {
		close(c.gone)
		c.s.mu.Lock()
		delete(c.s.conns, c)
		c.s.mu.Unlock()
	})
	return c.Conn.Close()
}
