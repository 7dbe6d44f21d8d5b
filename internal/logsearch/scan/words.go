package scan

import (
	"math/bits"
	"slices"
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

// words finds, in one pass over an event's raw bytes, which trees may match it.
// It errs on one side only: a tree that is not found cannot match.
type words struct {
	class  [256]byte
	always []int32 // trees that require nothing
	full   []uint8 // for each tree the bits that it requires
	filter filter
	slots  []slot // hash table, open addressing
	all    []int32
}

// slot is a word that is looked for. Equal hashes of different words just give
// more to evaluate.
type slot struct {
	hash uint32
	used bool
	refs []ref
}

type ref struct {
	tree int32
	bit  uint8
}

// filter has a bit set for each hash that is looked for, by its top bits: it
// turns nearly all words away without a look into the table.
type filter [1 << filterBits / 64]uint64

const filterBits = 15

func (f *filter) set(h uint32) { f[h>>(32-filterBits)/64] |= 1 << (h >> (32 - filterBits) % 64) }
func (f *filter) has(h uint32) bool {
	return f[h>>(32-filterBits)/64]&(1<<(h>>(32-filterBits)%64)) != 0
}

// newWords prepares the search; nil trees are never found.
func newWords(trees []lucene.Node) *words {
	w := &words{class: classes(), full: make([]uint8, len(trees))}
	refs := map[uint32][]ref{}
	for i, tree := range trees {
		if tree == nil {
			continue
		}
		w.all = append(w.all, int32(i))
		needs := required(tree)
		if len(needs) == 0 {
			w.always = append(w.always, int32(i))
		}
		for b, alt := range needs {
			w.full[i] |= 1 << b
			for _, word := range alt {
				h := hash(word)
				refs[h] = append(refs[h], ref{int32(i), 1 << b})
			}
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
	seen  []uint32 // per tree: the epoch in which got was begun
	got   []uint8
	found []int32
}

func (w *words) newMarks() *marks {
	return &marks{seen: make([]uint32, len(w.full)), got: make([]uint8, len(w.full))}
}

// find returns the trees that may match text, in their order; valid until the
// next call with the same marks.
func (w *words) find(text []byte, m *marks) []int32 {
	m.epoch++
	m.found = append(m.found[:0], w.always...)
	if m.epoch == 0 {
		clear(m.seen)
		m.epoch = 1
	}
	stretch := 0 // where the bytes began that no break separates
	for i := 0; i < len(text); {
		c := w.class[text[i]]
		if c < firstWord {
			if c == breaks {
				if i-stretch >= longWord {
					return w.all
				}
				stretch = i + 1
			} else if text[i] >= 0x80 && foldsToASCII(text[i:]) {
				return w.all
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
		h = stir(h)
		if w.filter.has(h) {
			w.mark(h, m)
		}
	}
	if len(text)-stretch >= longWord {
		return w.all
	}
	slices.Sort(m.found)
	return m.found
}

// mark notes a word for the trees that look for it.
func (w *words) mark(h uint32, m *marks) {
	for _, r := range w.slot(h).refs {
		if m.seen[r.tree] != m.epoch {
			m.seen[r.tree], m.got[r.tree] = m.epoch, 0
		}
		if m.got[r.tree]&r.bit != 0 {
			continue
		}
		if m.got[r.tree] |= r.bit; m.got[r.tree] == w.full[r.tree] {
			m.found = append(m.found, r.tree)
		}
	}
}

// foldsToASCII: of all code points beyond ASCII only the Kelvin sign and the
// dotted capital I have ASCII letters as their lower case.
func foldsToASCII(b []byte) bool {
	return len(b) >= 3 && b[0] == 0xe2 && b[1] == 0x84 && b[2] == 0xaa ||
		len(b) >= 2 && b[0] == 0xc4 && b[1] == 0xb0
}
