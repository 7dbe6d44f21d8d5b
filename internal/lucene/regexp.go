package lucene

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"regexp/syntax"
	"strconv"
	"strings"
)

// regexp makes a node of /pattern/: Lucene's own syntax (class RegExp), which
// always matches a whole term and has no anchors. An analysed field's terms
// are in lower case, but the pattern is taken as it is.
func (p *parser) regexp(field, pattern string, off int) (Node, error) {
	t := &translator{s: pattern, asLucene: p.mapping.Literal}
	text, err := t.whole()
	if err != nil {
		return nil, p.fail(off+t.i, "regular expression: %v", err)
	}
	re, size, err := compile(`\A(?s:` + text + `)\z`)
	if err != nil {
		return nil, p.fail(off, "regular expression: it is too large or repeats too often")
	}
	return Regexp{field, pattern, re, size}, nil
}

// compile compiles RE2's syntax, and tells the length of the program.
func compile(text string) (*regexp.Regexp, int, error) {
	re, err := regexp.Compile(text)
	if err != nil {
		return nil, 0, err
	}
	tree, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		return nil, 0, err
	}
	prog, err := syntax.Compile(tree.Simplify())
	if err != nil {
		return nil, 0, err
	}
	return re, len(prog.Inst), nil
}

// translator writes a Lucene pattern in RE2's syntax. What RE2 cannot do
// (complement, intersection) and what hardly anyone means (any string @,
// nothing #, intervals <1-9>) is an error.
type translator struct {
	s     string
	i     int
	depth int
	// asLucene takes \d for d and @ for any text.
	asLucene bool
}

var (
	errShort  = errors.New("it ends too early")
	errLarge  = errors.New("it is too large")
	errTimes  = errors.New("a repetition is {n}, {n,} or {n,m}")
	errOrder  = errors.New("a repetition {n,m} has the smaller number first")
	errOpen   = errors.New("a bracket is never closed")
	errQuote  = errors.New("a quote is never closed")
	errClass  = errors.New(`\d, \w, \s and their like are not known: write [0-9]`)
	errNested = fmt.Errorf("more than %d brackets within each other", MaxDepth)
)

// peek is the next byte, 0 at the end.
func (t *translator) peek() byte {
	if t.i < len(t.s) {
		return t.s[t.i]
	}
	return 0
}

// whole translates all of it; an empty pattern matches the empty term.
func (t *translator) whole() (string, error) {
	if t.s == "" {
		return "", nil
	}
	text, err := t.union()
	if err == nil && t.i < len(t.s) {
		err = fmt.Errorf("unexpected %q", t.s[t.i:t.i+1])
	}
	return text, err
}

// union is a|b|…
func (t *translator) union() (string, error) {
	if t.depth++; t.depth > MaxDepth {
		return "", errNested
	}
	defer func() { t.depth-- }()
	text, err := t.concat()
	for err == nil && t.peek() == '|' {
		t.i++
		var next string
		next, err = t.concat()
		text += "|" + next
	}
	return text, err
}

// concat is one or more repeated atoms.
func (t *translator) concat() (string, error) {
	var b strings.Builder
	for first := true; first || t.i < len(t.s) && t.peek() != '|' && t.peek() != ')'; first = false {
		text, err := t.repeated()
		if err != nil {
			return "", err
		}
		b.WriteString(text)
	}
	return b.String(), nil
}

// repeated is an atom with any number of ? * + {n,m} behind it.
func (t *translator) repeated() (string, error) {
	atom, err := t.atom()
	for err == nil {
		var times string
		if times, err = t.times(); times == "" || err != nil {
			break
		}
		if atom = "(?:" + atom + ")" + times; len(atom) > MaxQuery {
			err = errLarge
		}
	}
	return atom, err
}

// times reads one repetition, empty if there is none.
func (t *translator) times() (string, error) {
	switch c := t.peek(); c {
	case '?', '*', '+':
		t.i++
		return string(c), nil
	case '{':
		text, _, closed := strings.Cut(t.s[t.i+1:], "}")
		low, high, _ := strings.Cut(text, ",")
		if !closed || low == "" || digits(low) < len(low) || digits(high) < len(high) {
			return "", errTimes
		}
		if high != "" && number(high) < number(low) {
			return "", errOrder
		}
		t.i += len(text) + 2
		return "{" + text + "}", nil
	}
	return "", nil
}

// number reads digits; what is too large for it is large.
func number(digits string) int {
	n, err := strconv.Atoi(digits)
	if err != nil {
		return math.MaxInt
	}
	return n
}

// atom is one character, class, text in quotes or group.
func (t *translator) atom() (string, error) {
	if t.i == len(t.s) {
		return "", errShort
	}
	switch c := t.peek(); c {
	case '.':
		t.i++
		return ".", nil
	case '(':
		return t.bracket()
	case '[':
		return t.class()
	case '"':
		return t.literal()
	case '@':
		if t.asLucene {
			t.i++
			return "(?:.*)", nil
		}
		fallthrough
	case '~', '&', '#', '<': // #* is nothing in Lucene, not the empty text: no RE2 says that
		return "", fmt.Errorf("the operator %c is not supported; write \\%c for the character", c, c)
	}
	c, err := t.char()
	return regexp.QuoteMeta(c), err
}

// bracket is (a|b) or ().
func (t *translator) bracket() (text string, err error) {
	t.i++
	if t.peek() != ')' {
		text, err = t.union()
	}
	if err != nil {
		return "", err
	}
	if t.peek() != ')' {
		return "", errOpen
	}
	t.i++
	return "(?:" + text + ")", nil
}

// literal is "text".
func (t *translator) literal() (string, error) {
	text, _, closed := strings.Cut(t.s[t.i+1:], `"`)
	if !closed {
		return "", errQuote
	}
	t.i += len(text) + 2
	return "(?:" + regexp.QuoteMeta(text) + ")", nil
}

// char reads one character, escaped or not. \d is d in Lucene 8, but nobody
// means that.
func (t *translator) char() (string, error) {
	escaped := t.peek() == '\\'
	if escaped {
		t.i++
	}
	if t.i >= len(t.s) {
		return "", errShort
	}
	if escaped && !t.asLucene && strings.IndexByte("dDwWsSbB", t.s[t.i]) >= 0 {
		return "", errClass
	}
	n := runeLen(t.s[t.i:])
	t.i += n
	return t.s[t.i-n : t.i], nil
}

// class is [a-z…] or [^a-z…].
func (t *translator) class() (string, error) {
	text := "["
	if t.i++; t.peek() == '^' {
		t.i++
		text = "[^"
	}
	for first := true; first || t.peek() != ']'; first = false {
		part, err := t.classRange()
		if err != nil {
			return "", err
		}
		text += part
	}
	t.i++
	return text + "]", nil
}

// classRange is a or a-z within a class.
func (t *translator) classRange() (string, error) {
	lo, err := t.char()
	if err != nil {
		return "", err
	}
	hi := lo
	if t.peek() == '-' {
		t.i++
		if hi, err = t.char(); err != nil {
			return "", err
		}
	}
	if hi < lo {
		return "", fmt.Errorf("the range %s-%s is backwards", lo, hi)
	}
	return fmt.Sprintf(`\x{%x}-\x{%x}`, []rune(lo)[0], []rune(hi)[0]), nil
}
