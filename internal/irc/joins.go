package irc

import (
	"time"

	"github.com/lrstanley/girc"
)

// joinRefusals say that a JOIN failed: no such channel, too many channels, key
// wrong, full, invite only, banned, bad mask, forwarded, need registration, TLS
// only, throttled (Solanum and InspIRCd).
var joinRefusals = [...]string{"403", "405", forwarded, "471", "473", "474", "475", "476", "477", "480", "489", "520"}

// forwarded: <us> <channel> <other> :Forwarding to another channel. A JOIN of the
// other follows.
const forwarded = "470"

// joinLoop sends each JOIN when it is due.
func (s *session) joinLoop() {
	for {
		s.mu.Lock()
		line, wait := s.channels.next(time.Now())
		s.mu.Unlock()
		if line != "" {
			if !s.order(line) {
				return
			}
			continue
		}
		t := time.NewTimer(wait)
		select {
		case <-s.done:
			t.Stop()
			return
		case <-s.channels.wake:
			t.Stop()
		case <-t.C:
		}
	}
}

func (s *session) onJoin(e girc.Event) {
	if e.Source == nil || len(e.Params) == 0 || !s.isUs(e.Source.Name) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if e.Source.Host != "" {
		s.network.user, s.network.host = e.Source.Ident, e.Source.Host
	}
	p := s.channels.find(e.Params[0])
	if p == nil {
		s.channels.stray(e.Params[0])
		return
	}
	s.ops.leave(p.Name)
	s.channels.arrived(p)
}

func (s *session) onPart(e girc.Event) {
	if e.Source != nil && len(e.Params) > 0 {
		s.left(e.Params[0], e.Source.Name, "parted by the server")
	}
}

func (s *session) onKick(e girc.Event) {
	if len(e.Params) < 2 {
		return
	}
	by := "the server"
	if e.Source != nil {
		by = e.Source.Name
	}
	why := ""
	if len(e.Params) > 2 {
		why = ": " + e.Last()
	}
	s.left(e.Params[0], e.Params[1], shorten("kicked by "+by+why))
}

// left notes that somebody, perhaps we, is no longer in a channel.
func (s *session) left(channel, nick, why string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ops.set(channel, nick, "")
	if p := s.channels.find(channel); p != nil && fold(nick) == fold(s.nicks.now) {
		s.ops.leave(channel)
		s.channels.lost(p, why, s.channels.afterKick(p))
	}
}

func (s *session) onQuit(e girc.Event) {
	if e.Source == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ops.forget(e.Source.Name)
	s.nickLeft(e.Source.Name)
}

// onJoinRefused: <us> <channel> :why. Only a person can lift most of these; that
// a channel is not available after a netsplit passes.
func (s *session) onJoinRefused(e girc.Event) {
	if len(e.Params) < 2 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.channels.find(e.Params[1])
	if p == nil || p.joined {
		return
	}
	why := e.Command + " " + e.Last()
	switch {
	case e.Command == girc.ERR_UNAVAILRESOURCE:
		s.channels.lost(p, shorten(why), s.c.pace.join)
		return
	case e.Command == forwarded && len(e.Params) > 2:
		why = forwarded + " forwarded to " + e.Params[2]
	}
	s.channels.lost(p, shorten(why), s.channels.afterRefusal(p))
}

// onInvite: an invitation lifts most refusals. It counts only for channels that
// the config names, or anybody could send us anywhere.
func (s *session) onInvite(e girc.Event) {
	if len(e.Params) < 2 || !s.isUs(e.Params[0]) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.channels.find(e.Params[1]); p != nil && !p.joined && p.turned > 0 {
		p.due = time.Now()
		s.channels.poke()
	}
}
