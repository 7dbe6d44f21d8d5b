package lucene

import "regexp"

// Node is a query tree. Trees are immutable: nobody may change a node's fields
// after Parse, so that many goroutines can evaluate one.
type Node interface {
	// String is the tree as a query that Parse reads as an equal tree.
	String() string
	node()
}

// leaf is a node that looks at one field.
type leaf interface {
	Node
	field() string
	matches(*values) bool
}

type (
	// All matches every event, `*:*`.
	All struct{}
	// None matches nothing.
	None struct{}
	// Bool matches when all of Must, none of Not and, if Must is empty, at
	// least one of Should match. With Must, Should changes nothing (in Lucene
	// only the score). An empty Bool matches nothing.
	Bool struct{ Must, Should, Not []Node }

	// Term is one word of an analysed field, or a whole value of an exact one.
	Term struct{ Field, Text string }
	// Phrase is two or more words in sequence. With Slop they may be moved by
	// that many positions in sum.
	Phrase struct {
		Field string
		Terms []string
		Slop  int
	}
	// Prefix is how a term begins.
	Prefix struct{ Field, Text string }
	// Wildcard is a whole term; `*` stands for any text, `?` for one code
	// point, `\` makes the next one literal.
	Wildcard struct{ Field, Pattern string }
	// Regexp is Lucene's regular expression for a whole term.
	Regexp struct {
		Field, Pattern string
		re             *regexp.Regexp
		size           int
	}
	// Fuzzy is a term within Edits (0 to 2) insertions, deletions, changes or
	// swaps of neighbours. Lucene takes only the 50 best terms of an index;
	// here, where there is none, all count.
	Fuzzy struct {
		Field, Text string
		Edits       int
	}
	// Range is a term between two bounds, by bytes; or a number, if Numeric; or
	// a date, in milliseconds since 1970, if Date.
	Range struct {
		Field     string
		Low, High Bound
		Numeric   bool
		Date      bool
	}
	// Number is a number of a numeric field.
	Number struct {
		Field string
		Value float64
	}
	// Exists matches when the field has a value.
	Exists struct{ Field string }
)

// Bound is one end of a Range. Number is set when the range is one of numbers
// or dates.
type Bound struct {
	Text      string
	Number    float64
	Open      bool // no bound at this end
	Inclusive bool
}

func (All) node()      {}
func (None) node()     {}
func (Bool) node()     {}
func (Term) node()     {}
func (Phrase) node()   {}
func (Prefix) node()   {}
func (Wildcard) node() {}
func (Regexp) node()   {}
func (Fuzzy) node()    {}
func (Range) node()    {}
func (Number) node()   {}
func (Exists) node()   {}

func (n Term) field() string     { return n.Field }
func (n Phrase) field() string   { return n.Field }
func (n Prefix) field() string   { return n.Field }
func (n Wildcard) field() string { return n.Field }
func (n Regexp) field() string   { return n.Field }
func (n Fuzzy) field() string    { return n.Field }
func (n Range) field() string    { return n.Field }
func (n Number) field() string   { return n.Field }
func (n Exists) field() string   { return n.Field }

// Size is how many steps the pattern is compiled to: each byte of a term costs
// up to about as many.
func (n Regexp) Size() int { return n.size }

// Walk calls visit for n and, while visit returns true, for what is below.
func Walk(n Node, visit func(Node) bool) {
	if !visit(n) {
		return
	}
	b, ok := n.(Bool)
	if !ok {
		return
	}
	for _, list := range [][]Node{b.Must, b.Should, b.Not} {
		for _, c := range list {
			Walk(c, visit)
		}
	}
}

// FieldOf is the field that n looks at, empty for All, None and Bool.
func FieldOf(n Node) string {
	if l, ok := n.(leaf); ok {
		return l.field()
	}
	return ""
}

// Fields lists the fields that a tree looks at, each once, in its order.
func Fields(n Node) []string {
	var names []string
	seen := map[string]bool{"": true}
	Walk(n, func(n Node) bool {
		if f := FieldOf(n); !seen[f] {
			seen[f] = true
			names = append(names, f)
		}
		return true
	})
	return names
}
