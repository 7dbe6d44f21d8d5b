package joblog

import (
	"bytes"
	"iter"
)

// Window is a stretch of a plain log that holds whole events.
type Window struct {
	Text   []byte // as found, valid until the next window
	Line   int64  // number of its first line in the plain text, 1-based
	Offset int64  // in bytes of the plain text

	pick  *folder // folds what is asked for
	text  []byte  // of ev, where it was folded
	whole bool    // Text is ev's
	ev    Event   // the one that was asked for last
	found bool    // there is one; else its lines are dropped
	from  int     // text[from:same] are lines of ev, or dropped
	same  int
	begin int // a border: where the folding of ev began
	end   int // a border: where the event after it begins

	counted int // lines were counted up to here
	lines   int64
}

func (w *Window) reset(text []byte, line, offset int64) {
	*w = Window{Text: text, Line: line, Offset: offset, pick: w.pick, text: w.text}
}

// Event is the event that byte i of the text belongs to, as Fold gives it: its
// Text is valid until the next call. There is none where lines are dropped.
// Events are best asked for in their order.
func (w *Window) Event(i int) (Event, bool) {
	switch {
	case w.whole:
		return w.ev, true
	case w.from <= i && i < w.same:
	case w.pick.format == plain:
		w.line(i)
	default:
		w.fold(i)
	}
	return w.ev, w.found
}

// Cut reports whether the window is a piece of an event that is longer than
// FoldOptions allow and goes on in the next window; line is the event's.
func (w *Window) Cut() (line int64, cut bool) { return w.ev.Line, w.whole && w.ev.Cut }

// Lines reports whether each line is an event.
func (w *Window) Lines() bool { return w.pick.format == plain }

// Events yields the window's events in their order, each until the next.
func (w *Window) Events() iter.Seq[Event] {
	return func(yield func(Event) bool) {
		if w.whole {
			yield(w.ev)
			return
		}
		last := int64(-1)
		for i := 0; i < len(w.Text); i = w.same {
			if ev, ok := w.Event(i); ok && ev.Offset != last {
				if last = ev.Offset; !yield(ev) {
					return
				}
			}
		}
	}
}

// line takes the line of byte i for an event.
func (w *Window) line(i int) {
	w.from, w.same, w.found = w.start(i), w.next(i), true
	text := w.lineAt(w.from)
	w.ev = Event{Text: text, Line: w.number(w.from), Offset: w.Offset + int64(w.from), Time: w.pick.format.head(text).time}
}

// number is the number of the line that begins at byte i.
func (w *Window) number(i int) int64 {
	if i < w.counted {
		w.counted, w.lines = 0, 0
	}
	w.lines += int64(bytes.Count(w.Text[w.counted:i], []byte{'\n'}))
	w.counted = i
	return w.Line + w.lines
}

// fold finds the event of byte i: from the last border in front of it the lines
// are folded until the event is complete.
func (w *Window) fold(i int) {
	floor := 0
	if i >= w.end {
		floor = w.end
	} else if i >= w.begin {
		floor = w.begin
	}
	at, dropped := w.back(i, floor)
	if w.from, w.same, w.found = i, w.next(i), false; !dropped {
		w.forward(at, i)
	}
}

// back is the last border in front of byte i, not before floor, which is one;
// dropped says that the line of byte i belongs to a dropped event.
func (w *Window) back(i, floor int) (at int, dropped bool) {
	nearest := true
	for at = w.start(i); at > floor; at = w.start(at - 1) {
		h := w.pick.format.head(w.lineAt(at))
		switch {
		case w.pick.begins(h):
			return at, false
		case h.starts && nearest && !h.trace:
			return at, true
		case h.starts:
			nearest = false
		}
	}
	return at, false
}

// forward folds the lines from a border on.
func (w *Window) forward(at, i int) {
	f, begin, number := w.pick, at, w.number(at)
	reached, done := false, false
	f.restart()
	f.yield = func(ev Event, _ error) bool {
		if reached && !done {
			done, w.ev = true, ev
			w.text, f.text = f.text, w.text[:0] // the next event must not overwrite it
		}
		return true
	}
	kept := len(w.Text)
	for ; at < len(w.Text); number++ {
		f.piece(w.raw(at), number, w.Offset+int64(at), true, true)
		if done {
			break
		}
		if f.drop && reached {
			kept = min(kept, at)
		}
		if at = w.next(at); at > i && !reached {
			if reached = true; f.drop {
				return
			}
		}
	}
	f.flush(false)
	w.found, w.same, w.begin, w.end = true, min(kept, at), begin, at
}

// start is where the line of byte i begins, next where the line behind it does.
func (w *Window) start(i int) int { return bytes.LastIndexByte(w.Text[:i], '\n') + 1 }

func (w *Window) next(i int) int {
	if n := bytes.IndexByte(w.Text[i:], '\n'); n >= 0 {
		return i + n + 1
	}
	return len(w.Text)
}

// lineAt is the line that begins at byte i, without its end; raw is with the
// carriage return that may be a part of that.
func (w *Window) lineAt(i int) []byte { return trimCR(w.raw(i)) }

func (w *Window) raw(i int) []byte { return bytes.TrimSuffix(w.Text[i:w.next(i)], []byte{'\n'}) }
