package irc

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Clean makes text safe to be part of a line: line breaks and tabs become
// spaces; control characters, mIRC colour and style codes, and invisible format
// characters (bidi overrides, zero-width ones, tags) go; bytes that are not
// UTF-8 become U+FFFD. See https://modern.ircdocs.horse/formatting for the codes.
func Clean(text string) string {
	var b strings.Builder
	b.Grow(len(text))
	for text != "" {
		r, size := utf8.DecodeRuneInString(text)
		switch {
		case r == '\x03':
			size += colourDigits(text[size:])
		case r == '\x04':
			size += hexDigits(text[size:])
		case r == '\r' || r == '\n' || r == '\t' || unicode.In(r, unicode.Zl, unicode.Zp):
			b.WriteByte(' ')
		case unicode.IsControl(r) || unicode.Is(unicode.Cf, r):
		default:
			b.WriteRune(r)
		}
		text = text[size:]
	}
	return b.String()
}

// colourDigits is the length of "N[N][,N[N]]" at the start of text.
func colourDigits(text string) int {
	n := run(text, 2, isDigit)
	if n > 0 && strings.HasPrefix(text[n:], ",") {
		if m := run(text[n+1:], 2, isDigit); m > 0 {
			return n + 1 + m
		}
	}
	return n
}

// hexDigits is the length of "RRGGBB[,RRGGBB]" at the start of text, 0 without.
func hexDigits(text string) int {
	const rgb = 6
	if run(text, rgb, isHex) < rgb {
		return 0
	}
	if strings.HasPrefix(text[rgb:], ",") && run(text[rgb+1:], rgb, isHex) == rgb {
		return 2*rgb + 1
	}
	return rgb
}

// run counts bytes at the start of text for which is holds, up to most.
func run(text string, most int, is func(byte) bool) int {
	n := 0
	for n < len(text) && n < most && is(text[n]) {
		n++
	}
	return n
}

func isDigit(b byte) bool { return b >= '0' && b <= '9' }
func isHex(b byte) bool   { return isDigit(b) || b|0x20 >= 'a' && b|0x20 <= 'f' }

// Split cuts text into pieces of at most maxBytes bytes (at least 4, so that any
// rune fits), at spaces; a word is cut only when it alone is longer than a
// piece, and then between characters. Spaces at a cut are dropped, nothing else
// is. Text of spaces only gives no piece.
func Split(text string, maxBytes int) []string {
	maxBytes = max(maxBytes, utf8.UTFMax)
	var pieces []string
	for text = strings.Trim(text, " "); len(text) > maxBytes; text = strings.TrimLeft(text, " ") {
		at := strings.LastIndexByte(text[:maxBytes+1], ' ')
		if at <= 0 {
			at = cutBefore(text, maxBytes)
		}
		pieces = append(pieces, strings.TrimRight(text[:at], " "))
		text = text[at:]
	}
	if text != "" {
		pieces = append(pieces, text)
	}
	return pieces
}

// cutBefore finds the last place at or before limit that does not tear a
// character: a rune, and where possible a letter and its accents.
func cutBefore(text string, limit int) int {
	at := limit
	for at > 0 && !utf8.RuneStart(text[at]) {
		at--
	}
	if at == 0 {
		return limit // not UTF-8 at all
	}
	for whole := at; whole > 0; {
		if r, _ := utf8.DecodeRuneInString(text[whole:]); !unicode.Is(unicode.M, r) {
			return whole
		}
		_, size := utf8.DecodeLastRuneInString(text[:whole])
		whole -= size
	}
	return at // accents only
}
