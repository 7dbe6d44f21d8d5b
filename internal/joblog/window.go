package joblog

import (
	"bytes"
	"io"
	"iter"
	"runtime/debug"
)

// Windows reads a plain log, as Fold does, in stretches of whole events: for
// those who look at all bytes but at few events.
//
// A window begins and ends where an event begins whatever came before it. Where
// no such border is within a buffer's length (an event that is very long, many
// lines that are dropped) events are folded one by one, and each is a window.
//
// A local file is not copied but mapped: if it gets shorter meanwhile, looking at
// a window may panic, which Changed tells from others.
func Windows(r io.Reader, name string, o FoldOptions) iter.Seq2[*Window, error] {
	return func(yield func(*Window, error) bool) {
		text := lenderOf(r, o.Buffer)
		defer text.close()
		defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
		s := newSplitter(text, name, o, yield)
		if o.Read == nil {
			o.Read = &Extent{}
		}
		if err := s.read(o.Read); err != nil && !s.f.stopped {
			yield(nil, err)
		}
	}
}

// splitter cuts a log into windows.
type splitter struct {
	text  lender
	lent  int     // how much of it was lent at once
	f     *folder // for what no window can hold
	at    cursor
	w     Window
	one   Window
	yield func(*Window, error) bool
}

func newSplitter(text lender, name string, o FoldOptions, yield func(*Window, error) bool) *splitter {
	s := &splitter{text: text, yield: yield, at: cursor{line: 1, offset: text.offset()}}
	s.f = newFolder(name, o, s.single)
	pick := newFolder(name, o, nil)
	pick.names = s.f.names
	s.w = Window{pick: pick}
	s.one = Window{pick: pick, whole: true}
	return s
}

// single yields an event that was folded.
func (s *splitter) single(ev Event, _ error) bool {
	s.one.Text, s.one.Line, s.one.Offset, s.one.ev = ev.Text, ev.Line, ev.Offset, ev
	return s.yield(&s.one, nil)
}

// NewBuffer makes a FoldOptions.Buffer.
func NewBuffer() []byte { return make([]byte, bufferSize) }

// read cuts up the text.
func (s *splitter) read(done *Extent) error {
	for rest := 0; ; {
		buf, err := s.text.lend(rest)
		done.Bytes += int64(max(len(buf)-rest, 0))
		s.lent = len(buf)
		rest = len(s.take(buf, err != nil))
		done.Lines = s.at.line - 1
		if s.f.stopped {
			return nil
		}
		if err != nil {
			return ended(err)
		}
	}
}

// take uses up what it can of buf, all of it at the text's end, and returns the
// rest.
func (s *splitter) take(buf []byte, end bool) []byte {
	for len(buf) > 0 && !s.f.stopped {
		if s.f.until == nil { // not in the middle of folding
			if n := s.border(buf, end); n > 0 {
				buf = s.window(buf, n)
				continue
			}
			if len(buf) < s.lent && !end && len(buf) <= s.f.limit {
				return buf
			}
			s.f.restart()
			s.f.until = s.after(s.at.offset)
		}
		buf = s.f.lines(buf, &s.at, end)
		if !s.f.left && !end {
			return buf
		}
		s.f.flush(false)
		s.f.until = nil
	}
	return buf
}

// after stops a folder at the first border behind offset.
func (s *splitter) after(offset int64) func([]byte) bool {
	return func(line []byte) bool {
		return s.at.offset > offset && s.f.begins(s.f.format.head(trimCR(line)))
	}
}

// border is how much of buf, all of whose events are shorter than the limit,
// holds whole events; 0: none that can be told.
func (s *splitter) border(buf []byte, end bool) int {
	if len(buf) > s.f.limit {
		buf, end = buf[:s.f.limit], false
	}
	if end {
		return len(buf)
	}
	last := bytes.LastIndexByte(buf, '\n') + 1
	if s.f.format == plain {
		return last
	}
	stamped := false
	for next := last; next > 0; {
		at := bytes.LastIndexByte(buf[:next-1], '\n') + 1
		h := s.f.format.head(trimCR(buf[at : next-1]))
		if at > 0 && s.f.begins(h) {
			return at
		}
		stamped = stamped || h.starts
		next = at
	}
	if stamped {
		return 0
	}
	return last // so far no timestamp at all: each line is an event
}

// window yields the first n bytes of buf.
func (s *splitter) window(buf []byte, n int) []byte {
	lines := bytes.Count(buf[:n], []byte{'\n'}) // the first look, which waits for memory anyhow
	s.w.reset(buf[:n], s.at.line, s.at.offset)
	s.f.stopped = !s.yield(&s.w, nil)
	s.at.line += int64(lines)
	s.at.offset += int64(n)
	return buf[n:]
}
