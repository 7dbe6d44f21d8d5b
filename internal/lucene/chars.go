package lucene

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// special are the characters that end a term unless a backslash stands before
// them; + and - may stand inside of one.
const special = " \t\n\r\u3000+-!():^[]\"{}~*?\\/"

// spaceLen is the length of the white space character that s begins with, 0 if
// it begins with none. U+3000 is the ideographic space.
func spaceLen(s string) int {
	if s == "" {
		return 0
	}
	switch s[0] {
	case ' ', '\t', '\n', '\r':
		return 1
	}
	if strings.HasPrefix(s, "\u3000") {
		return len("\u3000")
	}
	return 0
}

// runLen is the length of the run of term characters that s begins with: all
// but the special ones, escaped ones, and those in also (but + and - never
// begin a term, which plain has seen to).
func runLen(s, also string) int {
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == '\\' && i+1 < len(s):
			_, next := utf8.DecodeRuneInString(s[i+1:])
			size += next
		case strings.ContainsRune(special, r) && !strings.ContainsRune(also, r):
			return i
		}
		i += size
	}
	return len(s)
}

// digits is the length of the run of digits that s begins with.
func digits(s string) int {
	return len(s) - len(strings.TrimLeft(s, "0123456789"))
}

// unexpected words what a parser cannot use here.
func unexpected(rest string) string {
	if rest == "" {
		return "the query ends too early"
	}
	r, _ := utf8.DecodeRuneInString(rest)
	if r == '\\' {
		return "a backslash needs a character behind it"
	}
	return fmt.Sprintf("unexpected %q", string(r))
}

// runeLen is the length of the first code point of s, which is not empty.
func runeLen(s string) int {
	_, n := utf8.DecodeRuneInString(s)
	return n
}

// badUTF8 is the offset of the first byte of s that is not UTF-8, or -1.
func badUTF8(s string) int {
	for i, r := range s {
		if r == utf8.RuneError && runeLen(s[i:]) == 1 {
			return i
		}
	}
	return -1
}

// javaTrim takes control characters and spaces from both ends, as Java's trim.
func javaTrim(s string) string {
	return strings.TrimFunc(s, func(r rune) bool { return r <= ' ' })
}

// blank reports whether that leaves nothing of s: Elasticsearch matches nothing
// with such a query, and refuses one of U+3000 alone.
func blank(s string) bool { return javaTrim(s) == "" }
