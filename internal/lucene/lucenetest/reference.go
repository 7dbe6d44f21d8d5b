package lucenetest

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/recheckbot/recheckbot/internal/lucene"
)

// Document is a document with all of its fields: one that is not there is
// absent.
type Document map[string][]string

// Matches tells whether a document matches a tree. It is the definition of the
// language, written to be read and as plainly as can be: what the evaluator,
// the index and the scanner answer must be what this answers.
func Matches(n lucene.Node, doc Document, m lucene.Mapping) bool {
	is := func(c lucene.Node) bool { return Matches(c, doc, m) }
	field := lucene.FieldOf(n)
	some := func(pass func(term string) bool) bool {
		return slices.ContainsFunc(terms(doc[field], m.Analysed(field)), func(t lucene.Token) bool { return pass(t.Text) })
	}
	switch n := n.(type) {
	case lucene.All:
		return true
	case lucene.Bool:
		required := !slices.ContainsFunc(n.Must, func(c lucene.Node) bool { return !is(c) })
		if len(n.Must) == 0 {
			required = slices.ContainsFunc(n.Should, is)
		}
		return required && !slices.ContainsFunc(n.Not, is)
	case lucene.Exists:
		return len(doc[field]) > 0
	case lucene.Term:
		return some(func(t string) bool { return t == n.Text })
	case lucene.Prefix:
		return some(func(t string) bool { return strings.HasPrefix(t, n.Text) })
	case lucene.Wildcard:
		return some(func(t string) bool { return like(n.Pattern, t) })
	case lucene.Fuzzy:
		return some(func(t string) bool { return within([]rune(n.Text), []rune(t), n.Edits) })
	case lucene.Range:
		if !n.Numeric {
			return some(func(t string) bool { return above(n.Low, t) && below(n.High, t) })
		}
	case lucene.Phrase:
		return m.Analysed(field) && phrase(n, terms(doc[field], true))
	case lucene.None:
		return false
	}
	return some(func(t string) bool { return lucene.MatchesTerm(n, t) }) // numbers and regular expressions
}

// terms are what a field is searched by: words with their places, or values. A
// value's words begin 100 places behind the last one's of the value before.
func terms(values []string, analysed bool) []lucene.Token {
	var list []lucene.Token
	next := 0
	for _, v := range values {
		if !analysed {
			list = append(list, lucene.Token{Text: v})
			continue
		}
		for _, t := range lucene.Tokens(v) {
			list = append(list, lucene.Token{Text: t.Text, Pos: next})
			next++
		}
		next += 100
	}
	return list
}

// phrase tries all ways to find each word somewhere, so that, each moved back
// by its own place in the phrase, they lie at most Slop apart. Where a word is
// there twice, Lucene has rules of its own, which may miss what this would find.
func phrase(n lucene.Phrase, tokens []lucene.Token) bool {
	if n.Slop > 0 && repeats(n.Terms) {
		return n.In(tokens)
	}
	const far = 1 << 40
	var try func(i, low, high int) bool
	try = func(i, low, high int) bool {
		if i == len(n.Terms) {
			return true
		}
		for _, t := range tokens {
			if at := t.Pos - i; t.Text == n.Terms[i] {
				l, h := min(low, at), max(high, at)
				if h-l <= n.Slop && try(i+1, l, h) {
					return true
				}
			}
		}
		return false
	}
	return try(0, far, -far)
}

func repeats(terms []string) bool {
	sorted := slices.Sorted(slices.Values(terms))
	return len(slices.Compact(sorted)) < len(terms)
}

// like reads `*` as any text, `?` as one code point, `\` as: take the next as
// it is.
func like(pattern, s string) bool {
	if pattern == "" {
		return s == ""
	}
	p, size := utf8.DecodeRuneInString(pattern)
	rest := pattern[size:]
	if p == '*' {
		for i := range s {
			if like(rest, s[i:]) {
				return true
			}
		}
		return like(rest, "")
	}
	c, width := utf8.DecodeRuneInString(s)
	if s == "" {
		return false
	}
	if p == '\\' && rest != "" {
		p, size = utf8.DecodeRuneInString(rest)
		rest = rest[size:]
	} else if p == '?' {
		p = c
	}
	return p == c && like(rest, s[width:])
}

// within makes a equal to b by so many edits: one code point more, one less,
// another one, or two neighbours swapped.
func within(a, b []rune, edits int) bool {
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	if len(a) == 0 && len(b) == 0 {
		return true
	}
	if edits == 0 {
		return false
	}
	return len(a) > 0 && within(a[1:], b, edits-1) ||
		len(b) > 0 && within(a, b[1:], edits-1) ||
		len(a) > 0 && len(b) > 0 && within(a[1:], b[1:], edits-1) ||
		len(a) > 1 && len(b) > 1 && a[0] == b[1] && a[1] == b[0] && within(a[2:], b[2:], edits-1)
}

func above(low lucene.Bound, t string) bool {
	return low.Open || t > low.Text || low.Inclusive && t == low.Text
}

func below(high lucene.Bound, t string) bool {
	return high.Open || t < high.Text || high.Inclusive && t == high.Text
}
