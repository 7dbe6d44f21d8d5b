package lucene

import "fmt"

// Anchored reports whether every match needs some text: whether a query can
// not match an event by other fields alone, as one with a forgotten AND does,
// which then matches every line of a file. text tells which fields are text.
func Anchored(n Node, text func(field string) bool) bool {
	yes, _ := possible(n, text)
	return !yes
}

// possible tells whether n can be true, and whether it can be false, of an
// event that has none of the texts that n names.
func possible(n Node, text func(string) bool) (yes, no bool) {
	switch n := n.(type) {
	case All:
		return true, false
	case Bool:
		return n.possible(text)
	case leaf:
		return !text(n.field()), true
	}
	return false, true
}

func (n Bool) possible(text func(string) bool) (yes, no bool) {
	if len(n.Must) > 0 {
		yes = true
		for _, c := range n.Must {
			y, f := possible(c, text)
			yes, no = yes && y, no || f
		}
	} else {
		no = true
		for _, c := range n.Should {
			y, f := possible(c, text)
			yes, no = yes || y, no && f
		}
	}
	for _, c := range n.Not {
		y, f := possible(c, text)
		yes, no = yes && f, no || y
	}
	return yes, no
}

// Lint lists what a person hardly meant, in words for them.
func Lint(n Node, text func(field string) bool) []string {
	var found []string
	if !Anchored(n, text) {
		found = append(found, "it can match every line of a file: no text is required (is an AND missing?)")
	}
	Walk(n, func(n Node) bool {
		if b, ok := n.(Bool); ok && len(b.Must) > 0 && len(b.Should) > 0 {
			found = append(found, fmt.Sprintf("%s changes nothing beside AND: put brackets around what belongs together", b.Should[0]))
		}
		return true
	})
	return found
}
