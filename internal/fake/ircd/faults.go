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
