package demo

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"

	"golang.org/x/term"
)

// teller writes what happens, a line each: when, what kind, and what.
type teller struct {
	mu     sync.Mutex
	out    io.Writer
	start  time.Time
	colour bool
	width  func() int // of the terminal, in characters; 0 where there is none
}

// newTeller colours where out is a terminal; NO_COLOR forbids it
// (https://no-color.org).
func newTeller(out io.Writer) *teller {
	t := &teller{out: out, start: time.Now(), width: func() int { return 0 }}
	if f, ok := out.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		t.colour = os.Getenv("NO_COLOR") == ""
		t.width = func() int {
			width, _, err := term.GetSize(int(f.Fd()))
			if err != nil {
				return 0
			}
			return width
		}
	}
	return t
}

const (
	widest = 600 // bounds a told line, in characters
	margin = 18  // what stands before each line
)

// tell writes one thing; of several lines the first stands beside the time. On a
// terminal long lines are broken between words.
func (t *teller) tell(kind, text string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	var b strings.Builder
	head, width := fmt.Sprintf("%7.2fs", time.Since(t.start).Seconds()), t.width()
	for line := range strings.Lines(text) {
		for _, part := range wrap(cut(visible(strings.TrimRight(line, "\n")), widest), width-margin) {
			fmt.Fprintf(&b, "%8s  %s  %s\n", head, t.paint(kind, fmt.Sprintf("%-6s", kind)), part)
			head, kind = "", ""
		}
	}
	t.write(b.String())
}

// visible is text without what a terminal would obey: anybody can speak on the
// demo's IRC server, and logs say what they like.
func visible(text string) string {
	return strings.Map(func(r rune) rune {
		if r != '\t' && unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD"))
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

// wrap breaks a line between words so that each part has at most width
// characters, if its words do; the later parts stand two further in. A width of
// less than narrowest breaks nothing.
func wrap(line string, width int) []string {
	const narrowest = 40
	if width < narrowest {
		return []string{line}
	}
	rest := []rune(line)
	indent := []rune(strings.Repeat(" ", min(len(line)-len(strings.TrimLeft(line, " "))+2, width/2)))
	var parts []string
	for len(rest) > width {
		from := len(rest) - len([]rune(strings.TrimLeft(string(rest), " ")))
		at := lastSpace(rest[:width+1], from)
		if at < 0 {
			at = from + slices.Index(rest[from:], ' ')
			if at < from {
				break
			}
		}
		parts = append(parts, string(rest[:at]))
		rest = append(slices.Clone(indent), rest[at+1:]...)
	}
	return append(parts, string(rest))
}

// lastSpace is where the last space behind from stands, -1 without one.
func lastSpace(line []rune, from int) int {
	for i := len(line) - 1; i > from; i-- {
		if line[i] == ' ' {
			return i
		}
	}
	return -1
}

// cut is text of at most limit characters.
func cut(text string, limit int) string {
	if r := []rune(text); len(r) > limit {
		return string(r[:limit-1]) + "…"
	}
	return text
}
