package irc

import (
	"fmt"
	"strings"
	"time"

	"github.com/lrstanley/girc"
)

// nicks is what we are called, and how often that was refused.
type nicks struct {
	now      string
	welcomed bool
	refused  int
	limit    int // bytes that a nick may have; 0 not known
}

const (
	// maxNickTries is how many names are tried before the connection is given up
	// and tried anew later.
	maxNickTries = 8
	// shortNick is the length that every server allows (RFC 1459, 1.2).
	shortNick = 9
)

// nickRefused tries another name while registering. Later, when it is our
// attempt to get the name back that was refused, we stay who we are.
func (s *session) nickRefused(e girc.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.nicks.welcomed {
		return
	}
	s.nicks.refused++
	if e.Command == girc.ERR_ERRONEUSNICKNAME {
		s.nicks.limit = shortNick // too long here: ngircd's default is 9
	}
	if s.nicks.refused > maxNickTries {
		s.fail(fmt.Errorf("irc: nick %s and %d like it were refused: %s", s.c.opts.Nick, maxNickTries, shorten(e.Last())))
		return
	}
	s.nicks.now = alternate(s.c.opts.Nick, s.nicks.refused, s.nicks.limit)
	s.write("NICK " + s.nicks.now)
}

// alternate is the n-th other name (from 1) for nick, of at most limit bytes (0:
// any): nick_, nick__, nick___, then nick_4 and so on.
func alternate(nick string, n, limit int) string {
	suffix := fmt.Sprintf("_%d", n)
	if n <= 3 {
		suffix = strings.Repeat("_", n)
	}
	if limit > 0 && len(nick)+len(suffix) > limit {
		nick = nick[:min(len(nick), limit-len(suffix))]
	}
	return nick + suffix
}

func (s *session) nick() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.nicks.now
}

// isUs says whether a nick is ours.
func (s *session) isUs(nick string) bool { return fold(nick) == fold(s.nick()) }

// onNick follows renames: ours, operators', and that of whoever holds our name.
func (s *session) onNick(e girc.Event) {
	if e.Source == nil || len(e.Params) == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	from, to := e.Source.Name, e.Params[0]
	s.ops.rename(from, to)
	if fold(from) == fold(s.nicks.now) {
		// When services took our name from us, to take it back at once would be a
		// fight that lasts; the loop asks for it later.
		s.nicks.now = to
		s.c.update(func(st *State) { st.Nick = to })
		return
	}
	s.nickLeft(from)
}

// nickLeft wakes the regain loop when the holder of our name gave it up. The
// caller holds s.mu.
func (s *session) nickLeft(nick string) {
	if fold(nick) != fold(s.c.opts.Nick) || fold(s.nicks.now) == fold(nick) {
		return
	}
	select {
	case s.nickFree <- struct{}{}:
	default:
	}
}

// regainLoop asks for our own name again as long as we have another: at once when
// its holder gives it up, else more and more seldom.
func (s *session) regainLoop() {
	wait := s.c.pace.regain
	for {
		t := time.NewTimer(wait)
		select {
		case <-s.done:
			t.Stop()
			return
		case <-s.nickFree:
			t.Stop()
		case <-t.C:
		}
		if s.isUs(s.c.opts.Nick) {
			wait = s.c.pace.regain
			continue
		}
		wait = min(2*wait, max(s.c.pace.slow, s.c.pace.regain))
		if !s.order("NICK " + s.c.opts.Nick) {
			return
		}
	}
}
