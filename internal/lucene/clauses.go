package lucene

// occur says what a clause means for its group.
type occur uint8

const (
	should occur = iota
	must
	mustNot
)

// clauses are the clauses of one group in their order.
type clauses []struct {
	n     Node
	occur occur
}

// add does what Lucene's addClause does: AND makes the clause before it and
// its own required, NOT makes its own prohibited, OR changes nothing. A clause
// of which analysis left nothing (nil) still has its effect on the one before.
func (c *clauses) add(conj, mod kind, n Node) {
	if last := len(*c) - 1; last >= 0 && conj == kAnd && (*c)[last].occur != mustNot {
		(*c)[last].occur = must
	}
	if n == nil {
		return
	}
	o := should
	switch {
	case mod == kNot:
		o = mustNot
	case mod == kPlus || conj == kAnd:
		o = must
	}
	*c = append(*c, struct {
		n     Node
		occur occur
	}{n, o})
}

// node makes the Bool of a group, nil if there is no clause.
func (c clauses) node() Node {
	if len(c) == 0 {
		return nil
	}
	var b Bool
	for _, cl := range c {
		switch cl.occur {
		case must:
			b.Must = append(b.Must, cl.n)
		case mustNot:
			b.Not = append(b.Not, cl.n)
		default:
			b.Should = append(b.Should, cl.n)
		}
	}
	return withAll(b)
}

// withAll is Elasticsearch's fixNegativeQueryIfNeeded: a group of nothing but
// NOT, which matches nothing in Lucene, matches all else.
func withAll(n Node) Node {
	b, ok := n.(Bool)
	if !ok || len(b.Not) == 0 || len(b.Must)+len(b.Should) > 0 {
		return n
	}
	return Bool{Must: []Node{All{}}, Not: b.Not}
}
