package irc

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/lrstanley/girc"
)

// refusals are the numerics that answer a PRIVMSG that was not delivered: see
// https://modern.ircdocs.horse/#numerics; 486, 531 and 716 are target-side blocks
// of Solanum, InspIRCd and UnrealIRCd.
var refusals = [...]string{"401", "403", "404", "407", "408", "411", "412", "413", "414", "415", "417", "442", "477", "486", "489", "531", "716"}

// flight is the one line that the server has not answered yet.
type flight struct {
	target    string
	refused   *RefusedError
	throttled bool
}

// verdict is what the server said between line and PONG. A refusal because we
// are out of a channel that we will join again is no final word.
func (s *session) verdict(target string, fl *flight) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.flight = nil
	switch {
	case fl.throttled:
		return fmt.Errorf("say to %s: %w", target, ErrThrottled)
	case fl.refused == nil:
		return nil
	}
	if err := s.present(target); err != nil {
		return err
	}
	return fl.refused
}

// noteThrottle reads what ircd-hybrid says, in a notice, of a line that it drops
// as flood: "*** Message to #ci throttled due to flooding".
func (s *session) noteThrottle(text string) {
	target, ok := strings.CutSuffix(strings.TrimPrefix(text, "*** Message to "), " throttled due to flooding")
	s.mu.Lock()
	defer s.mu.Unlock()
	if ok && s.flight != nil && s.flight.target == fold(target) {
		s.flight.throttled = true
	}
}

// noteRefusal keeps the first numeric that speaks about the line in flight.
func (s *session) noteRefusal(e girc.Event) {
	if len(e.Params) < 2 || !isRefusal(e.Command) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.flight == nil || s.flight.refused != nil || !s.flight.about(e) {
		return
	}
	s.flight.refused = &RefusedError{Target: e.Params[1], Numeric: e.Command, Text: shorten(e.Last())}
}

// about: numerics 411 to 417 name no target.
func (f *flight) about(e girc.Event) bool {
	return fold(e.Params[1]) == f.target || e.Command == "411" || e.Command == "412" || e.Command == "417"
}

func isRefusal(numeric string) bool {
	for _, r := range refusals {
		if r == numeric {
			return true
		}
	}
	return false
}

// expect makes a PING token and the channel that its PONG closes. The caller
// holds s.mu.
func (s *session) expect() (string, chan struct{}) {
	s.tokens++
	token := "recheckbot-" + strconv.Itoa(s.tokens)
	pong := make(chan struct{})
	s.pongs[token] = pong
	return token, pong
}

func (s *session) onPong(e girc.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if pong, ok := s.pongs[e.Last()]; ok {
		delete(s.pongs, e.Last())
		close(pong)
	}
}
