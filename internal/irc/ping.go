package irc

import (
	"fmt"
	"time"
)

// pingLoop asks the server for a sign of life, so that a peer that vanished
// without a word is noticed after pace.ping + pace.pong at the latest.
func (s *session) pingLoop() {
	for sleep(s.done, s.c.pace.ping) {
		s.mu.Lock()
		token, pong := s.expect()
		s.mu.Unlock()
		sent := time.Now()
		if s.put("PING "+token) != nil {
			return
		}
		if !s.await(pong, s.c.pace.pong) {
			s.close(fmt.Errorf("irc: %s is silent: no PONG for %s", s.server, s.c.pace.pong))
			return
		}
		s.c.update(func(st *State) { st.PingLatency = time.Since(sent) })
	}
}
