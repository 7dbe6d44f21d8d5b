package irc

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"
	"unicode/utf8"
)

// What Say returns besides nil and *RefusedError. Test with errors.Is.
var (
	// ErrNotConnected: nothing was sent; saying it again later is safe.
	ErrNotConnected = errors.New("irc: not connected")
	// ErrNotJoined: the same, because we are not (or no longer) in that channel.
	ErrNotJoined = fmt.Errorf("irc: not in the channel: %w", ErrNotConnected)
	// ErrThrottled: the same, because the server dropped the line as flood.
	ErrThrottled = fmt.Errorf("irc: the server dropped the line as flood: %w", ErrNotConnected)
	// ErrUnconfirmed: the line was written and the connection lost, or the context
	// ended, before the server answered; it may have arrived.
	ErrUnconfirmed = errors.New("irc: line sent but not confirmed")
)

// RefusedError is the server's final word about one line: it was not delivered,
// and will not be if said again.
type RefusedError struct {
	Target, Numeric, Text string // Numeric such as "404"; Text as the server said it
}

func (e *RefusedError) Error() string {
	return fmt.Sprintf("irc: line to %s refused: %s %s", e.Target, e.Numeric, e.Text)
}

// request is one line for the sender.
type request struct {
	ctx          context.Context // ends the waiting, of the one who asked
	line, target string          // target "": nobody asks whether it arrived
	reply        chan error      // buffered: the first answer counts
}

func (r *request) answer(err error) {
	select {
	case r.reply <- err:
	default:
	}
}

// maxPieces bounds how many lines one text may become.
const maxPieces = 4

// Say sends text to a channel or a nick and returns nil only when the server has
// answered a PING that was sent after it, so that it must have taken the text
// (behind a bouncer: that the bouncer did). It waits its turn and the pace for
// that; ctx ends the waiting. The text is cleaned, and what does not fit one line
// goes in several, so nothing is lost by a host or channel with a long name.
// Errors: see ErrNotConnected, ErrNotJoined, ErrThrottled, ErrUnconfirmed and
// RefusedError, and ctx's own when it ended before anything was sent.
func (c *Client) Say(ctx context.Context, target, text string) error {
	s := c.current()
	if s == nil {
		return fmt.Errorf("say to %s: %w", target, ErrNotConnected)
	}
	pieces, err := s.pieces(target, Clean(text))
	if err != nil {
		return err
	}
	for i, piece := range pieces {
		err := s.say(ctx, target, piece)
		if _, final := errors.AsType[*RefusedError](err); err != nil && i > 0 && !final {
			return fmt.Errorf("%w: %d of %d lines were said, then: %v", ErrUnconfirmed, i, len(pieces), err)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// say sends one line and waits for its proof.
func (s *session) say(ctx context.Context, target, text string) error {
	r := &request{ctx: ctx, line: "PRIVMSG " + target + " :" + text, target: target, reply: make(chan error, 1)}
	select {
	case s.requests <- r:
		return <-r.reply
	case <-s.stopping:
		return fmt.Errorf("say to %s: %w", target, ErrNotConnected)
	case <-ctx.Done():
		return fmt.Errorf("irc: say to %s: %w", target, ctx.Err())
	}
}

// pieces are the lines of a text; what the server would refuse or cut is refused
// here.
func (s *session) pieces(target, text string) ([]string, error) {
	if !validTarget(target) {
		return nil, &RefusedError{Target: shorten(target), Numeric: "403", Text: "not a channel or nick"}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	room := s.roomNow(target)
	pieces := Split(text, room)
	switch {
	case len(pieces) == 0:
		return nil, &RefusedError{Target: target, Numeric: "412", Text: "no text to send"}
	case len(pieces) > maxPieces || room < utf8.UTFMax:
		return nil, &RefusedError{Target: target, Numeric: "417", Text: fmt.Sprintf("text of %d bytes is too long", len(text))}
	}
	return pieces, s.present(target)
}

// present says whether a configured channel can be spoken in. The caller holds
// s.mu.
func (s *session) present(target string) error {
	if p := s.channels.find(target); p != nil && !p.joined {
		return fmt.Errorf("say to %s: %w", target, ErrNotJoined)
	}
	return nil
}

// order sends a line that needs no proof, in its turn. False: the connection is
// over.
func (s *session) order(line string) bool {
	r := &request{ctx: context.Background(), line: line, reply: make(chan error, 1)}
	select {
	case s.requests <- r:
		return <-r.reply == nil
	case <-s.stopping:
		return false
	}
}

// sendLoop is the one sender: at most one line is unconfirmed at any time. It
// answers every request that it takes.
func (s *session) sendLoop() {
	for {
		select {
		case <-s.stopping:
			return
		case r := <-s.requests:
			r.answer(s.carry(r))
		}
	}
}

// carry brings one line to the server.
func (s *session) carry(r *request) error {
	if err := s.turn(r.ctx); err != nil {
		return err
	}
	if r.target == "" {
		return s.put(r.line)
	}
	s.mu.Lock()
	if err := s.present(r.target); err != nil {
		s.mu.Unlock()
		return err
	}
	fl := &flight{target: fold(r.target)}
	s.flight = fl
	token, pong := s.expect()
	s.mu.Unlock()
	if err := s.put(r.line, "PING "+token); err != nil {
		return err
	}
	return s.confirm(r, fl, pong)
}

// turn waits for the pace to allow a line.
func (s *session) turn(ctx context.Context) error {
	slot := s.c.limiter.Reserve()
	t := time.NewTimer(slot.Delay())
	defer t.Stop()
	select {
	case <-t.C:
		return s.open()
	case <-ctx.Done():
		slot.Cancel()
		return fmt.Errorf("irc: waiting to say: %w", ctx.Err())
	case <-s.stopping:
		slot.Cancel()
		return ErrNotConnected
	}
}

// open says whether lines are still taken: select chooses at random when the
// turn and the end come together.
func (s *session) open() error {
	select {
	case <-s.stopping:
		return ErrNotConnected
	default:
		return nil
	}
}

// put writes lines; a failure ends the connection.
func (s *session) put(lines ...string) error {
	err := s.conn.send(lines...)
	if err == nil {
		return nil
	}
	s.close(fmt.Errorf("irc: write to %s: %w", s.server, reason(err)))
	if errors.Is(err, net.ErrClosed) {
		return ErrNotConnected
	}
	return fmt.Errorf("%w: %w", ErrUnconfirmed, err)
}

// confirm waits for the PONG. When the one who asked gives up, the sender waits
// on all the same: the next line must not overtake.
func (s *session) confirm(r *request, fl *flight, pong <-chan struct{}) error {
	t := time.NewTimer(s.c.pace.confirm)
	defer t.Stop()
	gone := r.ctx.Done()
	for {
		select {
		case <-pong:
			return s.verdict(r.target, fl)
		case <-gone:
			gone = nil
			r.answer(fmt.Errorf("%w: %w", ErrUnconfirmed, r.ctx.Err()))
		case <-s.done:
			return s.lastWord(r.target, fl, pong)
		case <-t.C:
			s.close(errors.New("irc: the server does not answer"))
		}
	}
}

// lastWord is for a line in flight when the connection ends. The PONG may have
// come just before: select chooses at random.
func (s *session) lastWord(target string, fl *flight, pong <-chan struct{}) error {
	select {
	case <-pong:
		return s.verdict(target, fl)
	default:
		return fmt.Errorf("%w: %w", ErrUnconfirmed, s.err)
	}
}
