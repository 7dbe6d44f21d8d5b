package gerritstream

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/ssh"
)

// link is one SSH connection with its watchdog.
type link struct {
	*ssh.Client
	wire  *wire
	mu    sync.Mutex
	cause error // why we closed it ourselves
	stop  context.CancelFunc
}

// wire is the TCP connection below: it knows when the last byte came, and no
// write on it blocks for ever.
type wire struct {
	net.Conn
	patience time.Duration
	last     atomic.Int64 // nanoseconds of the monotonic clock since start
	start    time.Time
}

func (w *wire) Read(b []byte) (int, error) {
	n, err := w.Conn.Read(b)
	if n > 0 {
		w.last.Store(int64(time.Since(w.start)))
	}
	return n, err
}

func (w *wire) Write(b []byte) (int, error) {
	// A dead peer's window is full for ever: writes have a bound of their own.
	if err := w.Conn.SetWriteDeadline(time.Now().Add(w.patience)); err != nil {
		return 0, err
	}
	return w.Conn.Write(b)
}

// quiet is how long ago the last byte came.
func (w *wire) quiet() time.Duration { return time.Since(w.start) - time.Duration(w.last.Load()) }

// dial connects, checks the host key and signs in. The context bounds the
// connecting only.
func (c *Client) dial(ctx context.Context) (*link, error) {
	attempts, err := c.hosts.attempts()
	if err != nil {
		return nil, fmt.Errorf("gerrit %s: %w", c.o.Addr, err)
	}
	var refused error
	for _, algorithms := range attempts {
		l, err := c.dialWith(ctx, algorithms)
		if err == nil {
			c.hosts.fits(algorithms)
			return l, nil
		}
		if !c.hosts.otherKeyMayFit(err) {
			return nil, err
		}
		// The first key that the server showed is what the error is about.
		if _, ok := errors.AsType[*HostKeyError](refused); !ok {
			refused = err
		}
	}
	return nil, refused
}

func (c *Client) dialWith(ctx context.Context, algorithms []string) (*link, error) {
	ctx, cancel := context.WithTimeout(ctx, c.o.ConnectTimeout)
	defer cancel()
	var d net.Dialer
	tcp, err := d.DialContext(ctx, "tcp", c.o.Addr)
	if err != nil {
		return nil, fmt.Errorf("gerrit %s: %w", c.o.Addr, err)
	}
	// What was not delivered when the connection ends, also by our death, is
	// dropped: else the kernel would go on sending for minutes, and a review could
	// arrive after Gerrit was asked for it.
	if c, ok := tcp.(*net.TCPConn); ok {
		_ = c.SetLinger(0) // fails only where the connection is dead already
	}
	// A peer that dies within the handshake would hold us for ever: the end of
	// ctx closes the connection until the handshake is done.
	release := context.AfterFunc(ctx, func() { tcp.Close() })
	w := &wire{Conn: tcp, patience: c.o.Silence, start: time.Now()}
	conn, chans, reqs, err := ssh.NewClientConn(w, c.o.Addr, &ssh.ClientConfig{
		User: c.o.User, Auth: []ssh.AuthMethod{c.auth}, ClientVersion: "SSH-2.0-recheckbot",
		HostKeyCallback: c.hosts.callback, HostKeyAlgorithms: algorithms,
	})
	inTime := release()
	if err == nil && !inTime {
		err = context.Cause(ctx)
		conn.Close()
	}
	if err != nil {
		tcp.Close()
		return nil, c.handshakeError(ctx, err)
	}
	l := &link{Client: ssh.NewClient(conn, chans, reqs), wire: w}
	l.watch(c.o.Keepalive, c.o.Silence)
	return l, nil
}

// handshakeError says in words what went wrong before the first command.
func (c *Client) handshakeError(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil && errors.Is(ctx.Err(), context.DeadlineExceeded):
		return fmt.Errorf("gerrit %s: no SSH handshake within %v: %w", c.o.Addr, c.o.ConnectTimeout, ctx.Err())
	case ctx.Err() != nil:
		return fmt.Errorf("gerrit %s: %w", c.o.Addr, ctx.Err())
	case strings.Contains(err.Error(), "unable to authenticate"):
		return fmt.Errorf("gerrit %s: user %s with key file %s was refused; add its public key to the account: %w",
			c.o.Addr, c.o.User, c.o.KeyFile, err)
	}
	return fmt.Errorf("gerrit %s: %w", c.o.Addr, err)
}

// watch sends keepalives and closes the link when nothing at all has come for
// longer than silence. It ends with the link.
func (l *link) watch(every, silence time.Duration) {
	ctx, cancel := context.WithCancel(context.Background())
	l.stop = cancel
	go func() { // the link's end, whoever ended it
		_ = l.Client.Wait()
		cancel()
	}()
	asking := make(chan struct{}, 1) // at most one question on its way
	go func() {
		tick := time.NewTicker(min(every, max(silence/4, time.Millisecond)))
		defer tick.Stop()
		asked := time.Now()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			if l.wire.quiet() > silence {
				l.fail(fmt.Errorf("no byte and no keepalive answer for %v", silence))
				return
			}
			if time.Since(asked) < every {
				continue
			}
			asked = time.Now()
			l.ask(asking)
		}
	}()
}

// ask sends one keepalive, unless one is still unanswered.
func (l *link) ask(asking chan struct{}) {
	select {
	case asking <- struct{}{}:
	default:
		return
	}
	go func() {
		// The answer counts by its bytes; a failure ends the link by itself.
		_, _, _ = l.SendRequest("keepalive@openssh.com", true, nil)
		<-asking
	}()
}

// fail closes the link and keeps the reason for why.
func (l *link) fail(cause error) {
	l.mu.Lock()
	if l.cause == nil {
		l.cause = cause
	}
	l.mu.Unlock()
	l.close()
}

// close ends the link on every path; it is safe to call twice. The socket is
// closed first, as a polite goodbye to a dead peer would block.
func (l *link) close() {
	l.stop()
	l.wire.Conn.Close()
	l.Client.Close()
}

// why prefers our own reason for closing over the error that it led to.
func (l *link) why(err error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cause != nil {
		return l.cause
	}
	return err
}
