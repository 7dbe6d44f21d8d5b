package scan

import (
	"slices"

	"github.com/recheckbot/recheckbot/internal/lucene"
)

// sieve finds which trees may match an event. It errs on one side only: a tree
// that it does not find cannot match.
type sieve struct {
	first  *words  // the longest word of each way
	rest   *words  // all of its words; only looked at when first has found something
	tree   []int32 // the tree of each way
	always []int32 // trees with a way that needs no word
	all    []int32
	marks  *marks
	found  []int32
}

// newSieve prepares the search for trees; those that are nil are never found.
// It is for one goroutine at a time.
func newSieve(trees []lucene.Node) *sieve {
	s := &sieve{}
	var ways []way
	for i, tree := range trees {
		if tree == nil {
			continue
		}
		s.all = append(s.all, int32(i))
		mine := required(tree)
		if slices.ContainsFunc(mine, func(w way) bool { return len(w) == 0 }) {
			s.always = append(s.always, int32(i))
			continue
		}
		for _, w := range mine {
			ways = append(ways, w)
			s.tree = append(s.tree, int32(i))
		}
	}
	s.first, s.rest, s.marks = newWords(ways, 1), newWords(ways, maxWords), newMarks(len(ways))
	return s
}

// find returns the trees that may match text, in their order; valid until the
// next call.
func (s *sieve) find(text []byte) []int32 {
	if !s.first.find(text, s.marks) {
		return s.all
	}
	if len(s.marks.found) == 0 {
		return s.always
	}
	s.rest.find(text, s.marks)
	s.found = append(s.found[:0], s.always...)
	for _, w := range s.marks.found {
		s.found = append(s.found, s.tree[w])
	}
	slices.Sort(s.found)
	return slices.Compact(s.found)
}
