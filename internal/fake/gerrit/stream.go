package gerrit

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/gliderlabs/ssh"
)

// queueLength is how many events Gerrit keeps for a reader that is slow.
const queueLength = 128

// stream is one running stream-events. Fields are guarded by Server.mu.
type stream struct {
	kinds   map[string]bool // empty: all
	queue   chan []byte
	held    []byte
	late    []byte // while reordering: waits for the next one
	dropped bool
	deaf    bool
}

// send queues b; a full queue drops it. Server.mu is held.
func (st *stream) send(b []byte, hold bool) {
	if hold {
		st.held = append(st.held, b...)
		return
	}
	if len(b) == 0 || st.deaf {
		return
	}
	select {
	case st.queue <- b:
	default:
		st.dropped = true
	}
}

// streamEvents is the command. It ends with the connection.
func (s *Server) streamEvents(session ssh.Session, who *account, args []string) {
	if who == nil || !who.service {
		fail(session, 1, "stream events not permitted\n")
		return
	}
	st := &stream{kinds: map[string]bool{}, queue: make(chan []byte, queueLength)}
	for i := 0; i+1 < len(args); i += 2 {
		if args[i] != "-s" && args[i] != "--subscribe" {
			fail(session, 1, fmt.Sprintf("fatal: %q is not a valid option\n", args[i]))
			return
		}
		st.kinds[args[i+1]] = true
	}
	s.mu.Lock()
	s.streams[st] = true
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		delete(s.streams, st)
		s.mu.Unlock()
	}()
	for {
		select {
		case <-session.Context().Done():
			return
		case b := <-st.queue:
			if _, err := session.Write(s.withDropped(st, b)); err != nil {
				return
			}
		}
	}
}

// withDropped puts the dropped-output line behind b when events were dropped.
func (s *Server) withDropped(st *stream, b []byte) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !st.dropped {
		return b
	}
	st.dropped = false
	return append(append([]byte(nil), b...), s.droppedLine()...)
}

// emit sends e about c to all who want it, behind the ref-updated of the
// change's meta data that a real server sends first. Server.mu is held.
func (s *Server) emit(c *change, e *event) {
	s.fill(c, e)
	s.deliver(metaEvent(c, e))
	s.deliver(e)
}

func (s *Server) deliver(e *event) {
	b, err := json.Marshal(e)
	if err != nil {
		return // no value of ours can fail
	}
	b = append(b, '\n')
	for st := range s.streams {
		if len(st.kinds) > 0 && !st.kinds[e.Type] {
			continue
		}
		out := b
		switch {
		case s.faults.reorder && st.late == nil:
			st.late = b
			continue
		case s.faults.reorder:
			out, st.late = append(bytes.Clone(b), st.late...), nil
		}
		st.send(out, s.faults.holding)
		if s.faults.duplicate {
			st.send(out, s.faults.holding)
		}
	}
}
