package lucene

import "strings"

// kind is a kind of token of Lucene's classic grammar (QueryParser.jj).
type kind uint8

const (
	kEOF kind = iota
	kBad      // no token; text says why
	kAnd
	kOr
	kNot
	kPlus
	kMinus
	kBareOper // + - ! before white space: a term that nothing is left of
	kLParen
	kRParen
	kColon
	kStar
	kCarat
	kQuoted
	kTerm
	kFuzzy
	kPrefix
	kWild
	kRegexp
	kRange // [ or {
	kNumber
	kTo
	kRangeQuoted
	kGoop
	kRangeEnd // ] or }
)

// lexeme is one token and where it stands, in bytes.
type lexeme struct {
	kind kind
	text string
	off  int
}

// mode is what the token before asks for.
type mode uint8

const (
	inQuery mode = iota
	inRange
	inBoost
)

// lexer cuts a query into tokens, the longest first, as JavaCC does.
type lexer struct {
	s    string
	i    int
	mode mode
}

// lex returns all tokens; the last is kEOF or kBad.
func lex(query string) []lexeme {
	l := &lexer{s: query}
	var list []lexeme
	for {
		l.skipSpace()
		if l.i == len(l.s) {
			return append(list, lexeme{kEOF, "", l.i})
		}
		t := l.next()
		list = append(list, t)
		if t.kind == kBad {
			return list
		}
	}
}

// skipSpace skips white space, which in a range belongs to a bound unless it
// is a space or nothing follows it. Between ^ and its number none may stand.
func (l *lexer) skipSpace() {
	for l.mode != inBoost {
		rest := l.s[l.i:]
		n := spaceLen(rest)
		if n == 0 || l.mode == inRange && rest[0] != ' ' && boundLen(rest) > n {
			return
		}
		l.i += n
	}
}

// next reads the token that begins here.
func (l *lexer) next() lexeme {
	switch l.mode {
	case inRange:
		return l.ranged()
	case inBoost:
		return l.boost()
	}
	return l.plain()
}

// take makes the token of the next n bytes.
func (l *lexer) take(k kind, n int) lexeme {
	t := lexeme{k, l.s[l.i : l.i+n], l.i}
	l.i += n
	return t
}

func (l *lexer) bad(msg string) lexeme { return lexeme{kBad, msg, l.i} }

// operator is the kind of an operator of one character, kEOF if c is none.
func operator(c byte) kind {
	switch c {
	case '+':
		return kPlus
	case '-':
		return kMinus
	case '!':
		return kNot
	case '(':
		return kLParen
	case ')':
		return kRParen
	case ':':
		return kColon
	}
	return kEOF
}

// plain reads a token outside of ranges and boosts.
func (l *lexer) plain() lexeme {
	rest := l.s[l.i:]
	c := rest[0]
	if strings.IndexByte("+-!", c) >= 0 && spaceLen(rest[1:]) > 0 {
		return l.take(kBareOper, 1+spaceLen(rest[1:]))
	}
	if k := operator(c); k != kEOF {
		return l.take(k, 1)
	}
	switch c {
	case '^':
		l.mode = inBoost
		return l.take(kCarat, 1)
	case '[', '{':
		l.mode = inRange
		return l.take(kRange, 1)
	case '"':
		return l.quoted()
	case '~':
		return l.take(kFuzzy, 1+runLen(rest[1:], "-+"))
	case '/':
		return l.regexp()
	}
	return l.word()
}

// word reads a term, perhaps with wildcards, or AND, OR, NOT.
func (l *lexer) word() lexeme {
	rest := l.s[l.i:]
	n := runLen(rest, "-+*?")
	if n == 0 {
		return l.bad(unexpected(rest))
	}
	text := rest[:n]
	switch text {
	case "AND", "&&":
		return l.take(kAnd, n)
	case "OR", "||":
		return l.take(kOr, n)
	case "NOT":
		return l.take(kNot, n)
	case "*":
		return l.take(kStar, n)
	}
	switch first := runLen(text, "-+"); {
	case first == n:
		return l.take(kTerm, n)
	case first == n-1 && first > 0 && text[first] == '*':
		return l.take(kPrefix, n)
	}
	return l.take(kWild, n)
}

// quoted reads a text in quotes.
func (l *lexer) quoted() lexeme {
	for j := l.i + 1; j < len(l.s); j++ {
		switch l.s[j] {
		case '\\':
			j++
		case '"':
			return l.take(kQuoted, j+1-l.i)
		}
	}
	return l.bad("this quote is never closed")
}

// regexp reads /…/. After a backslash a slash may end it or not: as in Lucene
// the longest text wins.
func (l *lexer) regexp() lexeme {
	end := 0
	for j := l.i + 1; j < len(l.s); j++ {
		if l.s[j] != '/' {
			continue
		}
		end = j
		if l.s[j-1] != '\\' {
			break
		}
	}
	if end == 0 {
		return l.bad("this / begins a regular expression that is never closed; write \\/ for a slash")
	}
	return l.take(kRegexp, end+1-l.i)
}

// boost reads the number behind ^.
func (l *lexer) boost() lexeme {
	l.mode = inQuery
	rest := l.s[l.i:]
	n := digits(rest)
	if n == 0 {
		return l.bad("a boost (^) needs a number")
	}
	if n < len(rest) && rest[n] == '.' {
		if m := digits(rest[n+1:]); m > 0 {
			n += 1 + m
		}
	}
	return l.take(kNumber, n)
}

// ranged reads a token between [ or { and ] or }.
func (l *lexer) ranged() lexeme {
	rest := l.s[l.i:]
	if rest[0] == ']' || rest[0] == '}' {
		l.mode = inQuery
		return l.take(kRangeEnd, 1)
	}
	goop := boundLen(rest)
	if q := rangeQuote(rest); q > 0 && q >= goop {
		return l.take(kRangeQuoted, q)
	}
	if rest[:goop] == "TO" {
		return l.take(kTo, goop)
	}
	return l.take(kGoop, goop)
}

// boundLen is the length of a bound without quotes at the start of s.
func boundLen(s string) int {
	if n := strings.IndexAny(s, " ]}"); n >= 0 {
		return n
	}
	return len(s)
}

// rangeQuote is the length of a bound in quotes at the start of s, or 0.
func rangeQuote(s string) int {
	if s[0] != '"' {
		return 0
	}
	end := 0
	for j := 1; j < len(s); j++ {
		if s[j] != '"' {
			continue
		}
		if j > 1 {
			end = j + 1
		}
		if s[j-1] != '\\' {
			break
		}
	}
	return end
}
