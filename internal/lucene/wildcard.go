package lucene

import "slices"

// maxStates is how many states Lucene lets the automaton of a wildcard term
// have; a pattern that needs more, such as `*a` with thirteen `?` behind it, is
// refused there and here.
const maxStates = 10000

// maxLead is how long a prefix (in bytes) or what stands before a wildcard
// term's first star (in code points, the star counted) may be in Lucene.
const maxLead = 1000

// tooComplex reports whether Lucene refuses a wildcard pattern: for states, it
// goes through the sets of places in the pattern that a term can have led to.
func tooComplex(pattern string) bool {
	w := newWild(pattern)
	if lead := slices.Index(w.parts, anyText); lead >= maxLead || lead < 0 && len(w.parts) > maxLead {
		return true
	}
	start := w.closed([]int{0})
	seen := map[string]bool{key(start): true}
	for todo := [][]int{start}; len(todo) > 0; {
		places := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for _, r := range w.letters {
			next := w.step(places, r)
			if k := key(next); len(next) > 0 && !seen[k] {
				seen[k] = true
				todo = append(todo, next)
			}
		}
		if len(seen) > maxStates {
			return true
		}
	}
	return false
}

// anyOther stands for a code point that the pattern does not name; anyOne and
// anyText are the wildcards.
const (
	anyOther rune = -1
	anyOne   rune = -2
	anyText  rune = -3
)

// wild is a wildcard pattern cut into its parts.
type wild struct {
	parts   []rune
	letters []rune // each code point that it names, and anyOther
}

func newWild(pattern string) wild {
	w := wild{letters: []rune{anyOther}}
	escaped := false
	for _, r := range pattern {
		switch {
		case escaped:
			escaped = false
		case r == '\\':
			escaped = true
			continue
		case r == '?':
			r = anyOne
		case r == '*':
			r = anyText
		}
		w.parts = append(w.parts, r)
		if r >= 0 && !slices.Contains(w.letters, r) {
			w.letters = append(w.letters, r)
		}
	}
	return w
}

// closed adds the places behind stars, which may stand for nothing.
func (w wild) closed(places []int) []int {
	for i := 0; i < len(places); i++ {
		if p := places[i]; p < len(w.parts) && w.parts[p] == anyText {
			places = append(places, p+1)
		}
	}
	slices.Sort(places)
	return slices.Compact(places)
}

// step is where code point r leads from a set of places.
func (w wild) step(places []int, r rune) []int {
	var next []int
	for _, p := range places {
		switch {
		case p == len(w.parts):
		case w.parts[p] == anyText:
			next = append(next, p)
		case w.parts[p] == anyOne || w.parts[p] == r:
			next = append(next, p+1)
		}
	}
	return w.closed(next)
}

// key makes a set of places comparable.
func key(places []int) string {
	b := make([]byte, 0, 3*len(places))
	for _, p := range places {
		b = append(b, byte(p), byte(p>>8), byte(p>>16))
	}
	return string(b)
}
