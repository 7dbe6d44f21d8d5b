package scan

import (
	"strconv"
	"strings"

	"github.com/recheckbot/recheckbot/internal/ci"
	"github.com/recheckbot/recheckbot/internal/lucene"
)

// conditions are all that the trees ask of a build and its file, each once. Files
// about which they have the same answers have the same program: a folder of ten
// thousand names that no fingerprint speaks of costs no more than one.
type conditions struct {
	values map[string]map[string]int // terms of exact fields, by field and value
	fields []string                  // those of values, in a fixed order
	others []lucene.Node
}

func newConditions(trees []lucene.Node, m lucene.Mapping) conditions {
	c := conditions{values: map[string]map[string]int{}}
	seen := map[string]bool{}
	add := func(n lucene.Node) bool {
		field := lucene.FieldOf(n)
		if field == "" || field == m.Default {
			return true
		}
		if t, ok := n.(lucene.Term); ok && !m.Analysed(field) && !strings.HasSuffix(field, lucene.KeywordSuffix) {
			c.term(t)
		} else if text := n.String(); !seen[text] {
			seen[text] = true
			c.others = append(c.others, n)
		}
		return true
	}
	for _, tree := range trees {
		if tree != nil {
			lucene.Walk(tree, add)
		}
	}
	return c
}

func (c *conditions) term(t lucene.Term) {
	values := c.values[t.Field]
	if values == nil {
		values = map[string]int{}
		c.values[t.Field] = values
		c.fields = append(c.fields, t.Field)
	}
	if _, known := values[t.Text]; !known {
		values[t.Text] = len(values)
	}
}

// key is all that a program depends on: of known, which doc holds, what decides
// a leaf of some tree.
func (c *conditions) key(doc *lucene.Doc, known ci.Fields, named bool) string {
	var b strings.Builder
	b.WriteString(strconv.FormatBool(named))
	for _, f := range c.fields {
		values, ok := known[f]
		if !ok {
			b.WriteByte('?')
		}
		for _, v := range values {
			if n, asked := c.values[f][v]; asked {
				b.WriteString(strconv.Itoa(n))
				b.WriteByte(',')
			}
		}
		b.WriteByte('|')
	}
	for _, n := range c.others {
		b.WriteByte('0' + byte(lucene.Eval(n, doc)))
	}
	return b.String()
}
