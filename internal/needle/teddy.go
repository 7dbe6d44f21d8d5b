package needle

import (
	"cmp"
	"encoding/binary"
	"math/bits"
	"slices"
)

// buckets is how many groups of texts a byte of a mask can tell apart, and
// windowLen how many bytes of a text are looked at to find it.
const (
	buckets   = 8
	windowLen = 8
)

// foldWindow sets bit 5 of each byte of a window, so that letters of both cases
// are equal.
const foldWindow = foldGram<<32 | foldGram

// teddy finds texts by a window of eight of their bytes: for each byte of it a
// table says which buckets a text can be in that has this byte there, and what
// stays of all eight is where a text may stand. (The method is Hyperscan's
// "Teddy".) Texts shorter than a window leave the last tables open.
type teddy struct {
	tables  [windowLen][128]uint8 // by the lower seven bits of a byte
	open    [windowLen]uint8      // the buckets for which there need be no byte
	halves  [gramLen]half         // a superset of the first tables, for those who have vectors but no such tables
	hashed  uint64                // the bytes of a window that are hashed: so many as the shortest one has
	first   [1 << hashBits]int32  // by hash: number of the first entry, 1-based
	entries []entry
}

// hashBits is how many bits the hash of a window has.
const hashBits = 11

// half are the buckets of a byte by its low and by its high four bits.
type half struct{ low, high [16]uint8 }

// entry is a text's window: its bytes folded, and which of them count.
type entry struct {
	key, mask uint64
	place
	next int32 // of the same hash, 1-based
}

func newTeddy(texts []string, use []int32) *teddy {
	t := &teddy{}
	places := make([]place, len(use))
	costs := map[int32]float64{}
	for i, n := range use {
		places[i] = place{needle: n}
		costs[n] = 1
		if len(texts[n]) >= gramLen {
			off, f := rarest(texts[n], 1)
			places[i].off, costs[n] = int32(min(off, max(len(texts[n])-windowLen, 0))), f
		}
	}
	slices.SortStableFunc(places, func(a, b place) int {
		return cmp.Or(cmp.Compare(costs[b.needle], costs[a.needle]), cmp.Compare(a.needle, b.needle))
	})
	var in [buckets]letters
	t.hashed = ^uint64(0)
	for _, p := range places {
		s := texts[p.needle][p.off:]
		s = s[:min(len(s), windowLen)]
		b, then := choose(&in, s)
		in[b] = then
		t.add(b, s)
		key, mask := keyOf(s)
		t.entries = append(t.entries, entry{key: key, mask: mask, place: p})
		t.hashed &= mask
	}
	for i := range t.entries {
		e := &t.entries[i]
		first := &t.first[t.hash(e.key)]
		e.next, *first = *first, int32(i+1)
	}
	return t
}

// hash is of a window that is folded.
func (t *teddy) hash(window uint64) uint64 {
	const mul = 0x9e3779b97f4a7c15 // 2^64 / golden ratio
	return (window & t.hashed) * mul >> (64 - hashBits)
}

// keyOf is a window's key: the bytes in their order, the first one lowest.
func keyOf(s string) (key, mask uint64) {
	for j := range s {
		key |= uint64(s[j]|foldGram&0xff) << (8 * j)
		mask |= 0xff << (8 * j)
	}
	return key, mask
}

