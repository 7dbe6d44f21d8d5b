package gerrit

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"
)

// faults are what goes wrong on demand.
type faults struct {
	duplicate bool
	holding   bool
	reorder   bool
	slow      time.Duration
	lag       time.Duration
	reviews   []reviewFault // for the next reviews, one each
	lost      int           // reviews, so far
}

// reviewFault is what happens to one review.
type reviewFault struct {
	stderr  string // exit 1 with this
	swallow bool   // exit 0, nothing posted
	cut     bool   // the connections are cut
	post    bool   // with cut: after it was posted
}

// Cut cuts every SSH connection.
func (s *Server) Cut() {
	s.mu.Lock()
	conns := slices.Collect(maps.Keys(s.conns))
	s.mu.Unlock()
	for _, c := range conns {
		c.Close()
	}
}

// Freeze makes the server silent: connections stand, new ones are taken, and
// nothing is read or written.
func (s *Server) Freeze() { s.gate.close() }

// Thaw ends Freeze.
func (s *Server) Thaw() { s.gate.open() }

// HalfOpen makes every connection that is there now a dead one that nobody
// closed, as when a router on the way forgot it: nothing is read from it or
// written to it any more. New ones work.
func (s *Server) HalfOpen() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		c.own.close()
	}
}

// Deafen makes every stream that runs now bring nothing any more, while its
// connection and all commands work, as when a server's listener has died. New
// streams work.
func (s *Server) Deafen() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for st := range s.streams {
		st.deaf = true
	}
}

// Drop says to every reader that events of it were dropped.
func (s *Server) Drop() { s.Raw(s.droppedLine()) }

func (s *Server) droppedLine() []byte {
	b, _ := json.Marshal(map[string]any{"type": "dropped-output", "eventCreatedOn": s.o.Now().Unix()}) // cannot fail
	return append(b, '\n')
}

// Raw sends bytes to every reader as they are.
func (s *Server) Raw(b []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for st := range s.streams {
		st.send(b, s.faults.holding)
	}
}

// Huge sends an event whose line has n bytes.
func (s *Server) Huge(n int) {
	const begin, end = `{"type":"comment-added","comment":"`, `"}`
	s.Raw([]byte(begin + strings.Repeat("x", max(n-len(begin)-len(end), 0)) + end + "\n"))
}

// Hold keeps events back until Release, which sends them in one packet.
func (s *Server) Hold() { s.mu.Lock(); defer s.mu.Unlock(); s.faults.holding = true }

// Release ends Hold.
func (s *Server) Release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults.holding = false
	for st := range s.streams {
		held := st.held
		st.held = nil
		st.send(held, false)
	}
}

// Duplicate sends every event twice while it is on.
func (s *Server) Duplicate(on bool) { s.mu.Lock(); defer s.mu.Unlock(); s.faults.duplicate = on }

// Reorder swaps each two events while it is on.
func (s *Server) Reorder(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults.reorder = on
	if on {
		return
	}
	for st := range s.streams {
		late := st.late
		st.late = nil
		st.send(late, s.faults.holding)
	}
}

// Slow delays the answer of every query and review.
func (s *Server) Slow(d time.Duration) { s.mu.Lock(); defer s.mu.Unlock(); s.faults.slow = d }

// Lag keeps what is younger than d from queries and REST, also when a change was
// updated: an index behind its events.
func (s *Server) Lag(d time.Duration) { s.mu.Lock(); defer s.mu.Unlock(); s.faults.lag = d }

// RefuseReviews refuses the next n reviews with stderr and exit status 1.
func (s *Server) RefuseReviews(n int, stderr string) { s.fault(n, reviewFault{stderr: stderr}) }

// SwallowReviews takes the next n reviews, exits with 0 and posts nothing.
func (s *Server) SwallowReviews(n int) { s.fault(n, reviewFault{swallow: true}) }

// CutReviews cuts all connections at the next n reviews, after the comment was
// posted or before.
func (s *Server) CutReviews(n int, posted bool) { s.fault(n, reviewFault{cut: true, post: posted}) }

// ReviewsLost is how many reviews were lost because CutReviews cut them off.
func (s *Server) ReviewsLost() int { s.mu.Lock(); defer s.mu.Unlock(); return s.faults.lost }

func (s *Server) fault(n int, f reviewFault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for range n {
		s.faults.reviews = append(s.faults.reviews, f)
	}
}

func (s *Server) nextReviewFault() reviewFault {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.faults.reviews) == 0 {
		return reviewFault{post: true}
	}
	f := s.faults.reviews[0]
	s.faults.reviews = s.faults.reviews[1:]
	if f.cut && !f.post {
		s.faults.lost++
	}
	return f
}
