package index

import (
	"cmp"
	"slices"
	"unicode/utf8"

	"github.com/recheckbot/recheckbot/internal/lucene"
)

// maxExpansions is how many terms a fuzzy one stands for at most, in Lucene and
// in Elasticsearch.
const maxExpansions = 50

// near is a term that a fuzzy one may stand for.
type near struct {
	id    int32
	text  string
	score float32
}

// fuzzy takes the best terms of the index as Lucene's FuzzyQuery does: those
// with the least edits for their length, then the first by bytes.
func (x *Index) fuzzy(f *field, n lucene.Fuzzy) set {
	var found []near
	for id, term := range f.terms {
		if edits, ok := n.Distance(term); ok {
			found = append(found, near{int32(id), term, score(n.Text, term, edits)})
		}
	}
	slices.SortFunc(found, func(a, b near) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.text, b.text))
	})
	s := x.none()
	for _, c := range found[:min(len(found), maxExpansions)] {
		s.addAll(f.docs[c.id])
	}
	return s
}

// score is 1 - edits / the shorter length, in code points and 32 bits as there.
func score(a, b string, edits int) float32 {
	if edits == 0 {
		return 1
	}
	return 1 - float32(edits)/float32(min(utf8.RuneCountInString(a), utf8.RuneCountInString(b)))
}
