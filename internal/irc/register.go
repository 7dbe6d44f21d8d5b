package irc

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/lrstanley/girc"
)

// ErrSASL says that the server did not log us in. The connection is given up and
// tried again slowly; the client never goes on unauthenticated.
var ErrSASL = errors.New("irc: SASL login failed")

// caps is the state of capability negotiation
// (https://ircv3.net/specs/extensions/capability-negotiation).
type caps struct {
	offered  map[string]string // name to value
	on       map[string]bool
	pending  int  // REQs that are not answered
	ended    bool // registration goes on
	loggedIn bool
}

// wantedCaps are asked for when offered: who is logged in, when a message was
// said and who is a bot, and all prefixes of an operator.
func wantedCaps() []string {
	return []string{"account-tag", "message-tags", "multi-prefix", "server-time"}
}

func (s *session) onCap(e girc.Event) {
	if len(e.Params) < 3 {
		return
	}
	switch strings.ToUpper(e.Params[1]) {
	case girc.CAP_LS:
		s.capsOffered(e.Last(), len(e.Params) > 3 && e.Params[2] == "*")
	case girc.CAP_ACK:
		s.capsAnswered(e.Last(), true)
	case girc.CAP_NAK:
		s.capsAnswered(e.Last(), false)
	case girc.CAP_DEL:
		s.capsGone(e.Last())
	}
}

func (s *session) capsOffered(list string, more bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.caps.offered == nil {
		s.caps.offered = map[string]string{}
	}
	for _, item := range strings.Fields(list) {
		if name, value, _ := strings.Cut(item, "="); len(s.caps.offered) < maxCaps {
			s.caps.offered[name] = value
		}
	}
	if !more && s.caps.pending == 0 && !s.caps.ended {
		s.requestCaps()
	}
}

// maxCaps bounds what a server can make us remember.
const maxCaps = 500

// requestCaps asks for SASL by itself, so that a refusal of the others does not
// take it along. The caller holds s.mu.
func (s *session) requestCaps() {
	var extras []string
	for _, name := range wantedCaps() {
		if _, ok := s.caps.offered[name]; ok {
			extras = append(extras, name)
		}
	}
	if len(extras) > 0 {
		s.requestCap(strings.Join(extras, " "))
	}
	if s.c.opts.SASL != nil {
		if why := s.saslOffer(); why != "" {
			s.fail(fmt.Errorf("%w: %s", ErrSASL, why))
			return
		}
		s.requestCap("sasl")
	}
	if s.caps.pending == 0 {
		s.endCaps()
	}
}

func (s *session) requestCap(names string) {
	s.caps.pending++
	s.write("CAP REQ :" + names)
}

// saslOffer says why SASL cannot work here, or "".
func (s *session) saslOffer() string {
	mechanisms, ok := s.caps.offered["sasl"]
	if !ok {
		return "the server does not offer SASL"
	}
	want := s.c.opts.SASL.Mechanism
	if mechanisms != "" && !slices.Contains(strings.Split(strings.ToUpper(mechanisms), ","), want) {
		return "the server offers SASL " + shorten(mechanisms) + ", not " + want
	}
	return ""
}

func (s *session) capsAnswered(list string, on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.caps.on == nil {
		s.caps.on = map[string]bool{}
	}
	names := strings.Fields(list)
	for _, name := range names {
		if slices.Contains(wantedCaps(), name) || name == "sasl" {
			s.caps.on[name] = on
		}
	}
	if s.caps.pending == 0 {
		return
	}
	s.caps.pending--
	switch {
	case !on && slices.Contains(names, "sasl"):
		s.fail(fmt.Errorf("%w: the server refused the capability", ErrSASL))
	case s.caps.pending > 0:
	case s.c.opts.SASL != nil:
		s.write("AUTHENTICATE " + s.c.opts.SASL.Mechanism)
	default:
		s.endCaps()
	}
}

func (s *session) capsGone(list string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, name := range strings.Fields(list) {
		delete(s.caps.on, name)
	}
}

// endCaps lets registration go on. The caller holds s.mu.
func (s *session) endCaps() {
	if !s.caps.ended {
		s.caps.ended = true
		s.write("CAP END")
	}
}

// onWelcome is the last guard against going on unauthenticated: a server that
// knows no CAP at all welcomes us without a word about SASL.
func (s *session) onWelcome(e girc.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.c.opts.SASL != nil && !s.caps.loggedIn {
		s.fail(fmt.Errorf("%w: the server welcomed us without a login", ErrSASL))
		return
	}
	if len(e.Params) > 0 {
		s.nicks.now = e.Params[0]
	}
	server := ""
	if e.Source != nil {
		server = e.Source.Name
	}
	s.nicks.welcomed = true
	nick := s.nicks.now
	signal(s.welcomed)
	s.c.update(func(st *State) { st.Nick, st.Server = nick, server })
}

func (s *session) onMOTD(girc.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	signal(s.motd)
}

// onError keeps what the server says before it closes; girc then closes.
func (s *session) onError(e girc.Event) {
	if kind := farewell(e.Last()); kind != nil {
		s.close(fmt.Errorf("%w: %s says: %s", kind, s.server, shorten(e.Last())))
		return
	}
	s.close(fmt.Errorf("irc: %s closed the connection: %s", s.server, shorten(e.Last())))
}

// onBanned: 465, after which the server closes.
func (s *session) onBanned(e girc.Event) {
	s.close(fmt.Errorf("%w: %s says: %s", errBanned, s.server, shorten(e.Last())))
}

// write sends a line that registration needs; a failure ends the connection.
func (s *session) write(line string) {
	if err := s.conn.send(line); err != nil {
		s.fail(fmt.Errorf("irc: write to %s: %w", s.server, reason(err)))
	}
}

// fail ends the connection from within a handler.
func (s *session) fail(why error) { s.close(why) }