// add lets a bucket take the window s, in either case.
func (t *teddy) add(bucket int, s string) {
	bit := uint8(1) << bucket
	for j := range windowLen {
		if j >= len(s) {
			t.open[j] |= bit
			for c := range t.tables[j] {
				t.tables[j][c] |= bit
			}
			continue
		}
		for _, c := range both(s[j]) {
			t.tables[j][c&0x7f] |= bit
		}
	}
	for j := range gramLen {
		h := &t.halves[j]
		for c, in := range t.tables[j] { // also of the bytes beyond ASCII, as the tables are
			for _, c := range [...]int{c, c | 0x80} {
				h.low[c&15] |= in & bit
				h.high[c>>4] |= in & bit
			}
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

// letters are what a bucket lets in at each place of a window: folded bytes, and
// how frequent they are in sum.
type letters [windowLen]struct {
	set [2]uint64
	sum float64
}

// with also lets s in.
func (l *letters) with(s string) letters {
	to := *l
	for j := range to {
		at := &to[j]
		if j >= len(s) {
			at.sum = 1
			continue
		}
		c := s[j]&0x7f | 0x20
		if bit := uint64(1) << (c & 63); at.set[c>>6]&bit == 0 {
			at.set[c>>6] |= bit
			at.sum = min(at.sum+byteFrequency(c), 1)
		}
	}
	return to
}

// share is about how much of all places in a text is let in.
func (l *letters) share() float64 {
	all := 1.0
	for j := range l {
		all *= l[j].sum
	}
	return all
}

// choose is the bucket that lets in the least more when s comes into it, and
// what it is then.
func choose(in *[buckets]letters, s string) (best int, then letters) {
	least := 0.0
	for b := range in {
		with := in[b].with(s)
		if more := with.share() - in[b].share(); b == 0 || more < least {
			best, then, least = b, with, more
		}
	}
	return best, then
}

// find appends to sc.other the matches in text.
func (t *teddy) find(text []byte, texts []string, sc *Scratch) []Match {
	masks := sc.room(len(text)/64 + 1)
	sc.high = !sift(text, t, masks) || sc.high
	found := sc.other
	for _, pos := range t.hits(text, masks, sc) {
		window := windowAt(text, int(pos)) | foldWindow
		for next := t.first[t.hash(window)]; next != 0; {
			e := &t.entries[next-1]
			next = e.next
			if i := int(pos - e.off); (window^e.key)&e.mask == 0 && at(text, i, texts[e.needle]) {
				found = append(found, Match{pos, int32(i), e.needle})
			}
		}
	}
	return found
}

// hits are the places in masks whose window's hash is one of ours.
func (t *teddy) hits(text []byte, masks []uint64, sc *Scratch) []int32 {
	list := sc.hits[:cap(sc.hits)]
	n := 0
	for w, m := range masks {
		if n+64 > len(list) {
			list = append(list, make([]int32, 64+len(list))...)
		}
		for ; m != 0; m &= m - 1 {
			pos := w*64 + bits.TrailingZeros64(m)
			list[n] = int32(pos)
			n += int((uint32(t.first[t.hash(windowAt(text, pos)|foldWindow)]) + 1<<31 - 1) >> 31) // no branch: nobody could foretell it
		}
	}
	sc.hits = list
	return list[:n]
}

// windowAt are the eight bytes from byte i on, 0 where the text has ended.
func windowAt(text []byte, i int) uint64 {
	if i+windowLen <= len(text) {
		return binary.LittleEndian.Uint64(text[i:])
	}
	var last [windowLen]byte
	copy(last[:], text[i:])
	return binary.LittleEndian.Uint64(last[:])
}

// at tells the buckets of what may stand at byte i.
func (t *teddy) at(text []byte, i int) uint8 {
	in := uint8(0xff)
	for j := range windowLen {
		if i+j < len(text) {
			in &= t.tables[j][text[i+j]&0x7f]
		} else {
			in &= t.open[j]
		}
	}
	return in
}

// siftPlain sets the masks of the bytes from first on, a multiple of 64.
func siftPlain(text []byte, t *teddy, first int, masks []uint64) {
	clear(masks[first/64:])
	for i := first; i < len(text); i++ {
		if i+gramLen <= len(text) {
			b := text[i : i+gramLen]
			if t.tables[0][b[0]&0x7f]&t.tables[1][b[1]&0x7f]&t.tables[2][b[2]&0x7f]&t.tables[3][b[3]&0x7f] == 0 {
				continue
			}
		}
		if t.at(text, i) != 0 {
			masks[i/64] |= 1 << (i % 64)
		}
	}
}
