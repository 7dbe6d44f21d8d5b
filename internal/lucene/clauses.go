package lucene

// occur says what a clause means for its group.
type occur uint8

const (
	should occur = iota
	must
	mustNot
)

// clause is one of a group, and where it begins in the query.
type clause struct {
	n     Node
	occur occur
	off   int
}

// or is an OR: where it stands, and the number of the clause behind it.
type or struct{ off, next int }

// clauses are the clauses of one group in their order.
type clauses struct {
	all    []clause
	ors    []or
	places places
}

// add does what Lucene's addClause does: AND makes the clause before it and
// its own required, NOT makes its own prohibited, OR changes nothing. A clause
// of which analysis left nothing (nil) still has its effect on the one before.
func (c *clauses) add(conj, mod kind, n Node, off int) {
	if last := len(c.all) - 1; last >= 0 && conj == kAnd && c.all[last].occur != mustNot {
		c.all[last].occur = must
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
	c.all = append(c.all, clause{n, o, off})
}

// node makes the Bool of a group, nil if there is no clause.
func (c clauses) node() Node {
	if len(c.all) == 0 {
		return nil
	}
	lists := map[occur][]Node{}
	for _, cl := range c.all {
		lists[cl.occur] = append(lists[cl.occur], cl.n)
	}
	next := map[occur]int{}
	for _, cl := range c.all {
		c.places[&lists[cl.occur][next[cl.occur]]] = cl.off
		next[cl.occur]++
	}
	return withAll(Bool{Must: lists[must], Should: lists[should], Not: lists[mustNot]})
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
