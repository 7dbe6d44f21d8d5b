package queries

import (
	"strings"

	"go.yaml.in/yaml/v4"
)

// placeOf finds where byte offset of a scalar's value stands in the file: the
// value is walked side by side with the text that it was read from, through
// indentation, folded lines, doubled quotes and escapes.
func placeOf(body []byte, n *yaml.Node, offset int) (row, col int) {
	w := newWalker(body, n)
	for _, r := range n.Value[:min(offset, len(n.Value))] {
		w.find(r)
		w.step()
	}
	if offset < len(n.Value) {
		w.find([]rune(n.Value[offset:])[0])
	}
	return w.row + 1, w.col + 1
}

// walker stands at one character of a file.
type walker struct {
	lines    [][]rune
	row, col int // from 0
	style    yaml.Style
	indent   int // of a block scalar
}

const blockStyle = yaml.LiteralStyle | yaml.FoldedStyle

// newWalker stands at the first character of a scalar.
func newWalker(body []byte, n *yaml.Node) *walker {
	w := &walker{row: max(n.Line-1, 0), col: max(n.Column-1, 0), style: n.Style}
	for line := range strings.SplitSeq(string(body), "\n") {
		w.lines = append(w.lines, []rune(strings.TrimSuffix(line, "\r")))
	}
	switch {
	case n.Style&blockStyle != 0:
		w.indent = w.blockIndent(n)
		w.newline()
	case n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0:
		w.col++
	}
	return w
}

// blockIndent is the indentation of a block scalar: that of its first line
// that holds something, less the spaces that belong to the value.
func (w *walker) blockIndent(n *yaml.Node) int {
	first := strings.TrimLeft(n.Value, "\n")
	own := len(first) - len(strings.TrimLeft(first, " "))
	for _, line := range w.lines[min(w.row+1, len(w.lines)):] {
		for i, r := range line {
			if r != ' ' {
				return max(i-own, 0)
			}
		}
	}
	return 0
}

// here is the character that the walker stands at; '\n' at a line's end and 0
// at the file's.
func (w *walker) here() rune {
	if w.row >= len(w.lines) {
		return 0
	}
	if line := w.lines[w.row]; w.col < len(line) {
		return line[w.col]
	}
	return '\n'
}

// newline goes to the next line, behind its indentation.
func (w *walker) newline() {
	w.row, w.col = w.row+1, 0
	for w.here() == ' ' || w.here() == '\t' && w.style&blockStyle == 0 {
		if w.style&blockStyle != 0 && w.col == w.indent {
			return
		}
		w.col++
	}
}

// find goes to the character that stands for r in the value, past what folding
// leaves out.
func (w *walker) find(r rune) {
	for {
		switch c := w.here(); {
		case c == 0 || c == r || w.escaped():
			return
		case c == '\n':
			if r == ' ' {
				return
			}
			w.newline()
		case c == ' ' || c == '\t' || c == '\\' && w.style&yaml.DoubleQuotedStyle != 0: // a line goes on
			w.col++
		default:
			return
		}
	}
}

// escaped reports whether an escape of a double-quoted scalar stands here,
// which is one character of the value.
func (w *walker) escaped() bool {
	return w.style&yaml.DoubleQuotedStyle != 0 && w.here() == '\\' && w.col+1 < len(w.lines[w.row])
}

// step goes behind the character here.
func (w *walker) step() {
	switch {
	case w.here() == 0:
	case w.here() == '\n':
		w.newline()
	case w.escaped():
		w.col += escapeLen(w.lines[w.row][w.col+1])
	case w.style&yaml.SingleQuotedStyle != 0 && w.here() == '\'':
		w.col += 2
	default:
		w.col++
	}
}

// escapeLen is the length of an escape by the letter behind the backslash.
func escapeLen(letter rune) int {
	switch letter {
	case 'x':
		return 4
	case 'u':
		return 6
	case 'U':
		return 10
	}
	return 2
}
