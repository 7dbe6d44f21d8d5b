package gerritstream

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"
	"golang.org/x/crypto/ssh"
)

const (
	readSize    = 1 << 20         // one read drains all that the connection has buffered
	goodbyeTime = 5 * time.Second // for telling the sink of an end when the context has ended too
)

// Sink takes what the stream brings. Its methods are never called at the same
// time.
type Sink interface {
	// Lines takes all lines that were there, oldest first. An error ends the
	// connection, as lines must not be lost unseen.
	Lines(ctx context.Context, lines []Line) error
	// Connected says that events come from now on. Those of the last instant
	// before may be missing: a catch-up wants an overlap.
	Connected(ctx context.Context, session string, at time.Time) error
	// Lost says that the connection has ended. Up to lastByte (our clock)
	// nothing is missing; it is when the last byte of any kind came.
	Lost(ctx context.Context, session string, lastByte, at time.Time, cause string) error
}

// State is how the stream stands.
type State struct {
	Connected bool
	Session   string
	Since     time.Time // since it is connected, or not
	LastByte  time.Time // of any kind, keepalive answers too
	LastEvent time.Time // the last line
	Events    uint64    // lines since the client was made
	LastError string
}

type stateBox struct {
	mu   sync.Mutex
	s    State
	link *link // of the stream; nil: not connected
}

// State tells how the stream stands.
func (c *Client) State() State {
	c.state.mu.Lock()
	defer c.state.mu.Unlock()
	if c.state.link != nil {
		c.state.s.LastByte = c.o.Now().Add(-c.state.link.wire.quiet())
	}
	return c.state.s
}

// Reconnect ends the stream's connection, if there is one, so that Stream makes
// another: for one that lives and does not bring what it should.
func (c *Client) Reconnect(why string) {
	c.state.mu.Lock()
	l := c.state.link
	c.state.mu.Unlock()
	if l != nil {
		l.fail(errors.New(why))
	}
}

func (b *stateBox) set(change func(*State), l *link) {
	b.mu.Lock()
	defer b.mu.Unlock()
	change(&b.s)
	b.link = l
}

// Stream reads events until ctx ends, which is the error it returns. It
// connects again whenever the connection is lost, refused or silent, waiting
// from RetryMin to RetryMax, jittered.
func (c *Client) Stream(ctx context.Context, sink Sink) error {
	wait := c.newWait()
	var failures changeLog
	for {
		healthy, err := c.streamOnce(ctx, sink)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if healthy {
			wait.Reset()
			failures.clear()
		}
		c.state.set(func(s *State) { s.LastError = err.Error() }, nil)
		d := min(max(wait.NextBackOff(), c.o.RetryMin), c.o.RetryMax)
		failures.report(c.o.Logger, "gerrit stream", err, slog.Duration("retry_in", d))
		if err := sleep(ctx, d); err != nil {
			return err
		}
	}
}

