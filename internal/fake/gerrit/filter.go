package gerrit

import (
	"strconv"
	"strings"
	"time"
)

// saying is an error in Gerrit's own words.
type saying string

func (s saying) Error() string { return string(s) }

// filter tells whether a change matches.
type filter func(*change) bool

// queryParser reads the small part of Gerrit's query language that is known
// here: terms, "-" and NOT, AND (or nothing), OR, brackets, quotes.
type queryParser struct {
	words []string
	now   time.Time
	limit int
}

// parseQuery returns the filter and the limit of a query.
func parseQuery(text string, now time.Time) (filter, int, error) {
	p := &queryParser{words: lex(text), now: now, limit: 500}
	if len(p.words) == 0 {
		return nil, 0, saying("query is empty")
	}
	f, err := p.or()
	if err != nil {
		return nil, 0, err
	}
	if len(p.words) > 0 {
		return nil, 0, saying("line 1:0 no viable alternative at input '" + p.words[0] + "'")
	}
	return f, p.limit, nil
}

// lex cuts the text into brackets and words; quotes and braces keep spaces.
func lex(text string) []string {
	var words []string
	var w strings.Builder
	flush := func() {
		if w.Len() > 0 {
			words = append(words, w.String())
			w.Reset()
		}
	}
	quoted, braced := false, false
	for _, r := range text {
		switch {
		case !quoted && (r == '{' || r == '}'):
			braced = r == '{'
		case braced:
			w.WriteRune(r)
		case r == '"':
			quoted = !quoted
		case !quoted && (r == '(' || r == ')'):
			// "-(": the minus belongs to the bracket.
			flush()
			words = append(words, string(r))
		case !quoted && (r == ' ' || r == '\t'):
			flush()
		default:
			w.WriteRune(r)
		}
	}
	flush()
	return words
}

func (p *queryParser) peek() string {
	if len(p.words) == 0 {
		return ""
	}
	return p.words[0]
}

func (p *queryParser) next() string { w := p.words[0]; p.words = p.words[1:]; return w }

func (p *queryParser) or() (filter, error) {
	f, err := p.and()
	for err == nil && p.peek() == "OR" {
		p.next()
		var g filter
		left := f
		if g, err = p.and(); err == nil {
			f = func(c *change) bool { return left(c) || g(c) }
		}
	}
	return f, err
}

func (p *queryParser) and() (filter, error) {
	f, err := p.one()
	for err == nil && p.peek() != "" && p.peek() != ")" && p.peek() != "OR" {
		if p.peek() == "AND" {
			p.next()
		}
		var g filter
		left := f
		if g, err = p.one(); err == nil {
			f = func(c *change) bool { return left(c) && g(c) }
		}
	}
	return f, err
}

func (p *queryParser) one() (filter, error) {
	switch w := p.peek(); {
	case w == "" || w == ")" || w == "AND" || w == "OR":
		return nil, saying("line 1:0 no viable alternative at input '" + w + "'")
	case w == "NOT" || w == "-":
		p.next()
		return p.negated()
	case w == "(":
		p.next()
		f, err := p.or()
		if err == nil && p.peek() != ")" {
			return nil, saying("line 1:0 missing ')'")
		}
		if err == nil {
			p.next()
		}
		return f, err
	case strings.HasPrefix(w, "-"):
		p.words[0] = w[1:]
		return p.negated()
	}
	return p.term(p.next())
}

func (p *queryParser) negated() (filter, error) {
	f, err := p.one()
	if err != nil {
		return nil, err
	}
	return func(c *change) bool { return !f(c) }, nil
}

// term is one "operator:value".
func (p *queryParser) term(w string) (filter, error) {
	op, v, ok := strings.Cut(w, ":")
	if !ok {
		return nil, saying("Unsupported query:" + w)
	}
	switch op {
	case "limit":
		n, err := strconv.Atoi(v)
		p.limit = n
		return func(*change) bool { return true }, err
	case "change":
		return func(c *change) bool { return strconv.FormatInt(c.number, 10) == v || c.key == v }, nil
	case "project":
		return func(c *change) bool { return c.Project == v }, nil
	case "branch":
		return func(c *change) bool { return c.Branch == v }, nil
	case "owner":
		return func(c *change) bool { return c.Owner == v }, nil
	case "is", "status":
		return state(v)
	case "after", "since":
		t, err := when(v)
		return func(c *change) bool { return !c.updated.Before(t) }, err
	case "before", "until":
		t, err := when(v)
		return func(c *change) bool { return c.updated.Before(t) }, err
	}
	return nil, saying("Unsupported operator " + op + ":" + v)
}

func state(v string) (filter, error) {
	switch v {
	case "private":
		return func(c *change) bool { return c.Private }, nil
	case "wip":
		return func(c *change) bool { return c.WIP }, nil
	case "open", "new":
		return func(c *change) bool { return c.status == "NEW" }, nil
	case "closed":
		return func(c *change) bool { return c.status != "NEW" }, nil
	case "merged", "abandoned":
		return func(c *change) bool { return strings.EqualFold(c.status, v) }, nil
	}
	return nil, saying("Unsupported operator is:" + v)
}

// when reads a time as Gerrit does: UTC when it names no zone.
func when(v string) (time.Time, error) {
	v = strings.ReplaceAll(v, "_", " ")
	for _, layout := range []string{"2006-01-02 15:04:05.999 -0700", "2006-01-02 15:04:05.999", "2006-01-02 15:04", "2006-01-02"} {
		if t, err := time.Parse(layout, v); err == nil {
			return t, nil
		}
	}
	return time.Time{}, saying("Error in operator after:" + v)
}
