package scan

import (
	"math/bits"
	"strings"

	"github.com/recheckbot/recheckbot/internal/lucene"
)

// longWord is from how many bytes on a stretch without a break may be cut by
// the analyser in its middle.
const longWord = lucene.MaxToken

// Classes of bytes: what ends every word of the analyser, what may lie inside
// of one, and from firstWord on the lower-case letters and digits themselves.
const (
	breaks    = 0
	joins     = 1
	firstWord = '0'
)

// classes maps a byte to its class. UAX #29 joins words at . : , ; ' " and _ in
// some places, and anything beyond ASCII may be a letter.
func classes() (c [256]byte) {
	for i := range c {
		switch {
		case '0' <= i && i <= '9', 'a' <= i && i <= 'z':
			c[i] = byte(i)
		case 'A' <= i && i <= 'Z':
			c[i] = byte(i) + 'a' - 'A'
		case i >= 0x80, strings.IndexByte(`.:,;'"_`, byte(i)) >= 0:
			c[i] = joins
		}
	}
	return c
}

// words finds in one pass over an event's raw bytes which of many ways have
// all of their words in it.
type words struct {
	class  [256]byte
	full   []uint8 // for each way the bits of the words that it has
	filter filter
	slots  []slot // hash table, open addressing
}

// slot is a word that is looked for. That different words may have equal hashes
// just gives more to evaluate.
type slot struct {
	hash uint32
	used bool
	refs []ref
}

type ref struct {
	way int32
	bit uint8
}

// filter has a bit set for each hash that is looked for, by its top bits: it
// turns nearly all words away without a look into the table.
type filter [1 << filterBits / 64]uint64

const filterBits = 15

func (f *filter) set(h uint32) { f[h>>(32-filterBits)/64] |= 1 << (h >> (32 - filterBits) % 64) }
func (f *filter) has(h uint32) bool {
	return f[h>>(32-filterBits)/64]&(1<<(h>>(32-filterBits)%64)) != 0
}

// newWords looks for the first most words of each way.
func newWords(ways []way, most int) *words {
	w := &words{class: classes(), full: make([]uint8, len(ways))}
	refs := map[uint32][]ref{}
	for i, way := range ways {
		for b, word := range way[:min(len(way), most)] {
			w.full[i] |= 1 << b
			h := hash(word)
			refs[h] = append(refs[h], ref{int32(i), 1 << b})
		}
	}
	w.slots = make([]slot, 1<<bits.Len(uint(2*len(refs)+1)))
	for h, r := range refs {
		w.filter.set(h)
		*w.slot(h) = slot{h, true, r}
	}
	return w
}

// slot is where hash h is, or would be.
func (w *words) slot(h uint32) *slot {
	mask := uint32(len(w.slots) - 1)
	for i := h; ; i++ {
		if s := &w.slots[i&mask]; !s.used || s.hash == h {
			return s
		}
	}
}

// The FNV-1a hash, 32 bits, stirred at its end since its top bits are used.
const (
	seed  = 2166136261
	prime = 16777619
)

func stir(h uint32) uint32 { h *= 0x9e3779b1; return h ^ h>>15 }

func hash(word string) uint32 {
	h := uint32(seed)
	for i := range len(word) {
		h = (h ^ uint32(word[i])) * prime
	}
	return stir(h)
}

// marks is what one goroutine notes while it looks at an event.
type marks struct {
	epoch uint32
	seen  []uint32 // per way: the epoch in which got was begun
	got   []uint8
	found []int32
}

func newMarks(ways int) *marks { return &marks{seen: make([]uint32, ways), got: make([]uint8, ways)} }

func (m *marks) next() {
	if m.epoch++; m.epoch == 0 {
		clear(m.seen)
		m.epoch = 1
	}
	m.found = m.found[:0]
}

// find notes in m.found the ways whose words are all in text. It is false when
// the words of text cannot be told by looking at bytes.
func (w *words) find(text []byte, m *marks) bool {
	m.next()
	stretch := 0 // where the bytes began that no break separates
	for i := 0; i < len(text); {
		c := w.class[text[i]]
		if c < firstWord {
			if c == breaks {
				if i-stretch >= longWord {
					return false
				}
				stretch = i + 1
			} else if text[i] >= 0x80 && foldsToASCII(text[i:]) {
				return false
			}
			i++
			continue
		}
		h := uint32(seed)
		for c >= firstWord {
			h = (h ^ uint32(c)) * prime
			if i++; i == len(text) {
				break
			}
			c = w.class[text[i]]
		}
		if h = stir(h); w.filter.has(h) {
			w.mark(h, m)
		}
	}
	return len(text)-stretch < longWord
}

// mark notes a word for the ways that look for it.
func (w *words) mark(h uint32, m *marks) {
	for _, r := range w.slot(h).refs {
		if m.seen[r.way] != m.epoch {
			m.seen[r.way], m.got[r.way] = m.epoch, 0
		}
		if m.got[r.way]&r.bit != 0 {
			continue
		}
		if m.got[r.way] |= r.bit; m.got[r.way] == w.full[r.way] {
			m.found = append(m.found, r.way)
		}
	}
}

// foldsToASCII: of all code points beyond ASCII only the Kelvin sign and the
// dotted capital I have ASCII letters as their lower case.
func foldsToASCII(b []byte) bool {
	return len(b) >= 3 && b[0] == 0xe2 && b[1] == 0x84 && b[2] == 0xaa ||
		len(b) >= 2 && b[0] == 0xc4 && b[1] == 0xb0
}
