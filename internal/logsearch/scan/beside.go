package scan

import (
	"encoding/binary"

	"github.com/recheckbot/recheckbot/internal/lucene"
)

// beside are the words next to a needle that is a term of its own, as far as
// eight bytes go: the next one's first and the last one's last, folded. A needle
// can be of dozens of phrases, and this tells most of them from what is there.
// Of a needle that is a part of a term it is the term's begin.
type beside struct{ next, last, term edge }

// edge are up to eight bytes, and which of them count: none where nothing is
// known.
type edge struct{ bytes, mask uint64 }

const (
	edgeLen  = 8
	edgeFold = 0x2020202020202020
)

// besideOf is what must stand beside an anchor.
func besideOf(a *anchor) (b beside) {
	if a.exact && !a.isTerm() {
		t := a.phrase.term(a.term)
		b.term.mask = ^uint64(0) >> (8 * (edgeLen - min(len(t), edgeLen)))
		b.term.bytes = first([]byte(t), 0) & b.term.mask
	}
	if !a.isTerm() || a.phrase.loose {
		return b
	}
	if k := a.term + 1; k < a.phrase.len() {
		t := a.phrase.term(k)
		b.next.mask = ^uint64(0) >> (8 * (edgeLen - min(len(t), edgeLen)))
		b.next.bytes = first([]byte(t), 0) & b.next.mask
	}
	if k := a.term - 1; k >= 0 {
		t := a.phrase.term(k)
		b.last.mask = ^uint64(0) << (8 * (edgeLen - min(len(t), edgeLen)))
		b.last.bytes = last([]byte(t), len(t)) & b.last.mask
	}
	return b
}

// besides are the edges of the words beside text[from:to]; nothing is known
// where it is not certain that there are such.
func besides(text []byte, from, to int, newline lucene.Truth) (b beside) {
	if i, there := after(text, to, newline); there == lucene.Yes {
		b.next = edge{first(text, i), ^uint64(0)}
	}
	if i, there := before(text, from, newline); there == lucene.Yes {
		b.last = edge{last(text, i), ^uint64(0)}
	}
	return b
}

// differs reports whether it is certain that what must be there is not.
func (b *beside) differs(there *beside) bool {
	return (b.next.bytes^there.next.bytes)&b.next.mask&there.next.mask != 0 ||
		(b.last.bytes^there.last.bytes)&b.last.mask&there.last.mask != 0
}

// isPart reports whether a needle can be a part of the term that it is of, which
// would begin at byte i.
func (b *beside) isPart(text []byte, i int) bool {
	return b.term.mask == 0 || i >= 0 && (first(text, i)^b.term.bytes)&b.term.mask == 0
}

// first are the bytes from i on, folded; 0 behind the end.
func first(text []byte, i int) uint64 {
	if i+edgeLen <= len(text) {
		return binary.LittleEndian.Uint64(text[i:]) | edgeFold
	}
	var b [edgeLen]byte
	copy(b[:], text[i:])
	return binary.LittleEndian.Uint64(b[:]) | edgeFold
}

// last are the bytes up to i, folded; 0 in front of the beginning.
func last(text []byte, i int) uint64 {
	if i >= edgeLen {
		return binary.LittleEndian.Uint64(text[i-edgeLen:]) | edgeFold
	}
	var b [edgeLen]byte
	copy(b[edgeLen-i:], text[:i])
	return binary.LittleEndian.Uint64(b[:]) | edgeFold
}
