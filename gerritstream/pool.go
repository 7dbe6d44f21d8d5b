package gerritstream

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"golang.org/x/crypto/ssh"
)

const (
	maxSessions = 4        // at once on the one connection of queries and reviews
	maxStderr   = 16 << 10 // bytes kept of what a command complains
)

// ErrNotSent is part of an error after which the command has surely not been
// run: no connection, or no session on it. Any other error of Review leaves
// open whether the review was posted.
var ErrNotSent = errors.New("nothing was sent")

// pool runs commands on one connection that is kept open and dialled again
// when it was lost. A connection on which something timed out takes no new
// command and is closed when its last one ends.
type pool struct {
	dial  func(context.Context) (*link, error)
	slots chan struct{}

	mu     sync.Mutex
	dialMu sync.Mutex // one dial at a time
	cur    *shared
	closed bool
}

// shared is a link and how many commands run on it.
type shared struct {
	*link
	users   int
	retired bool
}

func newPool(dial func(context.Context) (*link, error)) *pool {
	return &pool{dial: dial, slots: make(chan struct{}, maxSessions)}
}

// result is what a command left behind.
type result struct {
	stdout []byte
	stderr string
	exit   int // exit status; 0 proves nothing
}

// run runs one command with stdin and returns what it wrote, at most limit
// bytes. An error means that it was not run to its end.
func (p *pool) run(ctx context.Context, command string, stdin []byte, limit int) (result, error) {
	out := &bounded{limit: limit, full: make(chan error, 1)}
	r, err := p.stream(ctx, command, stdin, out, out.full)
	r.stdout = out.bytes()
	return r, err
}

// stream runs one command and writes what it says to out as it comes. The first
// error on refused ends it.
func (p *pool) stream(ctx context.Context, command string, stdin []byte, out io.Writer, refused <-chan error) (result, error) {
	select {
	case p.slots <- struct{}{}:
		defer func() { <-p.slots }()
	case <-ctx.Done():
		return result{}, notSent(ctx.Err())
	}
	s, session, err := p.session(ctx)
	if err != nil {
		return result{}, notSent(err)
	}
	defer p.release(s)
	r, err := runOn(ctx, session, command, stdin, out, refused)
	if err != nil {
		p.retire(s)
		if stdin != nil { // what was to change something must not arrive later, after somebody asked whether it did
			s.fail(err)
		}
		return r, s.why(err)
	}
	return r, nil
}

func notSent(err error) error { return fmt.Errorf("%w: %w", ErrNotSent, err) }

// session opens a session on the current connection; if that one turns out to
// be dead, on a new one, once: nothing has been sent yet.
func (p *pool) session(ctx context.Context) (*shared, *ssh.Session, error) {
	for try := 0; ; try++ {
		s, fresh, err := p.acquire(ctx)
		if err != nil {
			return nil, nil, err
		}
		session, err := newSession(ctx, s.link)
		if err == nil {
			return s, session, nil
		}
		p.retire(s)
		p.release(s)
		if fresh || try > 0 || ctx.Err() != nil {
			return nil, nil, s.why(err)
		}
	}
}

// newSession is Client.NewSession that a context can end.
func newSession(ctx context.Context, l *link) (*ssh.Session, error) {
	type opened struct {
		s   *ssh.Session
		err error
	}
	ch := make(chan opened, 1)
	go func() {
		s, err := l.NewSession()
		ch <- opened{s, err}
	}()
	select {
	case o := <-ch:
		return o.s, o.err
	case <-ctx.Done():
		go func() {
			if o := <-ch; o.err == nil {
				o.s.Close()
			}
		}()
		return nil, ctx.Err()
	}
}

// acquire returns the connection, dialled if there is none, and whether it is
// fresh.
func (p *pool) acquire(ctx context.Context) (*shared, bool, error) {
	if s := p.take(); s != nil {
		return s, false, nil
	}
	p.dialMu.Lock()
	defer p.dialMu.Unlock()
	if s := p.take(); s != nil { // another caller has dialled meanwhile
		return s, true, nil
	}
	l, err := p.dial(ctx)
	if err != nil {
		return nil, false, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		l.close()
		return nil, false, errors.New("the client is closed")
	}
	s := &shared{link: l, users: 1}
	p.cur = s
	go func() { // a connection that dies while idle is not offered again
		_ = l.Client.Wait()
		p.retire(s)
	}()
	return s, true, nil
}

func (p *pool) take() *shared {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cur != nil {
		p.cur.users++
	}
	return p.cur
}

// retire keeps s from new commands and closes it when nothing runs on it.
func (p *pool) retire(s *shared) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s.retired = true
	if p.cur == s {
		p.cur = nil
	}
	if s.users == 0 {
		s.close()
	}
}

func (p *pool) release(s *shared) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s.users--
	if s.users == 0 && s.retired {
		s.close()
	}
}

func (p *pool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	if p.cur != nil {
		p.cur.close()
		p.cur = nil
	}
}

// runOn runs command on session. It never waits for stdin to be read: Session.Wait
// would, with Session.Stdin set, though the command has ended.
func runOn(ctx context.Context, session *ssh.Session, command string, stdin []byte, out io.Writer, refused <-chan error) (result, error) {
	defer session.Close()
	complaint := &bounded{limit: maxStderr}
	session.Stdout, session.Stderr = out, complaint
	in, err := session.StdinPipe()
	if err != nil {
		return result{}, err
	}
	done := make(chan error, 1)
	go func() {
		if err := session.Start(command); err != nil {
			done <- err
			return
		}
		go func() {
			_, _ = io.Copy(in, bytes.NewReader(stdin)) // a command that does not read is its own affair
			in.Close()
		}()
		done <- session.Wait()
	}()
	select {
	case <-ctx.Done():
		return result{}, ctx.Err()
	case err := <-refused:
		return result{}, err
	case err = <-done:
	}
	r := result{stderr: strings.TrimSpace(string(complaint.bytes()))}
	if exit, ok := errors.AsType[*ssh.ExitError](err); ok && exit.Signal() == "" {
		r.exit = exit.ExitStatus()
		return r, nil
	}
	return r, err
}

// bounded keeps the first limit bytes and takes the rest without keeping it, as
// a writer that fails would leave the command hanging on a full window.
type bounded struct {
	mu    sync.Mutex
	buf   bytes.Buffer
	limit int
	full  chan error // told of the first byte too many; nil: nobody
}

func (b *bounded) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if room := b.limit - b.buf.Len(); len(p) > room {
		b.buf.Write(p[:room])
		select {
		case b.full <- fmt.Errorf("the answer is over %d bytes", b.limit):
		default: // told already, or nobody to tell
		}
		return len(p), nil
	}
	return b.buf.Write(p)
}

func (b *bounded) bytes() []byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	return bytes.Clone(b.buf.Bytes())
}
