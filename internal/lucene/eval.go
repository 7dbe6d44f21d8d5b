package lucene

import "strings"

// Truth is the answer of an evaluation. Of two answers the smaller is their
// AND, the larger their OR.
type Truth uint8

// The answers. Maybe depends on fields that are unknown.
const (
	No Truth = iota
	Maybe
	Yes
)

// String is the answer's name.
func (t Truth) String() string {
	return [...]string{"no", "maybe", "yes"}[min(t, Yes)]
}

// truth makes a Truth of what is certain.
func truth(b bool) Truth {
	if b {
		return Yes
	}
	return No
}

// Eval tells whether the event matches.
func Eval(n Node, d *Doc) Truth { return Decide(n, d.leaf) }

// leaf is a leaf's truth.
func (d *Doc) leaf(n Node) Truth {
	l, ok := n.(leaf)
	if !ok {
		return No
	}
	v := d.values(l.field())
	if v == nil {
		return Maybe
	}
	return truth(l.matches(v))
}

// Decide is Eval for those who know the leaves' truth in another way: look is
// asked for each that counts, until the answer is certain.
func Decide(n Node, look func(leaf Node) Truth) Truth {
	switch n := n.(type) {
	case All:
		return Yes
	case None:
		return No
	case Bool:
		return n.decide(look)
	}
	return look(n)
}

func (n Bool) decide(look func(Node) Truth) Truth {
	answer := No
	if len(n.Must) > 0 {
		answer = Yes
		for _, c := range n.Must {
			if answer = min(answer, Decide(c, look)); answer == No {
				return No
			}
		}
	} else {
		for _, c := range n.Should {
			if answer = max(answer, Decide(c, look)); answer == Yes {
				break
			}
		}
	}
	for _, c := range n.Not {
		if answer == No {
			return No
		}
		answer = min(answer, Yes-Decide(c, look))
	}
	return answer
}

// MatchesTerm tells whether one term of an index makes n true: a word of an
// analysed field, a whole value of an exact one. It is false of a node that
// looks at more than one term at a time.
func MatchesTerm(n Node, term string) bool {
	l, ok := n.(leaf)
	if _, phrase := n.(Phrase); phrase || !ok {
		return false
	}
	return l.matches(&values{known: true, texts: []string{term}})
}

func (n Exists) matches(v *values) bool { return len(v.texts) > 0 }

func (n Term) matches(v *values) bool {
	return v.anyTerm(func(s string) bool { return s == n.Text })
}

func (n Prefix) matches(v *values) bool {
	return v.anyTerm(func(s string) bool { return strings.HasPrefix(s, n.Text) })
}

func (n Wildcard) matches(v *values) bool {
	return v.anyTerm(func(s string) bool { return wildcard(n.Pattern, s) })
}

func (n Regexp) matches(v *values) bool { return v.anyTerm(n.re.MatchString) }

func (n Fuzzy) matches(v *values) bool {
	return v.anyTerm(func(s string) bool {
		_, ok := n.Distance(s)
		return ok
	})
}

func (n Range) matches(v *values) bool { return v.anyTerm(n.inside) }

func (n Number) matches(v *values) bool {
	return v.anyTerm(func(s string) bool {
		f, ok := parseNumber(s)
		return ok && f == n.Value
	})
}
