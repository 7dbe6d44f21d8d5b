package lucene

import "fmt"

// Query is a query's tree, with what the tree does not show any more.
type Query struct {
	Tree  Node
	Notes []Note // of the text
	from  int
	at    places
}

// Note is something odd, and where it stands.
type Note struct {
	Offset int // in bytes of the query, from 0
	Msg    string
}

// places tells where the clause that is kept there begins in the query: a tree's
// nodes are values, but each has a place of its own in its group's list.
type places map[*Node]int

// Read is Parse, with what a person may not expect of the query's text, and
// with the places of its clauses.
func Read(query string, m Mapping) (Query, error) {
	p := &parser{query: query, mapping: m, places: places{}}
	n, err := p.parse()
	q := Query{Tree: n, Notes: p.notes, at: p.places}
	if len(p.tokens) > 0 {
		q.from = p.tokens[0].off
	}
	return q, err
}

// Walk calls visit for the tree and, while visit returns true, for what is
// below, with the offset in bytes at which each begins in the query.
func (q Query) Walk(visit func(n Node, offset int) bool) { q.walk(q.Tree, q.from, visit) }

func (q Query) walk(n Node, offset int, visit func(Node, int) bool) {
	if !visit(n, offset) {
		return
	}
	b, ok := n.(Bool)
	if !ok {
		return
	}
	for _, list := range [][]Node{b.Must, b.Should, b.Not} {
		for i := range list {
			q.walk(list[i], q.offset(&list[i], offset), visit)
		}
	}
}

// offset is a clause's, else that of the group around it.
func (q Query) offset(slot *Node, around int) int {
	if off, ok := q.at[slot]; ok {
		return off
	}
	return around
}

// note keeps something odd.
func (p *parser) note(off int, format string, args ...any) {
	p.notes = append(p.notes, Note{off, fmt.Sprintf(format, args...)})
}

// noteWord notes a word that looks like an operator.
func (p *parser) noteWord(t lexeme) {
	if t.text == "and" || t.text == "or" || t.text == "not" {
		p.note(t.off, "%q is a word here: operators are written in capitals", t.text)
	}
}

// noteOrs notes the first OR of a group that does nothing because of an AND or
// NOT next to it. What stands beside OR and is not required any more, Lint tells.
func (p *parser) noteOrs(list clauses, n Node) {
	for _, o := range list.ors {
		if o.next == 0 {
			continue
		}
		before, after := list.all[o.next-1].occur, list.all[o.next].occur
		why := "AND requires what stands on both of its sides"
		switch {
		case before == mustNot || after == mustNot:
			why = "NOT excludes, whatever stands beside it"
		case before != must || after != must:
			continue
		}
		p.note(o.off, "OR changes nothing here, since %s; it is read as %s: put brackets around what belongs together", why, cut(n.String(), 200))
		return
	}
}
