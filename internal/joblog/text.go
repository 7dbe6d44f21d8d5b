package joblog

import (
	"errors"
	"io"
	"os"
	"runtime"
)

// lender gives a plain text in stretches.
type lender interface {
	// lend gives the next stretch: the last keep bytes of the one before, which is
	// not valid any more, and what follows them. It is shorter than its capacity
	// only at the text's end. Then, or where no more can be read, an error comes
	// along: io.EOF is the end.
	lend(keep int) ([]byte, error)
	offset() int64 // of what is lent next
	close()
}

// lenderOf is r's own, where r is a file that can be mapped: some file systems'
// cannot.
func lenderOf(r io.Reader, buf []byte) lender {
	from := int64(0)
	if l, ok := r.(*localFile); ok && l.plain {
		m := &mapped{file: l, stretch: bufferSize, piece: pieceSize(runtime.GOMAXPROCS(0)), at: l.from}
		if err := m.move(l.from); err == nil || errors.Is(err, errShrunk) {
			return m
		}
		from = l.from
	}
	if cap(buf) < bufferSize {
		buf = make([]byte, bufferSize)
	}
	return &stream{r: r, buf: buf[:0:bufferSize], at: from}
}

// stream is a text that is read into a buffer.
type stream struct {
	r   io.Reader
	buf []byte
	at  int64
}

func (s *stream) lend(keep int) (b []byte, err error) {
	b = s.buf[:copy(s.buf[:cap(s.buf)], s.buf[len(s.buf)-keep:])]
	for n := 0; err == nil && len(b) < cap(b); b = b[:len(b)+n] {
		n, err = io.ReadAtLeast(s.r, b[len(b):cap(b)], 1)
	}
	s.at += int64(len(b) - keep)
	s.buf = b
	return b, err
}

func (s *stream) offset() int64 { return s.at }

func (s *stream) close() {}

// How much of a file is in memory at a time: to give memory back interrupts all
// processors, so that more is better, up to some point; and what all workers have
// together counts as the program's.
const (
	maxPiece  = 16 << 20
	minPiece  = 2 << 20
	allPieces = 32 << 20
)

func pieceSize(workers int) int { return min(max(allPieces/workers, minPiece), maxPiece) }

// mapped is the text of a file of this machine, which is not copied: pieces of
// the file are mapped into memory, one after the other.
type mapped struct {
	file    *localFile
	stretch int
	piece   int
	mem     []byte
	from    int64 // of mem, in the file
	at      int64 // the end of what was lent
}

func (m *mapped) lend(keep int) ([]byte, error) {
	size := m.file.size
	begin := m.at - int64(keep)
	end := min(begin+int64(m.stretch), size)
	if begin < m.from || end > m.from+int64(len(m.mem)) {
		if err := m.move(begin); err != nil {
			return nil, err
		}
	}
	n, over := m.file.bound.take(int(end - m.at))
	m.at += int64(n)
	err := m.file.explain(over)
	if err == nil && m.at == size {
		err = m.ended()
	}
	b := m.mem[begin-m.from : m.at-m.from]
	return b[:len(b):len(b)], err
}

// move maps the piece that begin is in.
func (m *mapped) move(begin int64) (err error) {
	m.close()
	if err = m.changed(); err == nil {
		page := int64(os.Getpagesize())
		m.from = begin &^ (page - 1)
		m.mem, err = mapFile(m.file.file, m.from, int(min(max(int64(m.piece), int64(m.stretch)+page), m.file.size-m.from)))
	}
	return m.file.explain(err)
}

// ended is the end of the file as it was when it was opened.
func (m *mapped) ended() error {
	if err := m.changed(); err != nil {
		return m.file.explain(err)
	}
	return io.EOF
}

var errShrunk = errors.New("the file changed while it was read")

// changed is an error if there is less of the file than there was: to look at
// the rest would be fatal. What was written to its end since is left out, as if
// it had been opened just before.
func (m *mapped) changed() error {
	info, err := m.file.file.Stat()
	if err == nil && info.Size() < m.file.size {
		return errShrunk
	}
	return err
}

func (m *mapped) offset() int64 { return m.at }

func (m *mapped) close() {
	if m.mem == nil {
		return
	}
	m.file.low, m.file.high = addresses(m.mem)
	unmap(m.mem)
	m.mem = nil
}

// Changed tells what a panic in a loop over Windows of body was: if a part of a
// local file was looked at that is no longer there, that the text is incomplete;
// else nil.
func Changed(body io.Reader, panicked any) error {
	fault, ok := panicked.(interface{ Addr() uintptr })
	l, local := body.(*localFile)
	if !ok || !local || fault.Addr() < l.low || fault.Addr() >= l.high {
		return nil
	}
	return l.explain(errShrunk)
}
