package lucene

import (
	"strconv"
	"strings"
	"unicode/utf16"
)

// fieldQuery makes a node of plain text. It is nil when analysis leaves
// nothing of it.
func (p *parser) fieldQuery(field, text string, off int, quoted bool) (Node, error) {
	if field == existsField {
		return p.exists(text, off)
	}
	if !quoted && len(text) > 1 && (text[0] == '<' || text[0] == '>') {
		return p.compared(field, text, off)
	}
	if err := p.oneField(field, off); err != nil {
		return nil, err
	}
	switch {
	case p.mapping.numeric(field):
		return p.number(field, text, off)
	case p.mapping.date(field):
		return p.date(field, text, off)
	case p.mapping.analysed(field):
		return p.words(field, text, off, quoted)
	}
	return Term{field, text}, nil
}

// words makes a node of the tokens of a text: quoted a phrase, else any of
// them.
func (p *parser) words(field, text string, off int, quoted bool) (Node, error) {
	tokens := Tokens(text)
	if quoted && strings.Contains(text, "*") {
		p.note(off, "* is no wildcard inside of quotes: %s", excerpt(text))
	}
	switch {
	case len(tokens) == 0:
		p.note(off, "nothing is left of %s, so it is no condition: words are letters and digits", excerpt(text))
		return nil, nil
	case len(tokens) == 1:
		return Term{field, tokens[0].Text}, nil
	case quoted:
		terms := make([]string, len(tokens))
		for i, t := range tokens {
			terms[i] = t.Text
		}
		return Phrase{Field: field, Terms: terms}, nil
	case len(tokens) > MaxClauses:
		return nil, p.fail(off, "more than %d words without quotes", MaxClauses)
	}
	var b Bool
	for _, t := range tokens {
		b.Should = append(b.Should, Term{field, t.Text})
	}
	return b, nil
}

// number makes a node for a numeric field.
func (p *parser) number(field, text string, off int) (Node, error) {
	v, ok := parseNumber(text)
	if !ok {
		return nil, p.fail(off, "%s holds numbers, %s is none", field, excerpt(text))
	}
	return Number{field, v}, nil
}

// parseNumber reads a decimal number; values up to 2^53 are exact.
func parseNumber(s string) (float64, bool) {
	s = strings.TrimSpace(s)
	if s == "" || strings.Trim(s, "0123456789.eE+-") != "" {
		return 0, false
	}
	v, err := strconv.ParseFloat(s, 64)
	return v, err == nil
}

// normal is what the analyser does to a term that is not cut into words.
func (p *parser) normal(field, text string) string {
	if p.mapping.analysed(field) {
		return lower(text)
	}
	return text
}

// normalWildcard normalises what stands between wildcards and escapes: Lucene
// leaves an escaped character as it is.
func (p *parser) normalWildcard(field, pattern string) string {
	if !p.mapping.analysed(field) {
		return pattern
	}
	var b strings.Builder
	last := 0
	for i := 0; i < len(pattern); i++ {
		if pattern[i] != '\\' {
			continue
		}
		b.WriteString(lower(pattern[last:i]))
		end := i + 1 + runeLen(pattern[i+1:])
		b.WriteString(pattern[i:end])
		i, last = end-1, end
	}
	b.WriteString(lower(pattern[last:]))
	return b.String()
}

// unescape takes the backslashes out of a text that begins at byte off of the
// query: \x is x, \u and four hex digits a UTF-16 unit.
func (p *parser) unescape(s string, off int) (string, error) {
	if !strings.Contains(s, `\`) {
		return s, nil
	}
	var b strings.Builder
	var units []uint16
	flush := func() {
		b.WriteString(string(utf16.Decode(units)))
		units = units[:0]
	}
	for i := 0; i < len(s); {
		if strings.HasPrefix(s[i:], `\u`) {
			if len(s) < i+6 {
				return "", p.fail(off+i, `\u needs four hexadecimal digits`)
			}
			v, err := strconv.ParseUint(s[i+2:i+6], 16, 16)
			if err != nil {
				return "", p.fail(off+i, `\u needs four hexadecimal digits`)
			}
			units = append(units, uint16(v))
			i += 6
			continue
		}
		flush()
		if s[i] == '\\' {
			if i++; i == len(s) {
				return "", p.fail(off+i-1, "a backslash needs a character behind it")
			}
		}
		n := runeLen(s[i:])
		b.WriteString(s[i : i+n])
		i += n
	}
	flush()
	return b.String(), nil
}
