package lucene

import (
	"fmt"
	"strconv"
	"strings"
)

// operators are how a Bool's operators are written.
type operators struct{ and, or, not string }

var (
	queryOperators = operators{" AND ", " OR ", "NOT "}
	plainOperators = operators{" and ", " or ", "not "}
)

func (All) String() string    { return "*:*" }
func (None) String() string   { return "NOT *:*" }
func (n Bool) String() string { return render(n, queryOperators) }

func (n Term) String() string { return name(n.Field) + quote(n.Text) }
func (n Phrase) String() string {
	s := name(n.Field) + quote(strings.Join(n.Terms, " "))
	if n.Slop > 0 {
		s += "~" + strconv.Itoa(n.Slop)
	}
	return s
}
func (n Prefix) String() string   { return name(n.Field) + escape(n.Text) + "*" }
func (n Wildcard) String() string { return name(n.Field) + n.Pattern }
func (n Regexp) String() string   { return name(n.Field) + "/" + n.Pattern + "/" }
func (n Fuzzy) String() string {
	return fmt.Sprintf("%s%s~%d", name(n.Field), escape(n.Text), n.Edits)
}
func (n Number) String() string {
	return name(n.Field) + quote(strconv.FormatFloat(n.Value, 'f', -1, 64))
}
func (n Exists) String() string {
	if n.Field == "" {
		return existsField + `:""`
	}
	return existsField + ":" + escape(n.Field)
}
func (n Range) String() string {
	left, right := "{", "}"
	if n.Low.Inclusive {
		left = "["
	}
	if n.High.Inclusive {
		right = "]"
	}
	return name(n.Field) + left + n.Low.render(n) + " TO " + n.High.render(n) + right
}

func (b Bound) render(r Range) string {
	switch {
	case b.Open:
		return "*"
	case r.Date:
		return quote(renderDate(b.Number))
	case r.Numeric:
		return strconv.FormatFloat(b.Number, 'f', -1, 64)
	}
	return quote(b.Text)
}

// render writes a tree; operators of a tree within it are kept apart by
// brackets.
func render(n Node, op operators) string {
	s, _ := renderPart(n, op)
	return s
}

// renderPart is render, and whether brackets are needed within another group.
func renderPart(n Node, op operators) (text string, compound bool) {
	b, ok := n.(Bool)
	if !ok {
		return n.String(), n == None{}
	}
	var parts []string
	for _, c := range b.Must {
		if (c != All{}) || len(b.Not) == 0 {
			parts = append(parts, bracketed(c, op))
		}
	}
	if len(b.Must) == 0 && len(b.Should) > 0 {
		parts = append(parts, renderShould(b, op))
	}
	if len(parts) == 0 && len(b.Must) == 0 {
		return None{}.String(), true
	}
	for _, c := range b.Not {
		parts = append(parts, op.not+bracketed(c, op))
	}
	return strings.Join(parts, op.and), len(parts) > 1 || len(b.Not) > 0 || len(b.Should) > 1
}

// renderShould writes the alternatives, in brackets if NOT follows.
func renderShould(b Bool, op operators) string {
	list := make([]string, len(b.Should))
	for i, c := range b.Should {
		list[i] = bracketed(c, op)
	}
	s := strings.Join(list, op.or)
	if len(list) > 1 && len(b.Not) > 0 {
		return "(" + s + ")"
	}
	return s
}

func bracketed(n Node, op operators) string {
	s, compound := renderPart(n, op)
	if compound {
		return "(" + s + ")"
	}
	return s
}

// name is `field:`, fit for a query.
func name(field string) string { return escape(field) + ":" }

// escape makes s a term of a query.
func escape(s string) string {
	var b strings.Builder
	for i, r := range s {
		inside := i > 0 && (r == '+' || r == '-')
		if strings.ContainsRune(special, r) && !inside || i == 0 && (r == '<' || r == '>') {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	if out := b.String(); out != "AND" && out != "OR" && out != "NOT" && out != "&&" && out != "||" {
		return out
	}
	return `\` + s
}

// quote makes s a quoted text of a query.
func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}
