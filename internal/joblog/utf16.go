package joblog

import (
	"bytes"
	"encoding/binary"
	"io"
	"unicode/utf16"
	"unicode/utf8"
)

// inUTF8 gives a text that begins with UTF-16's byte order mark, as PowerShell
// writes logs, in UTF-8 and without the mark; any other as it is. UTF-32 is
// refused aloud, for no query finds anything in it.
func inUTF8(r io.Reader) (io.Reader, error) {
	var head [4]byte
	n, err := 0, error(nil)
	for n < len(head) && err == nil {
		var m int
		m, err = r.Read(head[n:])
		n += m
	}
	rest := &behind{head: head[:n], r: r, err: err}
	if bytes.HasPrefix(head[:n], []byte{0xff, 0xfe, 0, 0}) || bytes.HasPrefix(head[:n], []byte{0, 0, 0xfe, 0xff}) {
		return nil, &overError{"the text is UTF-32"}
	}
	order := byteOrder(head[:n])
	if order == nil {
		return rest, nil
	}
	rest.head = rest.head[2:]
	return &utf16Reader{r: rest, order: order}, nil
}

// byteOrder is that of the mark which a text begins with; nil: there is none.
func byteOrder(head []byte) binary.ByteOrder {
	switch {
	case bytes.HasPrefix(head, []byte{0xff, 0xfe}):
		return binary.LittleEndian
	case bytes.HasPrefix(head, []byte{0xfe, 0xff}):
		return binary.BigEndian
	}
	return nil
}

// behind is a reader some of which was read already.
type behind struct {
	head []byte
	r    io.Reader
	err  error // what r said then
}

func (b *behind) Read(p []byte) (int, error) {
	if len(b.head) > 0 {
		n := copy(p, b.head)
		b.head = b.head[n:]
		return n, nil
	}
	if b.err != nil {
		return 0, b.err
	}
	return b.r.Read(p)
}

// utf16Reader gives UTF-16 as UTF-8; what is none is U+FFFD.
type utf16Reader struct {
	r     io.Reader
	order binary.ByteOrder
	in    [8 << 10]byte
	kept  int // bytes of in that are no whole code point yet
	out   []byte
	left  []byte // of out
	err   error
}

func (u *utf16Reader) Read(p []byte) (int, error) {
	for len(u.left) == 0 {
		if u.err != nil {
			return 0, u.err
		}
		u.fill()
	}
	n := copy(p, u.left)
	u.left = u.left[n:]
	return n, nil
}

// fill decodes what it can of the next bytes.
func (u *utf16Reader) fill() {
	n, err := u.r.Read(u.in[u.kept:])
	u.err = err
	b := u.in[:u.kept+n]
	u.out = u.out[:0]
	for len(b) > 1 {
		r := rune(u.order.Uint16(b))
		size := 2
		if utf16.IsSurrogate(r) {
			if len(b) < 4 && err == nil {
				break
			}
			if r, size = utf8.RuneError, 2; len(b) >= 4 {
				pair := utf16.DecodeRune(rune(u.order.Uint16(b)), rune(u.order.Uint16(b[2:])))
				if pair != utf8.RuneError {
					r, size = pair, 4
				}
			}
		}
		u.out = utf8.AppendRune(u.out, r)
		b = b[size:]
	}
	if len(b) > 0 && err != nil {
		u.out, b = utf8.AppendRune(u.out, utf8.RuneError), nil
	}
	u.kept = copy(u.in[:], b)
	u.left = u.out
}
