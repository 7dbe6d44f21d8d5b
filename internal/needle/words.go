package needle

import (
	"encoding/binary"
	"math/bits"
)

// words finds texts that are whole words, in the sense of letters, digits and
// underscores of ASCII: the text is cut where such words begin, and the first
// eight bytes of each are looked up by their hash, first in a bitmap. Those whose
// first three bytes are in no bucket are left out before, as in teddy.
type words struct {
	tables [1 + headLen][128]uint8 // cuts, and the buckets by a word's first bytes
	bitmap []uint32
	shift  uint8
	slots  []wordSlot // hash table, open addressing
	ends   []wordEnd
	most   int // bytes of the longest needle
}

// wordSlot lists the needles of a key: ends[from:to]; empty if they are equal.
type wordSlot struct {
	key      uint64
	from, to int32
}

// wordEnd is a needle, and the window behind its first one.
type wordEnd struct {
	key, mask uint64
	needle    int32
}

func endOf(texts []string, n int32) wordEnd {
	t := texts[n][min(len(texts[n]), windowLen):]
	key, mask := keyOf(t[:min(len(t), windowLen)])
	return wordEnd{key, mask, n}
}

// headLen is how many bytes of a word decide its bucket.
const headLen = 3

// mulWindow is 2^64 / golden ratio.
const mulWindow = 0x9e3779b97f4a7c15

// The sizes of the bitmap, as powers of two: some hundred bits for a word, but no
// more than fits into a core's second cache.
const (
	minWordBits = 13
	maxWordBits = 20
)

func newWords(texts []string, use []int32) *words {
	w := &words{}
	w.tables[0] = cuts
	byKey := map[uint64][]int32{}
	var order []uint64
	for _, n := range use {
		key, _ := keyOf(texts[n][:min(len(texts[n]), windowLen)])
		if byKey[key] == nil {
			order = append(order, key)
		}
		byKey[key] = append(byKey[key], n)
		w.most = max(w.most, len(texts[n]))
	}
	size := min(max(bits.Len(uint(128*len(order))), minWordBits), maxWordBits)
	w.shift, w.bitmap = uint8(64-size), make([]uint32, 1<<size/32)
	w.slots = make([]wordSlot, 1<<bits.Len(uint(4*len(order))))
	for _, key := range order {
		h := key * mulWindow >> w.shift
		w.bitmap[h/32] |= 1 << (h % 32)
		from := int32(len(w.ends))
		for _, n := range byKey[key] {
			w.ends = append(w.ends, endOf(texts, n))
		}
		*w.slot(key) = wordSlot{key, from, int32(len(w.ends))}
	}
	w.fillBuckets(texts, use)
	return w
}

// fillBuckets lets in the first bytes of all words.
func (w *words) fillBuckets(texts []string, use []int32) {
	var in [buckets]letters
	done := map[string]bool{}
	for _, n := range use {
		head := texts[n][:min(len(texts[n]), headLen)]
		if done[head] {
			continue
		}
		done[head] = true
		b, then := choose(&in, head)
		in[b] = then
		for j := range headLen {
			table := &w.tables[1+j]
			if j >= len(head) {
				for c := range table {
					table[c] |= 1 << b
				}
				continue
			}
			for _, c := range both(head[j]) {
				table[c] |= 1 << b
			}
		}
	}
}

// mayBegin reports whether one of the words can begin at byte i of text.
func (w *words) mayBegin(text []byte, i int) bool {
	in := uint8(0xff)
	for j := 0; j < headLen && i+j < len(text); j++ {
		in &= w.tables[1+j][text[i+j]&0x7f]
	}
	return in != 0
}

// slot is where a key is, or would be.
func (w *words) slot(key uint64) *wordSlot {
	mask := uint64(len(w.slots) - 1)
	for i := key * mulWindow >> 32; ; i++ {
		if s := &w.slots[i&mask]; s.to == s.from || s.key == key {
			return s
		}
	}
}

// find appends to found the matches in text.
func (w *words) find(text []byte, texts []string, sc *Scratch, found []Match) []Match {
	c, state := &sc.cutting, cutState{outside: 1}
	var tails []Match
	var long stretches
	for base := 0; base < len(text); base += tile {
		n := w.cut(text[base:], c, &state)
		n = probeWords(w, c, n)
		for _, p := range c.hits[:n] {
			found = w.look(text, base+int(p), foldedKey(c.folded[p:]), texts, found)
		}
		for blocks := long.blocks(state.solid); blocks != 0; {
			from := bits.TrailingZeros64(blocks)
			to := from + bits.TrailingZeros64(^(blocks >> from))
			blocks &^= 1<<to - 1 // of 64 too: then it is 0
			tails = w.tails(text, base, c.folded[:min(tile, len(text)-base)], from*64, to*64, texts, tails)
		}
	}
	sc.high = sc.high || state.high != 0
	if len(tails) == 0 {
		return found
	}
	return merge(nil, found, tails)
}

// look appends what begins at byte i, where there is a word of this key.
func (w *words) look(text []byte, i int, key uint64, texts []string, found []Match) []Match {
	s := w.slot(key)
	for k := s.from; k < s.to; k++ {
		e := &w.ends[k]
		if e.mask != 0 && (windowAt(text, min(i+windowLen, len(text)))|foldWindow^e.key)&e.mask != 0 {
			continue
		}
		if needle := texts[e.needle]; len(needle) < windowLen || at(text, i, needle) {
			found = append(found, Match{int32(i), int32(i), e.needle})
		}
	}
	return found
}

// foldedKey is the key of the word that begins there.
func foldedKey(folded []byte) uint64 {
	key := binary.LittleEndian.Uint64(folded)
	end := key & 0x8080808080808080 >> 7
	return key & (end ^ (end - 1))
}

// probeWordsPlain puts into c.hits those of the n starts whose word's hash is in
// the bitmap.
func probeWordsPlain(w *words, c *cutting, n int) (hits int) {
	for _, p := range c.starts[:n] {
		h := foldedKey(c.folded[p:]) * mulWindow >> (w.shift & 63)
		c.hits[hits] = p
		hits += int(w.bitmap[h/32] >> (h % 32) & 1)
	}
	return hits
}
