package gerritstream

import "strings"

// quote makes s one word of a command line as Gerrit's SSH daemon splits it:
// within single quotes everything is literal; a single quote is written as
// '\”. Go's %q would corrupt the text. NUL and line breaks become spaces.
func quote(s string) string {
	s = strings.Map(func(r rune) rune {
		if r == 0 || r == '\n' || r == '\r' {
			return ' '
		}
		return r
	}, s)
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// cut shortens s to at most n bytes, between characters.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "")
}
