package joblog

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"strings"
	"sync/atomic"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"
)

// overError says that a bound was reached.
type overError struct{ why string }

func (e *overError) Error() string { return e.why }

// budget is what all files of one listing may unpack to together.
type budget struct {
	left atomic.Int64
	max  int64
}

func newBudget(n int64) *budget {
	b := &budget{max: n}
	b.left.Store(n)
	return b
}

// bound passes at most left bytes on; one more is an error, not an end.
type bound struct {
	r     io.Reader
	left  int64
	why   string
	total *budget
}

func (b *bound) Read(p []byte) (int, error) {
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.r.Read(p)
	n, over := b.take(n)
	if over != nil {
		err = over
	}
	return n, err
}

// take is how many of n more bytes may be passed on, and why not all.
func (b *bound) take(n int) (int, error) {
	if int64(n) > b.left {
		return int(b.left), &overError{b.why}
	}
	b.left -= int64(n)
	if b.total != nil && b.total.left.Add(-int64(n)) < 0 {
		return n, &overError{fmt.Sprintf("over %d bytes in all files together", b.total.max)}
	}
	return n, nil
}

// unpack undoes the content codings, the last one first (RFC 9110, 8.4), and
// then the file's own packing. What begins like gzip is gzip, whatever its name:
// object stores lose the coding that a file was stored with, and redirect X.gz to
// names without an ending. What does not is taken as it is: hosts say gzip of
// files that they have unpacked on the way. A text in UTF-16 becomes UTF-8.
func unpack(r io.Reader, encodings []string) (io.Reader, error) {
	codings := strings.Split(strings.ToLower(strings.Join(encodings, ",")), ",")
	if len(codings) > 3 {
		return nil, &overError{"more than 3 content codings"}
	}
	for i := len(codings) - 1; i >= 0; i-- {
		var err error
		switch c := strings.TrimSpace(codings[i]); c {
		case "", "identity":
		case "gzip", "x-gzip":
			r, err = gunzip(r)
		case "deflate":
			r, err = inflate(r)
		default:
			err = &overError{fmt.Sprintf("content coding %.20q is not known", c)}
		}
		if err != nil {
			return nil, err
		}
	}
	r, err := gunzip(r)
	if err != nil {
		return nil, err
	}
	return inUTF8(r)
}

func gunzip(r io.Reader) (io.Reader, error) {
	b := bufio.NewReaderSize(r, 64<<10)
	head, err := b.Peek(2)
	if err != nil && err != io.EOF {
		return nil, err
	}
	if !packed(head) {
		return b, nil
	}
	return gzip.NewReader(b)
}

// packed reports whether a file that begins so is gzip (RFC 1952, 2.3.1).
func packed(head []byte) bool { return bytes.HasPrefix(head, []byte{0x1f, 0x8b}) }

// inflate reads deflate with its zlib header (RFC 1950), as it should be, or
// without, as some servers send it.
func inflate(r io.Reader) (io.Reader, error) {
	b := bufio.NewReaderSize(r, 64<<10)
	head, err := b.Peek(2)
	if err == io.EOF && len(head) == 0 {
		return b, nil
	}
	if err != nil {
		return nil, err
	}
	if head[0]&0x0f == 8 && (int(head[0])<<8|int(head[1]))%31 == 0 {
		return zlib.NewReader(b)
	}
	return flate.NewReader(b), nil
}
