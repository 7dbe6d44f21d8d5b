package lucene

import (
	"slices"
	"unicode/utf8"
)

// ReplaceInvalid replaces what is not UTF-8 by U+FFFD, one for each piece that
// Java's decoder takes together: as much of a sequence as is well-formed, and a
// whole encoded surrogate. It returns b itself if there is nothing to replace.
func ReplaceInvalid(b []byte) []byte {
	if utf8.Valid(b) {
		return b
	}
	out := make([]byte, 0, len(b)+len(b)/2)
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n == 1 {
			out = append(out, "\uFFFD"...)
			n = malformed(b)
		} else {
			out = append(out, b[:n]...)
		}
		b = b[n:]
	}
	return slices.Clip(out)
}

// malformed is how many bytes at the start of b are replaced at once.
func malformed(b []byte) int {
	switch c := b[0]; {
	case c >= 0xe0 && c < 0xf0:
		switch {
		case len(b) == 1 || !continues(b[1]) || c == 0xe0 && b[1] < 0xa0:
			return 1
		case len(b) == 2 || !continues(b[2]):
			return 2
		}
		return 3 // a surrogate
	case c >= 0xf0 && c <= 0xf4:
		switch {
		case len(b) == 1 || !continues(b[1]) || c == 0xf0 && b[1] < 0x90 || c == 0xf4 && b[1] > 0x8f:
			return 1
		case len(b) == 2 || !continues(b[2]):
			return 2
		}
		return 3
	}
	return 1
}

func continues(c byte) bool { return c&0xc0 == 0x80 }
