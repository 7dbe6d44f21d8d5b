package ircd

// Silence makes the server a black hole: it takes what it is sent and neither
// does nor says anything.
func (s *Server) Silence(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.silent = on
}

// Cut drops every connection without a word.
func (s *Server) Cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.clients {
		_ = c.conn.Close()
	}
}

// RefuseSASL makes every login fail.
func (s *Server) RefuseSASL(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.noSASL = on
}

// Reserve makes nicks "in use", or free again.
func (s *Server) Reserve(on bool, nicks ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, nick := range nicks {
		s.reserved[fold(nick)] = on
	}
}

// Raw sends lines as they are to one client, or to all with nick "": garbage,
// for instance.
func (s *Server) Raw(nick string, lines ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.clients {
		if nick == "" || fold(c.nick) == fold(nick) {
			for _, line := range lines {
				c.send(line)
			}
		}
	}
}

// Ban makes the server refuse everybody who comes from now on, with the numeric
// and the words of a K-line; "" lifts it.
func (s *Server) Ban(why string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.banned = oneLine(why)
}

// Forward makes a JOIN of a channel lead to another; to "" ends it.
func (s *Server) Forward(channel, to string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forwards[fold(channel)] = to
}

// Drop makes the server take messages and drop them as flood, with the notice
// that ircd-hybrid sends.
func (s *Server) Drop(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dropping = on
}

// Rename gives a client another nick, as services do.
func (s *Server) Rename(nick, to string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.nicks[fold(nick)]; c != nil {
		c.setNick(to)
	}
}
