package handlers

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/recheckbot/recheckbot/gerritstream"
	"github.com/recheckbot/recheckbot/internal/store"
)

// cursorAlive is the cursor whose time says when the program last listened.
const cursorAlive = "alive"

// aliveEvery is how often that is noted at most.
const aliveEvery = 10 * time.Second

// SinkStore is what the stream's sink needs of the store.
type SinkStore interface {
	AppendRaw(ctx context.Context, lines []store.Raw) error
	OpenGap(ctx context.Context, from time.Time, cause string) error
	CursorStore
}

// cursorReader reads a step's own notes; a note that is not there is empty.
type cursorReader interface {
	Cursor(ctx context.Context, name string) (value string, at time.Time, err error)
}

// CursorStore keeps a step's own notes.
type CursorStore interface {
	cursorReader
	SetCursor(ctx context.Context, name, value string) error
}

// SinkOptions are what the sink works with.
type SinkOptions struct {
	Store   SinkStore
	Logger  *slog.Logger
	Now     func() time.Time
	Ingest  Wake // has new lines
	Catchup Wake // has a new gap, or a connection to close one with
}

// Sink stores what the stream brings and does nothing else, so that no slow
// step ever makes Gerrit drop events. It is a gerritstream.Sink.
type Sink struct {
	o   SinkOptions
	log *slog.Logger
	now func() time.Time

	mu        sync.Mutex
	begun     bool // the time before this start is accounted for
	listening bool
	noted     time.Time
	owed      *owed     // a gap that could not be written yet
	refused   time.Time // when the first line came that the database did not take; zero: none
}

// owed is a gap that the database did not take.
type owed struct {
	from  time.Time
	cause string
}

// NewSink makes the sink.
func NewSink(o SinkOptions) *Sink {
	return &Sink{o: o, log: logger(o.Logger), now: clock(o.Now)}
}

// Begin opens a gap for the time in which the program did not run, once. Of the
// time before the very first start nothing is missed: it begins now.
func (s *Sink) Begin(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.begun {
		return nil
	}
	_, at, err := s.o.Store.Cursor(ctx, cursorAlive)
	if err != nil {
		return err
	}
	if !at.IsZero() {
		at = earlier(at, s.now()) // or our clock was set back meanwhile
		if err := s.o.Store.OpenGap(ctx, at, "the program did not run"); err != nil {
			return err
		}
		s.log.Warn("gap opened", "from", at, "cause", "the program did not run")
	}
	if err := s.o.Store.SetCursor(ctx, StreamCursor, "not connected since the start"); err != nil {
		return err
	}
	if err := s.note(ctx); err != nil {
		return err
	}
	s.begun = true
	return nil
}

// Lines stores one batch, in one transaction.
func (s *Sink) Lines(ctx context.Context, lines []gerritstream.Line) (err error) {
	end := Work(ctx)
	defer func() { end(err) }()
	raws := make([]store.Raw, len(lines))
	aside := ""
	for i, l := range lines {
		raws[i] = store.Raw{
			Session: l.Session, Seq: l.Seq, Source: store.ViaStream,
			Received: l.Received, Body: l.Body, Aside: l.Aside,
		}
		if l.Aside != "" {
			aside = l.Aside // the stream's client has logged it
		}
	}
	if err := s.o.Store.AppendRaw(ctx, raws); err != nil {
		s.mu.Lock()
		s.refused = raws[0].Received
		s.mu.Unlock()
		return err
	}
	s.o.Ingest.Now()
	if aside != "" {
		s.o.Catchup.Now()
	}
	return nil
}

// Connected notes that we listen from now on.
func (s *Sink) Connected(ctx context.Context, _ string, _ time.Time) (err error) {
	end := Work(ctx)
	defer func() { end(err) }()
	if err := s.Begin(ctx); err != nil {
		return err
	}
	if err := s.listen(ctx); err != nil {
		return err
	}
	if err := s.o.Store.SetCursor(ctx, StreamCursor, StreamUp); err != nil {
		return err
	}
	s.o.Catchup.Now()
	return nil
}

// listen notes that we listen; a gap that is still owed comes first, as the
// note would hide it from the next start.
func (s *Sink) listen(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.owed != nil {
		if err := s.o.Store.OpenGap(ctx, s.owed.from, s.owed.cause); err != nil {
			return err
		}
		s.owed = nil
	}
	if err := s.note(ctx); err != nil {
		return err
	}
	s.listening = true
	return nil
}

// Lost opens a gap from the last byte on.
func (s *Sink) Lost(ctx context.Context, session string, lastByte, at time.Time, cause string) (err error) {
	end := Work(ctx)
	defer func() { end(err) }()
	if lastByte.IsZero() {
		lastByte = at
	}
	s.log.Warn("stream lost, gap opened", "session", session, "from", lastByte, "cause", cause)
	cause = "stream lost: " + cause
	s.mu.Lock()
	s.listening = false
	if !s.refused.IsZero() { // what came before the last byte is missing too
		lastByte, s.refused = earlier(lastByte, s.refused), time.Time{}
	}
	err = s.o.Store.OpenGap(ctx, lastByte, cause)
	if err != nil && (s.owed == nil || lastByte.Before(s.owed.from)) {
		s.owed = &owed{lastByte, cause}
	}
	s.mu.Unlock()
	if err != nil {
		return err
	}
	cause = strings.TrimPrefix(cause, "stream ")
	return s.o.Store.SetCursor(ctx, StreamCursor, cause)
}

// Alive notes, while the stream is connected and not too often, that the
// program listens: a gap after a crash begins there.
func (s *Sink) Alive(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.listening || s.now().Sub(s.noted) < aliveEvery {
		return nil
	}
	return s.note(ctx)
}

// note writes the cursor. The caller holds s.mu.
func (s *Sink) note(ctx context.Context) error {
	s.noted = s.now()
	return s.o.Store.SetCursor(ctx, cursorAlive, "")
}