func (c *Client) newWait() *backoff.ExponentialBackOff {
	w := backoff.NewExponentialBackOff()
	w.InitialInterval, w.MaxInterval = c.o.RetryMin*2, c.o.RetryMax
	w.RandomizationFactor, w.Multiplier = 0.5, 2
	w.Reset()
	return w
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// streamOnce is one connection from dial to close. It was healthy if an event
// came or if it lived for RetryMax: a server that ends each connection at once
// does not reset the backoff.
func (c *Client) streamOnce(ctx context.Context, sink Sink) (healthy bool, err error) {
	l, err := c.dial(ctx)
	if err != nil {
		return false, err
	}
	defer l.close()
	stop := context.AfterFunc(ctx, func() { l.fail(ctx.Err()) })
	defer stop()
	r, err := c.openStream(ctx, l)
	if err != nil {
		return false, l.why(err)
	}
	r.sink = sink
	began := c.o.Now()
	if err := sink.Connected(ctx, r.session, began); err != nil {
		return false, fmt.Errorf("sink: %w", err)
	}
	c.state.set(func(s *State) { *s = State{Connected: true, Session: r.session, Since: began, Events: s.Events} }, l)
	c.o.Logger.Info("gerrit stream connected", "addr", c.o.Addr, "session", r.session)
	cause := r.read(ctx)
	lived := time.Since(l.wire.start)
	return r.heard || lived >= c.o.RetryMax, c.lost(ctx, r, cause)
}

// lost closes the link and tells the sink.
func (c *Client) lost(ctx context.Context, r *reader, cause error) error {
	l := r.link
	cause = l.why(cause)
	at := c.o.Now()
	last := at.Add(-l.wire.quiet())
	l.close()
	c.state.set(func(s *State) { s.Connected, s.Since, s.LastByte = false, at, last }, nil)
	text := cause.Error()
	if ctx.Err() != nil {
		text = "stopped"
	}
	bye, cancel := context.WithTimeout(context.WithoutCancel(ctx), goodbyeTime)
	defer cancel()
	if err := r.sink.Lost(bye, r.session, last, at, text); err != nil {
		return errors.Join(cause, fmt.Errorf("sink: %w", err))
	}
	return cause
}

// reader reads the lines of one connection.
type reader struct {
	c       *Client
	link    *link
	session string
	sink    Sink
	heard   bool // an event
	odd     changeLog
	out     io.Reader
	stderr  *bounded
	wait    func() error
}

// openStream starts stream-events.
func (c *Client) openStream(ctx context.Context, l *link) (*reader, error) {
	ctx, cancel := context.WithTimeout(ctx, c.o.ConnectTimeout)
	defer cancel()
	late := context.AfterFunc(ctx, func() { l.fail(fmt.Errorf("stream-events did not start within %v", c.o.ConnectTimeout)) })
	defer late()
	s, err := l.NewSession()
	if err != nil {
		return nil, err
	}
	r := &reader{c: c, link: l, session: newSessionName(c.o.Now()), stderr: &bounded{limit: maxStderr}, wait: s.Wait}
	s.Stderr = r.stderr
	if r.out, err = s.StdoutPipe(); err != nil {
		return nil, err
	}
	if err := s.Start(streamCommand(c.o.Kinds)); err != nil {
		return nil, err
	}
	return r, nil
}

func streamCommand(kinds []string) string {
	return "gerrit stream-events -s " + strings.Join(kinds, " -s ")
}

// newSessionName is unique over all runs, as raw lines are kept by it.
func newSessionName(now time.Time) string {
	var b [4]byte
	_, _ = rand.Read(b[:]) // never fails
	return now.UTC().Format("20060102T150405Z") + "-" + hex.EncodeToString(b[:])
}

// read hands all lines to the sink until the connection ends, and says why it
// did.
func (r *reader) read(ctx context.Context) error {
	s := &splitter{session: r.session, now: r.c.o.Now}
	buf := make([]byte, readSize)
	for {
		n, err := r.out.Read(buf)
		if herr := r.hand(ctx, s.feed(buf[:n])); herr != nil {
			return herr
		}
		if err != nil {
			// What has come is stored even when the context has just ended.
			if herr := r.hand(context.WithoutCancel(ctx), s.rest()); herr != nil {
				return herr
			}
			return r.ended(err)
		}
	}
}

func (r *reader) hand(ctx context.Context, lines []Line) error {
	if len(lines) == 0 {
		return nil
	}
	last := lines[len(lines)-1].Received
	r.c.state.mu.Lock()
	r.c.state.s.LastEvent = last
	r.c.state.s.Events += uint64(len(lines))
	r.c.state.mu.Unlock()
	for _, l := range lines {
		if l.Aside == "" {
			r.heard = true
			continue
		}
		r.odd.report(r.c.o.Logger, "gerrit stream: line set aside", errors.New(l.Aside), "session", l.Session, "seq", l.Seq, "bytes", len(l.Body))
	}
	r.c.handing.Store(true)
	err := r.sink.Lines(ctx, lines)
	r.c.handing.Store(false)
	if err != nil {
		return fmt.Errorf("sink: %w", err)
	}
	return nil
}

// ended says why the server ended the stream: in its own words if it has any.
func (r *reader) ended(err error) error {
	if !errors.Is(err, io.EOF) {
		return err
	}
	// A peer that ends the output and then never the command is cut off.
	late := time.AfterFunc(goodbyeTime, r.link.close)
	defer late.Stop()
	status := r.wait()
	if said := strings.TrimSpace(string(r.stderr.bytes())); said != "" {
		return fmt.Errorf("stream-events: gerrit says: %s", cut(said, 500))
	}
	if _, ok := errors.AsType[*ssh.ExitMissingError](status); ok || status == nil {
		return errors.New("the server closed the connection")
	}
	return fmt.Errorf("stream-events: %w", status)
}

// changeLog logs a repeating failure when its text changes, not each time.
type changeLog struct {
	mu   sync.Mutex
	last string
}

func (l *changeLog) report(logger *slog.Logger, what string, err error, attrs ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if text := err.Error(); text != l.last {
		l.last = text
		logger.Warn(what, append([]any{"err", text}, attrs...)...)
	}
}

func (l *changeLog) clear() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last = ""
}
