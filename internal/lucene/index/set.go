package index

import (
	"math/bits"
	"slices"
)

// set is a set of documents.
type set []uint64

func (x *Index) none() set { return make(set, (x.size+63)/64) }

func (x *Index) all() set {
	s := x.none()
	for i := range x.size {
		s.add(int32(i))
	}
	return s
}

func (x *Index) of(docs []int32) set {
	s := x.none()
	s.addAll(docs)
	return s
}

func (s set) add(doc int32) { s[doc/64] |= 1 << (doc % 64) }

func (s set) addAll(docs []int32) {
	for _, d := range docs {
		s.add(d)
	}
}

func (s set) empty() bool {
	return !slices.ContainsFunc(s, func(w uint64) bool { return w != 0 })
}

func (s set) and(o set) {
	for i := range s {
		s[i] &= o[i]
	}
}

func (s set) or(o set) {
	for i := range s {
		s[i] |= o[i]
	}
}

func (s set) without(o set) {
	for i := range s {
		s[i] &^= o[i]
	}
}

// list is the set in ascending order.
func (s set) list() []int {
	docs := []int{}
	for i, w := range s {
		for ; w != 0; w &= w - 1 {
			docs = append(docs, i*64+bits.TrailingZeros64(w))
		}
	}
	return docs
}
