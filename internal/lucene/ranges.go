package lucene

import "strings"

// ranged reads [a TO b], {a TO b} or a mixture.
func (p *parser) ranged(field string) (Node, error) {
	open := p.peek(0)
	p.i++
	low, err := p.bound()
	if err != nil {
		return nil, err
	}
	if _, ok := p.accept(kTo); !ok {
		return nil, p.fail(p.peek(0).off, "a range is [low TO high]")
	}
	high, err := p.bound()
	if err != nil {
		return nil, err
	}
	end, ok := p.accept(kRangeEnd)
	if !ok {
		return nil, p.fail(open.off, "this range is never closed")
	}
	low.Inclusive, high.Inclusive = open.text == "[", end.text == "]"
	if err := p.skipBoost(); err != nil {
		return nil, err
	}
	return p.rangeNode(field, low, high, open.off)
}

// bound reads one bound of a range.
func (p *parser) bound() (Bound, error) {
	t := p.peek(0)
	text, off := t.text, t.off
	switch t.kind {
	case kGoop, kTo:
	case kRangeQuoted:
		text, off = text[1:len(text)-1], off+1
	default:
		return Bound{}, p.fail(t.off, "a range is [low TO high]")
	}
	p.i++
	text, err := p.unescape(text, off)
	return Bound{Text: text}, err
}

// compared makes a range of >a, >=a, <a or <=a.
func (p *parser) compared(field, text string, off int) (Node, error) {
	inclusive := len(text) > 2 && text[1] == '='
	value := text[1:]
	if inclusive {
		value = text[2:]
	}
	b, open := Bound{Text: value, Inclusive: inclusive}, Bound{Text: "*", Inclusive: true}
	if text[0] == '>' {
		return p.rangeNode(field, b, open, off)
	}
	return p.rangeNode(field, open, b, off)
}

// rangeNode makes a range; * is an open end.
func (p *parser) rangeNode(field string, low, high Bound, off int) (Node, error) {
	if !p.mapping.Literal && (strings.Contains(field, "*") || field == existsField) {
		return nil, p.fail(off, "a range needs the name of one field")
	}
	r := Range{Field: field, Low: low, High: high, Numeric: p.mapping.numeric(field), Date: p.mapping.date(field)}
	for _, b := range []*Bound{&r.Low, &r.High} {
		if b.Text == "*" {
			*b = Bound{Open: true, Inclusive: b.Inclusive}
			continue
		}
		if err := p.bounded(b, r, b == &r.High, off); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// bounded reads a bound's text as what the field holds. A date that says less
// than a millisecond stands for all of its time: > and <= begin behind it, >=
// and < before it.
func (p *parser) bounded(b *Bound, r Range, high bool, off int) error {
	switch {
	case r.Date:
		ms, ok := parseDate(b.Text, high == b.Inclusive)
		if !ok {
			return p.fail(off, "%s holds dates such as 2014-01-31 or 2014-01-31T12:00:00Z (now is not known), %s is none", r.Field, excerpt(b.Text))
		}
		b.Number = float64(ms)
	case r.Numeric:
		v, ok := parseNumber(b.Text)
		if !ok {
			return p.fail(off, "%s holds numbers, %s is none", r.Field, excerpt(b.Text))
		}
		b.Number = v
	default:
		b.Text = p.normal(r.Field, b.Text)
	}
	return nil
}

// inside reports whether a term is in the range.
func (n Range) inside(term string) bool {
	read := parseNumber
	switch {
	case n.Date:
		read = dateValue
	case !n.Numeric:
		return within(term, n.Low.Text, n.High.Text, n.Low, n.High)
	}
	v, ok := read(term)
	return ok && within(v, n.Low.Number, n.High.Number, n.Low, n.High)
}

// within compares v with the bounds that are not open.
func within[T string | float64](v, lo, hi T, low, high Bound) bool {
	if !low.Open && (v < lo || v == lo && !low.Inclusive) {
		return false
	}
	return high.Open || v < hi || v == hi && high.Inclusive
}
