package gerritstream

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"
)

const (
	maxLine  = 16 << 20 // bytes; a longer line is set aside
	keptLine = 64 << 10 // bytes kept of a line that was too long

	shortLine = 512 // bytes; what is longer is no dropped-output line
)

// Line is one line of the event stream, as it came.
type Line struct {
	Session  string    // which connection
	Seq      int64     // its number there, from 1
	Received time.Time // on our clock
	Body     []byte    // without the line feed; at most 16 MiB, of a longer line the first 64 KiB
	Aside    string    // why it is no event, in words; "" for an event
}

// splitter cuts a byte stream into lines. It holds at most one unfinished line.
type splitter struct {
	session string
	now     func() time.Time
	seq     int64
	part    []byte // of the unfinished line; never over maxLine
	length  int    // of the unfinished line, also of what was not kept
}

// feed returns the lines that end in b.
func (s *splitter) feed(b []byte) []Line {
	var lines []Line
	for {
		i := bytes.IndexByte(b, '\n')
		if i < 0 {
			s.keep(b)
			return lines
		}
		s.keep(b[:i])
		b = b[i+1:]
		if l, ok := s.end(); ok {
			lines = append(lines, l)
		}
	}
}

// rest returns the unfinished line when the connection has ended.
func (s *splitter) rest() []Line {
	l, ok := s.end()
	if !ok {
		return nil
	}
	if l.Aside != "" {
		l.Aside = "the connection ended within the line; " + l.Aside
	}
	return []Line{l}
}

func (s *splitter) keep(b []byte) {
	s.length += len(b)
	if s.length > maxLine {
		s.part = append(s.part, b...)
		s.part = append([]byte(nil), s.part[:min(keptLine, len(s.part))]...)
		return
	}
	s.part = append(s.part, b...)
}

// end finishes the line; blank lines are none.
func (s *splitter) end() (Line, bool) {
	body, length := bytes.TrimSuffix(s.part, []byte{'\r'}), s.length
	s.part, s.length = nil, 0
	if len(bytes.TrimSpace(body)) == 0 {
		return Line{}, false
	}
	s.seq++
	return Line{Session: s.session, Seq: s.seq, Received: s.now(), Body: body, Aside: aside(body, length)}, true
}

// aside says why a line is no event, "" if it is one.
func aside(body []byte, length int) string {
	if length > maxLine {
		return fmt.Sprintf("line of %d bytes, over the limit of %d", length, maxLine)
	}
	if len(body) > shortLine && json.Valid(body) {
		return "" // whether it names a type, its reader will see
	}
	var e struct {
		Type *string `json:"type"`
	}
	if err := json.Unmarshal(body, &e); err != nil {
		return cut("malformed JSON: "+err.Error(), 200)
	}
	switch {
	case e.Type == nil || *e.Type == "":
		return "malformed: JSON without an event type"
	case *e.Type == droppedOutput:
		return "dropped-output: Gerrit has dropped events of this connection"
	}
	return ""
}

// droppedOutput is the type of the line that Gerrit sends after it has dropped
// events of a reader that was too slow.
const droppedOutput = "dropped-output"
