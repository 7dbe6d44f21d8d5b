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
}

// Scratch is memory that one goroutine uses again and again.
type Scratch struct {
	masks        []uint64
	hits         []int32
	first, other []Match
	both         []Match
}

// New prepares a search. Texts must not be empty; each index is reported for
// itself, also where texts are equal.
func New(texts []string) *Set {
	s := &Set{texts: make([]string, len(texts))}
	for i, t := range texts {
		s.texts[i] = lower(t)
	}
	step := s.step()
	var long, short []int32
	for i, t := range s.texts {
		if step > 0 && len(t) >= window(step) {
			long = append(long, int32(i))
		} else {
			short = append(short, int32(i))
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

// step is the widest step for the grid with which few texts are left to the
// vector pass; 0 when that can do all.
func (s *Set) step() int {
	if len(s.texts) <= fewest || tables && len(s.texts) <= fewestTables {
		return 0
	}
	for _, step := range []int{4, 2} {
		short := 0
		for _, t := range s.texts {
			if len(t) < window(step) {
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
	sc.first, sc.other = sc.first[:0], sc.other[:0]
	if s.grid != nil {
		sc.first = s.grid.find(text, s.texts, sc)
	}
	if s.teddy != nil {
		sc.other = s.teddy.find(text, s.texts, sc)
	}
	switch {
	case len(sc.other) == 0:
		return sc.first
	case len(sc.first) == 0:
		return sc.other
	}
	sc.both = merge(sc.both[:0], sc.first, sc.other)
	return sc.both
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
