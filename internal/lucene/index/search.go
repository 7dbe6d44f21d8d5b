package index

import (
	"slices"

	"github.com/recheckbot/recheckbot/internal/lucene"
)

// Search lists the documents that match, ascending. A field that a document
// does not have is absent.
func (x *Index) Search(n lucene.Node) []int { return x.eval(n).list() }

func (x *Index) eval(n lucene.Node) set {
	switch n := n.(type) {
	case lucene.All:
		return x.all()
	case lucene.None:
		return x.none()
	case lucene.Bool:
		return x.bool(n)
	}
	f := x.fields[lucene.FieldOf(n)]
	if f == nil {
		return x.none()
	}
	switch n := n.(type) {
	case lucene.Exists:
		return x.of(f.present)
	case lucene.Term:
		return x.of(f.having(n.Text))
	case lucene.Phrase:
		return x.phrase(f, n)
	case lucene.Fuzzy:
		return x.fuzzy(f, n)
	}
	return x.scan(f, n)
}

func (x *Index) bool(n lucene.Bool) set {
	s := x.none()
	if len(n.Must) > 0 {
		s = x.eval(n.Must[0])
		for _, c := range n.Must[1:] {
			if s.empty() {
				return s
			}
			s.and(x.eval(c))
		}
	} else {
		for _, c := range n.Should {
			s.or(x.eval(c))
		}
	}
	for _, c := range n.Not {
		s.without(x.eval(c))
	}
	return s
}

// having are the documents with a term.
func (f *field) having(term string) []int32 {
	if id, ok := f.ids[term]; ok {
		return f.docs[id]
	}
	return nil
}

// scan asks of every term of the field whether it makes n true.
func (x *Index) scan(f *field, n lucene.Node) set {
	s := x.none()
	for id, term := range f.terms {
		if lucene.MatchesTerm(n, term) {
			s.addAll(f.docs[id])
		}
	}
	return s
}

// phrase looks into the documents that have all of the terms.
func (x *Index) phrase(f *field, n lucene.Phrase) set {
	s := x.none()
	if !f.analysed {
		return s
	}
	ids := make([]int32, len(n.Terms))
	rarest := 0
	for i, term := range n.Terms {
		id, ok := f.ids[term]
		if !ok {
			return s
		}
		ids[i] = id
		if len(f.docs[id]) < len(f.docs[ids[rarest]]) {
			rarest = i
		}
	}
	for _, doc := range f.docs[ids[rarest]] {
		if n.Slop == 0 && f.follows(doc, ids) || n.Slop > 0 && n.In(f.tokens(doc)) {
			s.add(doc)
		}
	}
	return s
}

// follows reports whether a document has the words one position after another.
func (f *field) follows(doc int32, ids []int32) bool {
	from, to := f.span(doc)
	for i := from; i+len(ids) <= to; i++ {
		if f.pos[i+len(ids)-1]-f.pos[i] == int32(len(ids)-1) && slices.Equal(f.words[i:i+len(ids)], ids) {
			return true
		}
	}
	return false
}
