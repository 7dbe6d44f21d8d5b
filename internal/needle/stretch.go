package needle

import (
	"bytes"
)

// Long is from how many bytes on a stretch without a space, or what else ends
// all words, may have been cut by those who cut texts into words and bound their
// length: there what ends a word is found, too.
const Long = 192

// stretches finds where long stretches without a space are: at least two blocks
// of them are solid.
type stretches struct{ solid, pair uint64 } // the last blocks of the tile before

// blocks are those of a tile in which long stretches begin, go on and end.
func (s *stretches) blocks(solid uint64) uint64 {
	pairs := solid & (solid<<1 | s.solid)
	around := pairs>>2 | pairs>>1 | pairs | pairs<<1 | s.pair
	s.solid, s.pair = solid>>63, pairs>>63
	return around
}

// tails appends to found what ends a word in the long stretches of a part of a
// tile. One that goes on behind the tile is the next one's.
func (w *words) tails(text []byte, base int, folded []byte, from, limit int, texts []string, found []Match) []Match {
	limit = min(limit, len(folded))
	begin := base + from // of the stretch
	for begin > 0 && base+from-begin < Long && (text[begin-1] >= 0x80 || cuts[text[begin-1]] != space) {
		begin--
	}
	for ; from <= limit; from++ {
		to := limit
		if n := bytes.IndexByte(folded[from:limit], space); n >= 0 {
			to = from + n
		}
		for base+to-begin >= Long && from <= to {
			end := to
			if n := bytes.IndexByte(folded[from:to], joiner); n >= 0 {
				end = from + n
			}
			if end < limit || base+end == len(text) {
				found = w.tail(text, base+end, texts, found)
			}
			from = end + 1
		}
		from, begin = to, base+to+1
	}
	return found
}

// tail appends what ends the word that ends at byte end, but is not all of it.
func (w *words) tail(text []byte, end int, texts []string, found []Match) []Match {
	i := end
	for i > 0 && end-i <= w.most && IsWord(text[i-1]) {
		i--
	}
	for i++; i < end; i++ {
		key := windowAt(text[:end], i) | foldWindow
		if n := end - i; n < windowLen {
			key &= 1<<(8*n) - 1
		}
		if h := key * mulWindow >> w.shift; w.bitmap[h/32]>>(h%32)&1 == 0 {
			continue
		}
		for _, m := range w.look(text, i, key, texts, nil) {
			if i+len(texts[m.Needle]) == end {
				found = append(found, m)
			}
		}
	}
	return found
}
