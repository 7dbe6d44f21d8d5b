package needle

import (
	"cmp"
	"math/bits"
	"slices"
)

// buckets is how many groups of texts a byte of a mask can tell apart.
const buckets = 8

// teddy finds few texts by four of their bytes: for each byte two tables, by
// its low and by its high half, say which buckets it can belong to, and what
// stays of all eight is where a text may stand. (The method is Hyperscan's
// "Teddy".) Texts shorter than four bytes leave the last tables open.
type teddy struct {
	halves  [gramLen]half
	bytes   [gramLen][256]uint8 // the same, by whole bytes
	buckets [buckets][]place
}

// half are the buckets of a byte by its low and by its high four bits.
type half struct{ low, high [16]uint8 }

func newTeddy(texts []string, use []int32) *teddy {
	t := &teddy{}
	places := make([]place, len(use))
	costs := map[int32]float64{}
	for i, n := range use {
		places[i] = place{needle: n}
		costs[n] = 1
		if len(texts[n]) >= gramLen {
			off, f := rarest(texts[n], 1)
			places[i].off, costs[n] = int32(off), f
		}
	}
	slices.SortStableFunc(places, func(a, b place) int {
		return cmp.Or(cmp.Compare(costs[b.needle], costs[a.needle]), cmp.Compare(a.needle, b.needle))
	})
	for _, p := range places {
		b := t.bucket(texts[p.needle][p.off:])
		t.buckets[b] = append(t.buckets[b], p)
		t.add(b, texts[p.needle][p.off:])
	}
	for j := range t.bytes {
		for c := range t.bytes[j] {
			t.bytes[j][c] = t.halves[j].low[c&15] & t.halves[j].high[c>>4]
		}
	}
	return t
}

// add lets a bucket take the first bytes of s, in either case.
func (t *teddy) add(bucket int, s string) {
	bit := uint8(1) << bucket
	for j := range gramLen {
		h := &t.halves[j]
		if j >= len(s) {
			for i := range 16 {
				h.low[i] |= bit
				h.high[i] |= bit
			}
			continue
		}
		for _, c := range both(s[j]) {
			h.low[c&15] |= bit
			h.high[c>>4] |= bit
		}
	}
}

// both are the cases of a byte.
func both(c byte) []byte {
	if 'a' <= c && c <= 'z' {
		return []byte{c, c - 'a' + 'A'}
	}
	return []byte{c}
}

// bucket chooses the one that lets in the least more when s comes into it.
func (t *teddy) bucket(s string) int {
	best, least := 0, 0.0
	for b := range buckets {
		if len(t.buckets[b]) == 0 {
			return b
		}
		with := *t
		with.add(b, s)
		if more := with.open(b) - t.open(b); b == 0 || more < least {
			best, least = b, more
		}
	}
	return best
}

// open is how much of all texts a bucket lets in.
func (t *teddy) open(bucket int) float64 {
	all := 1.0
	for _, h := range t.halves {
		low, high := 0, 0
		for i := range 16 {
			low += int(h.low[i] >> bucket & 1)
			high += int(h.high[i] >> bucket & 1)
		}
		all *= float64(low*high) / 256
	}
	return all
}

// find appends to sc.other the matches in text.
func (t *teddy) find(text []byte, texts []string, sc *Scratch) []Match {
	masks := sc.room(len(text)/64 + 1)
	sift(text, t, masks)
	found := sc.other
	for w, m := range masks {
		for ; m != 0; m &= m - 1 {
			pos := w*64 + bits.TrailingZeros64(m)
			for in := t.at(text, pos); in != 0; in &= in - 1 {
				for _, p := range t.buckets[bits.TrailingZeros8(in)] {
					if i := pos - int(p.off); at(text, i, texts[p.needle]) {
						found = append(found, Match{int32(pos), int32(i), p.needle})
					}
				}
			}
		}
	}
	return found
}

// at tells the buckets of what may stand at byte i. Bytes behind the text's end
// fit whatever leaves them open.
func (t *teddy) at(text []byte, i int) uint8 {
	in := uint8(0xff)
	for j := range gramLen {
		if i+j < len(text) {
			in &= t.bytes[j][text[i+j]]
		} else {
			in &= t.halves[j].low[0] & t.halves[j].high[8] // no ASCII: open or nothing
		}
	}
	return in
}

// siftPlain sets the masks of the bytes from first on, a multiple of 64.
func siftPlain(text []byte, t *teddy, first int, masks []uint64) {
	clear(masks[first/64:])
	for ; first < len(text); first += 64 {
		var m uint64
		b := text[first:min(first+64, len(text))]
		if first+64+gramLen <= len(text) {
			b = text[first : first+64+gramLen]
			for k := range 64 {
				if t.bytes[0][b[k]]&t.bytes[1][b[k+1]]&t.bytes[2][b[k+2]]&t.bytes[3][b[k+3]] != 0 {
					m |= 1 << k
				}
			}
		} else {
			for k := range b {
				if t.at(text, first+k) != 0 {
					m |= 1 << k
				}
			}
		}
		masks[first/64] = m
	}
}
