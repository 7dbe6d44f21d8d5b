package gerritstream

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"sync"
	"time"
)

// maxRow is the longest line of an answer that is kept, in bytes: a change with
// all its comments.
const maxRow = 64 << 20

// shortRow is below what a line may be the statistics or an error, in bytes.
const shortRow = 16 << 10

// Row is one change of an answer that nobody has read yet: reading is the dear
// part, and may be done in another goroutine than Each's.
type Row interface {
	Change() (QueriedChange, error)
}

// rowLine is a row as it came.
type rowLine []byte

// Change implements Row.
func (l rowLine) Change() (QueriedChange, error) {
	var row wireRow
	if err := lenient(json.Unmarshal(l, &row)); err != nil {
		return QueriedChange{}, fmt.Errorf("gerrit query: malformed answer: %w", err)
	}
	return row.queried(), nil
}

// TooLongError says that Gerrit shows so much of a change that it was not kept.
type TooLongError struct {
	Change int64 // 0 when that is not known either
	Bytes  int
}

// Error implements error.
func (e *TooLongError) Error() string {
	return fmt.Sprintf("gerrit query: change %d: a line of %d bytes, over the limit of %d", e.Change, e.Bytes, maxRow)
}

// Each asks one page and hands out its rows as they come, newest first, so that
// no more than one is held here; it says whether Gerrit has more. An error of f
// ends it. A row that is too long is handed to f as an error, and f may go on.
// The answer may take as long as it likes, if no row takes longer than the
// bound on commands.
func (c *Client) Each(ctx context.Context, q Query, f func(Row, error) error) (more bool, err error) {
	cmd, err := q.command()
	if err != nil {
		return false, fmt.Errorf("gerrit query: %w", err)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	late := time.AfterFunc(c.o.CommandTimeout, func() {
		cancel(fmt.Errorf("nothing came for %v", c.o.CommandTimeout))
	})
	defer late.Stop()
	w := &rowWriter{f: f, alive: func() { late.Reset(c.o.CommandTimeout) }, refused: make(chan error, 1)}
	r, err := c.cmds.stream(ctx, cmd, nil, w, w.refused)
	w.close()
	if err == nil {
		err = w.end(r.stderr)
	} else if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	if err != nil {
		return false, fmt.Errorf("gerrit query %q: %w", cut(q.Text, 200), err)
	}
	return w.more, nil
}

// rowWriter cuts what is written to it into rows.
type rowWriter struct {
	f       func(Row, error) error
	alive   func()
	refused chan error

	mu     sync.Mutex
	closed bool   // nobody listens any more
	part   []byte // of the unfinished line; at most maxRow
	length int    // of it, also of what was not kept
	done   bool   // the last line has come
	more   bool
	failed error
}

// Write implements io.Writer. After a failure it takes everything and does
// nothing, as a writer that fails would leave the command hanging.
func (w *rowWriter) Write(b []byte) (int, error) {
	n := len(b)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return n, nil
	}
	w.alive()
	for w.failed == nil {
		i := bytes.IndexByte(b, '\n')
		if i < 0 {
			w.keep(b)
			break
		}
		w.keep(b[:i])
		b = b[i+1:]
		if w.failed = w.line(); w.failed != nil {
			w.refused <- w.failed
		}
		w.part, w.length = make([]byte, 0, min(len(w.part), 1<<20)), 0 // the next is about as long
		w.alive()
	}
	return n, nil
}

// close waits for the row in hand and takes no more: the connection may still be
// read when a command has been given up, and f's owner is gone then.
func (w *rowWriter) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
}

func (w *rowWriter) keep(b []byte) {
	w.length += len(b)
	w.part = append(w.part, b[:min(len(b), maxRow-len(w.part))]...)
}

// line handles one whole line.
func (w *rowWriter) line() error {
	line := bytes.TrimSpace(w.part)
	switch {
	case w.length > maxRow:
		return w.f(nil, &TooLongError{Change: numberIn(line), Bytes: w.length})
	case len(line) == 0:
		return nil
	case len(line) > shortRow: // only a change is as long
		return w.f(rowLine(line), nil)
	}
	var row wireRow
	if err := lenient(json.Unmarshal(line, &row)); err != nil {
		return fmt.Errorf("malformed answer: %w", err)
	}
	switch row.Type {
	case "error":
		return fmt.Errorf("gerrit says: %s", cut(string(row.Message), 500))
	case "stats":
		w.more, w.done = row.More, true
		return nil
	}
	return w.f(rowLine(line), nil)
}

// end says whether the answer is whole.
func (w *rowWriter) end(stderr string) error {
	switch {
	case w.failed != nil:
		return w.failed
	case w.done:
		return nil
	case stderr != "":
		return fmt.Errorf("the answer is cut off: %s", cut(stderr, 500))
	}
	return errors.New("the answer is cut off")
}

var rowNumber = regexp.MustCompile(`"number":"?(\d{1,18})`)

// numberIn is the change's number, which stands before its comments.
func numberIn(line []byte) int64 {
	m := rowNumber.FindSubmatch(line[:min(len(line), 64<<10)])
	if m == nil {
		return 0
	}
	n, _ := strconv.ParseInt(string(m[1]), 10, 64) // digits
	return n
}
