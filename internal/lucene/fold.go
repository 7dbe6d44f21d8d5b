package lucene

// Fold decides what the known fields of d decide and returns what is left: a
// smaller tree over the unknown fields, or All or None. A file that leaves None
// of every tree need not be read.
func Fold(n Node, d *Doc) Node {
	b, ok := n.(Bool)
	if !ok {
		switch Eval(n, d) {
		case Yes:
			return All{}
		case No:
			return None{}
		}
		return n
	}
	return b.fold(d)
}

// fold keeps the clauses that are not decided.
func (n Bool) fold(d *Doc) Node {
	var left Bool
	switch {
	case len(n.Must) > 0:
		for _, c := range n.Must {
			c = Fold(c, d)
			if (c == None{}) {
				return c
			}
			left.Must = appendUnless(left.Must, c, All{})
		}
	default:
		for _, c := range n.Should {
			c = Fold(c, d)
			if (c == All{}) {
				left.Should = []Node{c}
				break
			}
			left.Should = appendUnless(left.Should, c, None{})
		}
		if len(left.Should) == 0 {
			return None{}
		}
		if len(left.Should) == 1 {
			left.Must = appendUnless(nil, left.Should[0], All{})
			left.Should = nil
		}
	}
	for _, c := range n.Not {
		c = Fold(c, d)
		if (c == All{}) {
			return None{}
		}
		left.Not = appendUnless(left.Not, c, None{})
	}
	return left.simple()
}

// appendUnless adds n unless it is the constant that changes nothing.
func appendUnless(list []Node, n, constant Node) []Node {
	if n == constant {
		return list
	}
	return append(list, n)
}

// simple is an equal tree: b was folded, all of its clauses are undecided and
// an empty Must means that what was required is fulfilled.
func (n Bool) simple() Node {
	switch {
	case len(n.Should) > 0:
		return n
	case len(n.Not) == 0 && len(n.Must) == 0:
		return All{}
	case len(n.Not) == 0 && len(n.Must) == 1:
		return n.Must[0]
	case len(n.Must) == 0:
		n.Must = []Node{All{}}
	}
	return n
}

// Conditions is the readable text of what must hold, beyond what is known, for
// the event to match, such as `build_name:"tempest-full" and voting:"1"`. It is
// empty when the event matches whatever the unknown fields are.
func Conditions(n Node, d *Doc) string {
	left := Fold(n, d)
	if (left == All{}) {
		return ""
	}
	return render(left, plainOperators)
}
