package irc

import (
	"strings"

	"github.com/lrstanley/girc"
)

// NickServ is the service that knows whose a nick is; a key of State.Trouble.
const NickServ = "NickServ"

// identify logs in with NickServ and waits a moment for its answer, so that
// channels for registered users can be joined. Without an answer the joins are
// tried all the same; those that are refused are tried again later.
func (s *session) identify() {
	password := s.c.opts.NickServ
	if password == "" {
		return
	}
	line := "PRIVMSG " + NickServ + " :IDENTIFY " + password
	if !s.isUs(s.c.opts.Nick) {
		line = "PRIVMSG " + NickServ + " :IDENTIFY " + s.c.opts.Nick + " " + password
	}
	if !s.order(line) {
		return
	}
	if !s.await(s.identified, s.c.pace.identify) {
		s.complain("did not confirm the login")
	}
}

// declare tells others that we are a machine, where the server knows how
// (https://ircv3.net/specs/extensions/bot-mode), so that bots leave us alone.
func (s *session) declare() {
	s.mu.Lock()
	mode, nick := s.network.botMode, s.nicks.now
	s.mu.Unlock()
	if mode != "" {
		s.order("MODE " + nick + " +" + mode)
	}
}

func (s *session) onLoggedIn(girc.Event) {
	s.c.update(func(st *State) { delete(st.Trouble, NickServ) })
	s.signalIdentified()
}

func (s *session) signalIdentified() {
	s.mu.Lock()
	defer s.mu.Unlock()
	signal(s.identified)
}

// onNotice reads NickServ's answer and the server's; every other notice is ignored, as notices
// must be by machines. The words are those of Atheme, Anope and Ergo.
func (s *session) onNotice(e girc.Event) {
	if e.Source == nil || e.Source.IsServer() {
		s.noteThrottle(e.Last())
		return
	}
	if s.c.opts.NickServ == "" || fold(e.Source.Name) != fold(NickServ) {
		return
	}
	text := strings.ToLower(Clean(e.Last()))
	switch {
	case containsAny(text, "incorrect", "invalid password", "not registered", "isn't registered", "authentication failed"):
		s.complain(shorten(text))
	case containsAny(text, "now identified", "now recognized", "password accepted", "you're now logged in", "already identified", "already logged in"):
		s.c.update(func(st *State) { delete(st.Trouble, NickServ) })
	default:
		return
	}
	s.signalIdentified()
}

func containsAny(text string, parts ...string) bool {
	for _, part := range parts {
		if strings.Contains(text, part) {
			return true
		}
	}
	return false
}

// complain puts a refusal of NickServ into the log and the state.
func (s *session) complain(text string) {
	s.c.log.Error("irc: NickServ: "+text, "server", s.server)
	s.c.update(func(st *State) {
		st.Trouble[NickServ] = text
		st.LastError, st.LastErrorAt = "NickServ: "+text, s.c.opts.Now()
	})
}
