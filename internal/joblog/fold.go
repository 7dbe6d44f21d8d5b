package joblog

import (
	"bytes"
	"cmp"
	"io"
	"iter"
	"time"
)

// MaxEvent is how long an event may get, in bytes, unless FoldOptions say
// otherwise. What is longer comes in pieces.
const MaxEvent = 1 << 20

// FoldOptions change how lines are folded.
type FoldOptions struct {
	KeepDebug bool    // keep what oslo.log wrote as DEBUG
	MaxEvent  int     // bytes of one event; default MaxEvent
	Buffer    []byte  // of Windows, to be used again for the next file; nil: a new one
	Read      *Extent // of Windows: how much was read so far; may be nil
}

// Extent is how much of a text was read.
type Extent struct {
	Bytes int64
	Lines int64 // that were given whole, with their ends
}

// Event is one log event: a line, or several that belong together.
type Event struct {
	Text     []byte    // valid until the next event; lines joined by "\n", as found: perhaps no valid UTF-8
	Line     int64     // number of its first line in the plain text, 1-based
	Offset   int64     // of that line, or of the piece, in bytes of the plain text
	Time     time.Time // zero when the event carries none
	LogLevel string    // oslo.log's, as Module and Pid; empty when not said
	Module   string
	Pid      string
	Cut      bool // longer than MaxEvent: this is a piece, and the next event goes on with it
}

// Fold reads a plain log and yields its events in order. name decides the
// format (see Document):
//
// In a console log an event begins at `^TIMESTAMP |`, which is stripped; other
// lines fold into it. In a log of oslo.log an event begins at a timestamp, and
// TRACE and ERROR lines with a pid, the lines of tracebacks, fold into the event
// before. DEBUG events are dropped there with all their lines. Elsewhere, and
// before the first timestamp, each line is an event. A carriage return in front
// of a line's end is no part of it.
//
// Memory is bounded by MaxEvent, whatever the lines are. An error of r comes
// last, after all events that could be read.
func Fold(r io.Reader, name string, o FoldOptions) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		f := newFolder(name, o, yield)
		if err := f.read(r); err != nil && !f.stopped {
			yield(Event{}, err)
		}
	}
}

// bufferSize is how much of a log is looked at at once: it stays in a core's
// second cache.
const bufferSize = 128 << 10

// newFolder makes a folder that is at a file's beginning.
func newFolder(name string, o FoldOptions, yield func(Event, error) bool) *folder {
	return &folder{format: formatOf(name), keepDebug: o.KeepDebug, limit: max(cmp.Or(o.MaxEvent, MaxEvent), 64),
		names: map[string]string{}, yield: yield}
}

// folder holds the event that is being put together.
type folder struct {
	format    format
	keepDebug bool
	limit     int
	names     map[string]string // modules and pids, each allocated once
	yield     func(Event, error) bool
	until     func(line []byte) bool // if set: in front of which line to stop

	ev      Event
	text    []byte
	open    bool // ev has been begun
	anchor  bool // ev began with a timestamp, so that other lines belong to it
	drop    bool // the lines now read belong to a dropped event
	left    bool // stopped by until
	stopped bool // yield wants no more
}

// cursor is where in the plain text the reader is.
type cursor struct {
	line, offset int64
	inside       bool // the piece before was not the end of its line
}

// read splits r into lines of at most a buffer's length; longer ones come in
// pieces.
func (f *folder) read(r io.Reader) error {
	at := &cursor{line: 1}
	buf := make([]byte, 0, bufferSize)
	for {
		n, err := io.ReadAtLeast(r, buf[len(buf):cap(buf)], 1)
		buf = buf[:len(buf)+n]
		rest := f.lines(buf, at, err != nil)
		if f.stopped {
			return nil
		}
		buf = buf[:copy(buf[:cap(buf)], rest)]
		if err != nil {
			f.flush(false)
			return ended(err)
		}
	}
}

