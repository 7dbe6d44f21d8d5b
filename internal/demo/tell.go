package demo

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"
)

// teller writes what happens, a line each: when, what kind, and what.
type teller struct {
	mu     sync.Mutex
	out    io.Writer
	start  time.Time
	colour bool
}

// newTeller colours where out is a terminal; NO_COLOR forbids it
// (https://no-color.org).
func newTeller(out io.Writer) *teller {
	f, ok := out.(*os.File)
	colour := ok && term.IsTerminal(int(f.Fd())) && os.Getenv("NO_COLOR") == ""
	return &teller{out: out, start: time.Now(), colour: colour}
}

// widest bounds a told line, in characters.
const widest = 160

// tell writes one thing; of several lines the first stands beside the time.
func (t *teller) tell(kind, text string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	var b strings.Builder
	head := fmt.Sprintf("%7.2fs", time.Since(t.start).Seconds())
	for line := range strings.Lines(text) {
		line = cut(strings.TrimRight(line, "\n"), widest)
		fmt.Fprintf(&b, "%8s  %s  %s\n", head, t.paint(kind, fmt.Sprintf("%-6s", kind)), line)
		head, kind = "", ""
	}
	t.write(b.String())
}

// print writes a line that is no event.
func (t *teller) print(text string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.write(text + "\n")
}

// write drops errors: who closed the terminal wants no more lines, and the
// world goes on.
func (t *teller) write(text string) { _, _ = io.WriteString(t.out, text) }

// paint colours text as its kind is.
func (t *teller) paint(kind, text string) string {
	code := map[string]string{
		"event": "36", "zuul": "90", "logs": "90", "hit": "33", "miss": "90", "review": "32",
		"irc": "35", "ask": "34", "log": "31", "FAILED": "31", "ok": "32", "scene": "1",
	}[kind]
	if !t.colour || code == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// cut is text of at most limit characters.
func cut(text string, limit int) string {
	if r := []rune(text); len(r) > limit {
		return string(r[:limit-1]) + "…"
	}
	return text
}
