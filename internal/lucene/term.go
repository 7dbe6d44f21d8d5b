package lucene

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// existsField is Elasticsearch's way to ask whether a field has a value.
const existsField = "_exists_"

// NamesField is where an index keeps the names of the fields that a document
// has values of.
const NamesField = "_field_names"

// term reads one term, quoted text, range or regular expression with its
// boost and its fuzziness or slop.
func (p *parser) term(field string) (Node, error) {
	t := p.peek(0)
	switch t.kind {
	case kRange:
		return p.ranged(field)
	case kQuoted:
		p.i++
		return p.quoted(field, t)
	case kTerm, kStar, kPrefix, kWild, kRegexp, kBareOper:
		p.i++
		return p.bare(field, t)
	}
	return nil, p.unexpected()
}

// suffix reads ^N and ~N in either order; fuzzy is the ~ token.
func (p *parser) suffix() (fuzzy lexeme, ok bool, err error) {
	if p.peek(0).kind == kCarat {
		if err := p.skipBoost(); err != nil {
			return fuzzy, false, err
		}
		fuzzy, ok = p.accept(kFuzzy)
		return fuzzy, ok, nil
	}
	if fuzzy, ok = p.accept(kFuzzy); ok {
		return fuzzy, ok, p.skipBoost()
	}
	return fuzzy, false, nil
}

// quoted makes a phrase.
func (p *parser) quoted(field string, t lexeme) (Node, error) {
	fuzzy, ok, err := p.suffix()
	if err != nil {
		return nil, err
	}
	text, err := p.unescape(t.text[1:len(t.text)-1], t.off+1)
	if err != nil {
		return nil, err
	}
	n, err := p.fieldQuery(field, text, t.off, true)
	if phrase, isPhrase := n.(Phrase); isPhrase && ok {
		slop, _ := javaFloat(fuzzy.text[1:]) // what is no number is 0
		if phrase.Slop = javaInt(slop); phrase.Slop < 0 {
			return nil, p.fail(fuzzy.off, "words cannot be moved by %s", fuzzy.text[1:])
		}
		return phrase, err
	}
	return n, err
}

// bare makes a node of a token without quotes.
func (p *parser) bare(field string, t lexeme) (Node, error) {
	fuzzy, isFuzzy, err := p.suffix()
	if err != nil {
		return nil, err
	}
	image := t.text
	if t.kind == kBareOper {
		image = image[:1]
	}
	text, err := p.unescape(image, t.off)
	if err != nil {
		return nil, err
	}
	if t.kind == kStar || t.text == "*" {
		return p.star(field, t.off)
	}
	if t.kind == kTerm || t.kind == kBareOper {
		if !isFuzzy {
			p.noteWord(t)
			return p.fieldQuery(field, text, t.off, false)
		}
	}
	if err := p.onlyText(field, t.off); err != nil {
		return nil, err
	}
	switch t.kind {
	case kPrefix:
		n := Prefix{field, p.normal(field, text[:len(text)-1])}
		if len(n.Text) > maxLead {
			return nil, p.fail(t.off, "a prefix has at most %d bytes", maxLead)
		}
		return n, nil
	case kWild:
		return p.wildcard(field, image, t.off)
	case kRegexp:
		return p.regexp(field, image[1:len(image)-1], t.off+1)
	}
	return p.fuzzy(field, text, fuzzy)
}

// wildcard makes a wildcard term. A cheap pattern is one with few wildcards:
// only others are looked at closely.
func (p *parser) wildcard(field, image string, off int) (Node, error) {
	pattern := p.normalWildcard(field, image)
	if (len(pattern) > 1000 || strings.Count(pattern, "?") > 8) && tooComplex(pattern) {
		return nil, p.fail(off, "this wildcard is too complex: it needs more than %d states, or begins with more than %d characters", maxStates, maxLead)
	}
	return Wildcard{field, pattern}, nil
}

// star makes what a lone * means: all, or the field has a value.
func (p *parser) star(field string, off int) (Node, error) {
	if field == "*" {
		return All{}, nil
	}
	return p.exists(field, off)
}

func (p *parser) exists(field string, off int) (Node, error) {
	if !p.mapping.Literal && (field == existsField || strings.Contains(field, "*")) {
		return nil, p.fail(off, "%s needs the name of one field", existsField)
	}
	return Exists{field}, nil
}

// onlyText refuses patterns where no text is compared: Elasticsearch refuses
// them on numbers too.
func (p *parser) onlyText(field string, off int) error {
	switch {
	case field == existsField && !p.mapping.Literal:
		return p.fail(off, "%s needs the name of one field", existsField)
	case p.mapping.numeric(field) || p.mapping.date(field):
		return p.fail(off, "%s holds numbers or dates: no prefix, wildcard, regular expression or fuzzy term", field)
	}
	return p.oneField(field, off)
}

// oneField refuses field patterns, which would stand for fields that an event
// may have without our knowing.
func (p *parser) oneField(field string, off int) error {
	if strings.Contains(field, "*") && !p.mapping.Literal {
		return p.fail(off, "field patterns (%s:) are not supported: name the field", field)
	}
	return nil
}

// fuzzy makes a fuzzy term. Without a number Elasticsearch takes 0, 1 or 2
// edits by the term's length; below 1 it is a similarity as in old Lucene.
func (p *parser) fuzzy(field, text string, t lexeme) (Node, error) {
	n := utf8.RuneCountInString(text)
	edits := 0
	d, ok := javaFloat(t.text[1:])
	switch {
	case d < 0:
		return nil, p.fail(t.off, "a term cannot have %s edits", t.text[1:])
	case !ok && n > 2:
		edits = 1
		if n > 5 {
			edits = 2
		}
	case d >= 1 && d != float64(float32(javaInt(d))):
		return nil, p.fail(t.off, "half an edit is not possible: %s", t.text)
	case d >= 1:
		edits = int(min(d, 2))
	case d > 0:
		edits = min(int((1-d)*float64(n)), 2)
	}
	return Fuzzy{field, p.normal(field, text), edits}, nil
}

// javaNumber is what Java's Float.parseFloat takes, white space around it left
// out. Hexadecimal numbers, which it takes too, nobody writes.
var javaNumber = regexp.MustCompile(`^([+-]?(?:NaN|Infinity|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?))[fFdD]?$`)

// javaFloat reads a number of 32 bits as Java does; what is too large is
// infinite.
func javaFloat(s string) (float64, bool) {
	m := javaNumber.FindStringSubmatch(javaTrim(s))
	if m == nil {
		return 0, false
	}
	f, _ := strconv.ParseFloat(m[1], 32) // ±Inf if out of range
	return f, true
}

// javaInt is Java's (int) of a float: towards zero, within 32 bits, 0 of NaN.
func javaInt(f float64) int {
	if f != f {
		return 0
	}
	return int(max(math.MinInt32, min(math.MaxInt32, f)))
}