// lines takes the lines in buf and returns what is still to be completed;
// nothing, when this is the text's end.
func (f *folder) lines(buf []byte, at *cursor, end bool) []byte {
	rest := buf
	for len(rest) > 0 && !f.stopped {
		n := bytes.IndexByte(rest, '\n')
		whole := n >= 0
		if !whole {
			if n = len(rest); !end && n < cap(buf) {
				break
			}
		}
		if f.until != nil && !at.inside && f.until(rest[:n]) {
			f.left = true
			break
		}
		f.piece(rest[:n], at.line, at.offset, !at.inside, whole || end)
		at.inside = !whole
		if whole {
			n++
			at.line++
		}
		at.offset += int64(n)
		rest = rest[n:]
	}
	return rest
}

func ended(err error) error {
	if err == io.EOF {
		return nil
	}
	return err
}

// piece takes a line or a part of one.
func (f *folder) piece(b []byte, line, offset int64, first, last bool) {
	if last {
		b = trimCR(b)
	}
	if !first {
		if !f.drop {
			f.add(b, line, offset)
		}
		return
	}
	h := f.format.head(b)
	switch {
	case h.trace && f.anchor:
		f.drop = false
	case h.starts && h.level == "DEBUG" && !f.keepDebug:
		f.drop = true
		return
	case h.starts || !f.anchor && !f.drop:
		f.flush(false)
		f.begin(h, line, offset)
		f.add(b[h.strip:], line, offset+int64(h.strip))
		return
	}
	if !f.drop {
		f.text = append(f.text, '\n')
		f.add(b, line, offset)
	}
}

// trimCR takes a carriage return off a line's end.
func trimCR(line []byte) []byte {
	if n := len(line) - 1; n >= 0 && line[n] == '\r' {
		return line[:n]
	}
	return line
}

// begins reports whether an event begins at a line whatever came before.
func (f *folder) begins(h head) bool {
	return h.starts && !h.trace && (f.keepDebug || h.level != "DEBUG")
}

// restart forgets what came before, as at a file's beginning.
func (f *folder) restart() {
	f.text, f.open, f.anchor, f.drop, f.left = f.text[:0], false, false, false, false
}

func (f *folder) begin(h head, line, offset int64) {
	f.ev = Event{Line: line, Offset: offset, Time: h.time, LogLevel: h.level, Module: f.name(h.module), Pid: f.name(h.pid)}
	f.open, f.drop = true, false
	f.anchor = h.starts && f.format != plain
}

// add appends to the event, in pieces where it grows over the limit.
func (f *folder) add(b []byte, line, offset int64) {
	for len(f.text)+len(b) > f.limit && !f.stopped {
		fits := max(f.limit-len(f.text), 0)
		fits = border(b, fits)
		f.text = append(f.text, b[:fits]...)
		b = b[fits:]
		offset += int64(fits)
		f.flush(true)
		f.ev.Line, f.ev.Offset, f.open = line, offset, true
	}
	f.text = append(f.text, b...)
}

// border moves a cut at n back to just behind a space, if there is one near, so
// that words stay whole.
func border(b []byte, n int) int {
	if i := bytes.LastIndexByte(b[max(n-1024, 0):n], ' '); i >= 0 {
		return max(n-1024, 0) + i + 1
	}
	return n
}

// flush yields the event; cut says that its text goes on in the next one.
func (f *folder) flush(cut bool) {
	if !f.open || f.stopped {
		return
	}
	f.ev.Text, f.ev.Cut = f.text, cut
	f.stopped = !f.yield(f.ev, nil)
	f.text, f.open = f.text[:0], false
	if !cut {
		f.anchor = false
	}
}

// name returns b as a string that is allocated once a file; hostile logs with
// ever new names just cost their allocation.
func (f *folder) name(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	if s, ok := f.names[string(b)]; ok {
		return s
	}
	s := string(bytes.Clone(b))
	if len(f.names) < 1000 {
		f.names[s] = s
	}
	return s
}
