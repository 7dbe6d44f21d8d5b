package cli

import (
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf16"
)

// clean is a writer to people's terminals: what logs, comments and other
// people's servers say can neither move the cursor, colour, ring nor turn the
// direction of writing. JSON does not go through it: it is data, and escapes
// what a terminal would obey.
type clean struct{ to io.Writer }

// Write writes p without what a terminal would obey.
func (c clean) Write(p []byte) (int, error) {
	if _, err := io.WriteString(c.to, cleaned(string(p))); err != nil {
		return 0, err
	}
	return len(p), nil
}

// cleaned is a text without control and format characters, line feeds and tabs
// apart; other bytes than UTF-8 are shown as U+FFFD.
func cleaned(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case r == '\u2028' || r == '\u2029':
			return ' '
		case unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co):
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD"))
}

// escaped is a writer of JSON: within its strings, the only place where they can
// stand, control and format characters become \u escapes, so that the values
// stay what they are.
type escaped struct{ to io.Writer }

// Write writes p, whole characters, with what a terminal would obey escaped.
func (e escaped) Write(p []byte) (int, error) {
	if harmless(p) {
		return e.to.Write(p)
	}
	var b strings.Builder
	for _, r := range string(p) {
		if r >= 0x7f && unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co) {
			for _, unit := range utf16.Encode([]rune{r}) {
				fmt.Fprintf(&b, `\u%04x`, unit)
			}
			continue
		}
		b.WriteRune(r)
	}
	if _, err := io.WriteString(e.to, b.String()); err != nil {
		return 0, err
	}
	return len(p), nil
}

// harmless reports whether p is ASCII without DEL; of the other controls JSON has
// made escapes already.
func harmless(p []byte) bool {
	for _, c := range p {
		if c >= 0x7f {
			return false
		}
	}
	return true
}

// text is where words for people go.
func (a *app) text() io.Writer { return clean{a.out} }

// complaints is where errors for people go.
func (a *app) complaints() io.Writer { return clean{a.err} }
