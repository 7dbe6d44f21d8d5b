package needle

import (
	"encoding/binary"
	"math/bits"
)

// grid finds texts by looking at the grams at every step-th byte: a text that
// is at least window(step) long has one of its step chosen grams there, wherever
// it stands. A bitmap by the gram's hash turns nearly all away.
type grid struct {
	step   int
	shift  uint8
	bitmap []uint32
	slots  []slot // hash table, open addressing
	places []place
}

// slot lists the places of a gram: places[from:to]; empty if they are equal.
type slot struct {
	gram     uint32
	from, to int32
}

// place is a chosen gram: the text, and how far into it the gram is.
type place struct{ needle, off int32 }

// Sizes of the bitmap as a power of two: some hundred bits for a gram, but no
// more than fits into a core's second cache.
const (
	minBits = 13
	maxBits = 20
)

func newGrid(texts []string, use []int32, step int) *grid {
	byGram := map[uint32][]place{}
	var order []uint32
	for _, n := range use {
		from, _ := rarest(texts[n], step)
		for k := range step {
			gram := load(texts[n][from+k:])
			if byGram[gram] == nil {
				order = append(order, gram)
			}
			byGram[gram] = append(byGram[gram], place{n, int32(from + k)})
		}
	}
	size := min(max(bits.Len(uint(128*len(order))), minBits), maxBits)
	g := &grid{step: step, shift: uint8(32 - size), bitmap: make([]uint32, 1<<size/32)}
	g.slots = make([]slot, 1<<bits.Len(uint(4*len(order))))
	for _, gram := range order {
		h := gram * mulGram >> g.shift
		g.bitmap[h/32] |= 1 << (h % 32)
		from := int32(len(g.places))
		g.places = append(g.places, byGram[gram]...)
		*g.slot(gram) = slot{gram, from, int32(len(g.places))}
	}
	return g
}

// slot is where a gram is, or would be.
func (g *grid) slot(gram uint32) *slot {
	mask := uint32(len(g.slots) - 1)
	for i := gram * mulGram >> 7; ; i++ {
		if s := &g.slots[i&mask]; s.to == s.from || s.gram == gram {
			return s
		}
	}
}

// find appends to sc.first the matches in text.
func (g *grid) find(text []byte, texts []string, sc *Scratch) []Match {
	n := 0 // looks that fit
	if len(text) >= gramLen {
		n = (len(text)-gramLen)/g.step + 1
	}
	masks := sc.room(n/64 + 1)
	probe(text, g, n, masks)
	found := sc.first
	for w, m := range masks {
		for ; m != 0; m &= m - 1 {
			pos := (w*64 + bits.TrailingZeros64(m)) * g.step
			s := g.slot(binary.LittleEndian.Uint32(text[pos:]) | foldGram)
			for _, p := range g.places[s.from:s.to] {
				if i := pos - int(p.off); at(text, i, texts[p.needle]) {
					found = append(found, Match{int32(pos), int32(i), p.needle})
				}
			}
		}
	}
	return found
}

// probePlain sets in masks, for the looks from number first to n, which grams
// are in the bitmap; bits of other looks of these words are left as they are.
func probePlain(text []byte, g *grid, first, n int, masks []uint64) {
	clear(masks[first/64:])
	for ; first < n; first += 64 {
		var m uint64
		for k := range min(64, n-first) {
			h := (binary.LittleEndian.Uint32(text[(first+k)*g.step:]) | foldGram) * mulGram >> (g.shift & 31)
			m |= uint64(g.bitmap[h/32]>>(h%32)&1) << k
		}
		masks[first/64] = m
	}
}
