package lucene

// Anchors lists words and phrases of text of which every matching event has at
// least one: what a scanner can look for first. There are none (nil) where
// other fields alone can make the query true, or only a wildcard, a regular
// expression or NOT: such a query is evaluated on every event, which is slow.
// text tells which fields are analysed text.
func Anchors(n Node, text func(field string) bool) []Node {
	switch n := n.(type) {
	case Term:
		if text(n.Field) {
			return []Node{n}
		}
	case Phrase:
		if text(n.Field) {
			return []Node{n}
		}
	case Bool:
		return n.anchors(text)
	}
	return nil
}

// anchors are the fewest of one clause that must match, or those of all of the
// clauses of which one must.
func (n Bool) anchors(text func(string) bool) []Node {
	var best []Node
	for _, c := range n.Must {
		if a := Anchors(c, text); len(a) > 0 && (best == nil || len(a) < len(best)) {
			best = a
		}
	}
	if len(n.Must) > 0 {
		return best
	}
	var all []Node
	for _, c := range n.Should {
		a := Anchors(c, text)
		if len(a) == 0 {
			return nil
		}
		all = append(all, a...)
	}
	return all
}
