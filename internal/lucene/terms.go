package lucene

import "unicode/utf8"

// wildcard reports whether s is what pattern stands for. It goes back to the
// last star only, so that no pattern takes more than len(pattern)*len(s).
func wildcard(pattern, s string) bool {
	p, i, star, again := 0, 0, -1, 0
	for i < len(s) {
		width := matchOne(pattern[p:], s[i:])
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, again = p, i
			p++
			continue
		case width > 0:
			p += width
		case star >= 0:
			again += runeLen(s[again:])
			p, i = star+1, again
			continue
		default:
			return false
		}
		i += runeLen(s[i:])
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}

// matchOne reports how many bytes of pattern stand for the first code point of
// s; 0 if they do not fit, or if it is a star's turn.
func matchOne(pattern, s string) int {
	if pattern == "" || pattern[0] == '*' {
		return 0
	}
	if pattern[0] == '?' {
		return 1
	}
	skip := 0
	if pattern[0] == '\\' && len(pattern) > 1 {
		skip = 1
	}
	n := runeLen(pattern[skip:])
	if len(s) < n || s[:n] != pattern[skip:skip+n] {
		return 0
	}
	return skip + n
}

// Distance is the number of edits between n's text and a term: insertions,
// deletions, changes and swaps of neighbours (optimal string alignment, as
// Lucene's automata count). ok is false if there are more than n.Edits.
func (n Fuzzy) Distance(term string) (edits int, ok bool) {
	if n.Text == term {
		return 0, true
	}
	if n.Edits == 0 || tooShort(n.Text, term, n.Edits) || tooShort(term, n.Text, n.Edits) {
		return 0, false
	}
	x, y := []rune(n.Text), []rune(term)
	if len(x)-len(y) > n.Edits || len(y)-len(x) > n.Edits {
		return 0, false
	}
	edits = distance(x, y)
	return edits, edits <= n.Edits
}

// tooShort reports whether short must have more than edits code points less
// than long, of which each has four bytes at most.
func tooShort(short, long string, edits int) bool {
	return len(long)/utf8.UTFMax-len(short) > edits
}

// distance fills the table of optimal string alignment row by row.
func distance(x, y []rune) int {
	before, last := make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(x); i++ {
		row := make([]int, len(y)+1)
		row[0] = i
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last = last, row
	}
	return last[len(y)]
}
