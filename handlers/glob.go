package handlers

import "strings"

// Globs are patterns over whole strings: "*" stands for any characters, "/"
// included since project names hold it, "?" for one.
type Globs []string

// Match reports whether any of the patterns stands for the whole of s.
func (g Globs) Match(s string) bool {
	for _, pattern := range g {
		if globMatch([]rune(pattern), []rune(s)) {
			return true
		}
	}
	return false
}

// lower is the same patterns for names whose capitals do not count, and come in
// lower case.
func (g Globs) lower() Globs {
	low := make(Globs, len(g))
	for i, pattern := range g {
		low[i] = strings.ToLower(pattern)
	}
	return low
}

// orAll is Match, but no patterns at all match everything.
func (g Globs) orAll(s string) bool { return len(g) == 0 || g.Match(s) }

// globMatch goes back to the last "*" only, so its time is the product of the
// two lengths at the most.
func globMatch(p, s []rune) bool {
	star, mark, i := -1, 0, 0
	for j := 0; j < len(s); {
		switch {
		case i < len(p) && p[i] == '*':
			star, mark = i, j
			i++
		case i < len(p) && (p[i] == '?' || p[i] == s[j]):
			i++
			j++
		case star >= 0:
			mark++
			i, j = star+1, mark
		default:
			return false
		}
	}
	for i < len(p) && p[i] == '*' {
		i++
	}
	return i == len(p)
}
