package needle

import "encoding/binary"

// fewest is up to how many texts the vector pass alone is used, and fewestTables
// where it has tables.
const (
	fewest       = 12
	fewestTables = 200
)

// Match is an occurrence of a text.
type Match struct {
	Pos    int32 // where it was noticed, a byte of it; matches come in this order
	At     int32 // where it begins
	Needle int32 // index of the text
}

// Set is a set of texts, ready to be searched. It is immutable.
type Set struct {
	texts []string
	grid  *grid  // nil: not used
	teddy *teddy // nil: not used
	words *words // nil: not used
}

// Scratch is memory that one goroutine uses again and again.
type Scratch struct {
	masks        []uint64
	hits         []int32
	first, other []Match
	words, both  []Match
	all          []Match
	cutting      cutting
	high         bool // of Find's last text: there is a byte beyond ASCII
}

// ASCII reports whether all bytes of Find's last text are.
func (sc *Scratch) ASCII() bool { return !sc.high }

// New prepares a search. Texts must not be empty; each index is reported for
// itself, also where texts are equal. Of a text that is whole only those places
// are promised where no letter, digit or underscore of ASCII stands beside it,
// and, in stretches of Long bytes and more without a space, where none stands
// behind it; nil: none is whole.
func New(texts []string, whole []bool) *Set {
	s := &Set{texts: make([]string, len(texts))}
	var words, pieces []int32
	for i, t := range texts {
		s.texts[i] = lower(t)
		if tables && len(texts) > fewestTables && whole != nil && whole[i] && isWhole(t) {
			words = append(words, int32(i))
		} else {
			pieces = append(pieces, int32(i))
		}
	}
	if len(words) > 0 {
		s.words = newWords(s.texts, words)
	}
	step := s.step(pieces)
	var long, short []int32
	for _, i := range pieces {
		if step > 0 && len(s.texts[i]) >= window(step) {
			long = append(long, i)
		} else {
			short = append(short, i)
		}
	}
	if len(long) > 0 {
		s.grid = newGrid(s.texts, long, step)
	}
	if len(short) > 0 {
		s.teddy = newTeddy(s.texts, short)
	}
	return s
}

// step is the widest step for the grid with which few of the pieces are left to
// the vector pass; 0 when that can do all.
func (s *Set) step(pieces []int32) int {
	if len(pieces) <= fewest || tables && len(pieces) <= fewestTables {
		return 0
	}
	for _, step := range []int{4, 2} {
		short := 0
		for _, i := range pieces {
			if len(s.texts[i]) < window(step) {
				short++
			}
		}
		if short <= fewest {
			return step
		}
	}
	return 1
}

// Find returns all matches in text, in the order of Pos; valid until the next
// call with sc.
func (s *Set) Find(text []byte, sc *Scratch) []Match {
	sc.first, sc.other, sc.words = sc.first[:0], sc.other[:0], sc.words[:0]
	sc.high = s.teddy == nil && s.words == nil && !ASCII(text) // they see that themselves
	if s.grid != nil {
		sc.first = s.grid.find(text, s.texts, sc)
	}
	if s.teddy != nil {
		sc.other = s.teddy.find(text, s.texts, sc)
	}
	if s.words != nil {
		sc.words = s.words.find(text, s.texts, sc, sc.words)
	}
	return either(&sc.all, either(&sc.both, sc.first, sc.other), sc.words)
}

// either merges two lists into to, unless one of them is empty.
func either(to *[]Match, a, b []Match) []Match {
	switch {
	case len(a) == 0:
		return b
	case len(b) == 0:
		return a
	}
	*to = merge((*to)[:0], a, b)
	return *to
}

// merge appends the matches of two lists in their common order.
func merge(to, a, b []Match) []Match {
	for len(a) > 0 && len(b) > 0 {
		if a[0].Pos <= b[0].Pos {
			to, a = append(to, a[0]), a[1:]
		} else {
			to, b = append(to, b[0]), b[1:]
		}
	}
	return append(append(to, a...), b...)
}

// room gives n masks.
func (sc *Scratch) room(n int) []uint64 {
	if cap(sc.masks) < n {
		sc.masks = make([]uint64, n+n/4)
	}
	return sc.masks[:n]
}

// at reports whether the text stands at byte i.
func at(text []byte, i int, needle string) bool {
	if i < 0 || i+len(needle) > len(text) {
		return false
	}
	b := text[i : i+len(needle)]
	for k := range b {
		if c := b[k]; c != needle[k] && (c-'A' >= 26 || c+'a'-'A' != needle[k]) {
			return false
		}
	}
	return true
}

// lower folds ASCII letters only.
func lower(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

// Index is where in text, from byte i on, the needle stands, whose letters are
// lower case; -1: nowhere.
func Index(text []byte, i int, needle string) int {
	for ; i+len(needle) <= len(text); i++ {
		if i = pairFree(text, i, needle); at(text, i, needle) {
			return i
		}
	}
	return -1
}

// At reports whether the needle, whose letters are lower case, stands at byte i.
func At(text []byte, i int, needle string) bool { return at(text, i, needle) }

// ASCII reports whether all bytes are.
func ASCII(text []byte) bool {
	n := highFree(text)
	for ; n+8 <= len(text); n += 8 {
		if binary.LittleEndian.Uint64(text[n:])&0x8080808080808080 != 0 {
			return false
		}
	}
	for ; n < len(text); n++ {
		if text[n] >= 0x80 {
			return false
		}
	}
	return true
}
