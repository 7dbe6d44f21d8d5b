package scan

import (
	"cmp"
	"slices"
	"strings"

	"github.com/recheckbot/recheckbot/internal/lucene"
)

// analysed is the field whose words stand in an event's raw text.
const analysed = "message"

// maxWords bounds how many words of one tree are looked for: the longest ones,
// since they are the rarest.
const maxWords = 6

// alternatives are words of which every match holds at least one.
type alternatives []string

// required derives from a tree what every event that it matches (or may match)
// must hold: at least one word of each entry. A word is a run of ASCII letters
// and digits in lower case. No entry: the tree must always be evaluated.
func required(n lucene.Node) []alternatives {
	all := literals(n)
	slices.SortStableFunc(all, func(a, b alternatives) int {
		return cmp.Or(cmp.Compare(shortest(b), shortest(a)), cmp.Compare(len(a), len(b)))
	})
	all = slices.CompactFunc(all, func(a, b alternatives) bool { return slices.Equal(a, b) })
	return all[:min(len(all), maxWords)]
}

// literals walks what must hold. Words of Not, of other fields and of patterns
// promise nothing.
func literals(n lucene.Node) []alternatives {
	switch n := n.(type) {
	case lucene.Term:
		return wordsOf(n.Field, n.Text)
	case lucene.Phrase:
		return wordsOf(n.Field, n.Terms...)
	case lucene.Bool:
		if len(n.Must) == 0 {
			return either(n.Should)
		}
		var all []alternatives
		for _, m := range n.Must {
			all = append(all, literals(m)...)
		}
		return all
	}
	return nil
}

// either joins the rarest requirement of each branch: one of them must hold. A
// branch that requires nothing makes the whole require nothing.
func either(branches []lucene.Node) []alternatives {
	var joined alternatives
	for _, b := range branches {
		all := required(b)
		if len(all) == 0 {
			return nil
		}
		joined = append(joined, all[0]...)
	}
	if len(joined) == 0 {
		return nil
	}
	slices.Sort(joined)
	return []alternatives{slices.Compact(joined)}
}

// wordsOf cuts analysed terms where the text will be cut too: at whatever is no
// ASCII letter or digit.
func wordsOf(field string, terms ...string) []alternatives {
	if field != analysed {
		return nil
	}
	var all []alternatives
	for _, t := range terms {
		if len(t) >= longWord {
			continue // the analyser may have cut it inside a run
		}
		for _, w := range strings.FieldsFunc(t, separates) {
			all = append(all, alternatives{w})
		}
	}
	return all
}

func separates(r rune) bool {
	return (r < '0' || r > '9') && (r < 'a' || r > 'z')
}

func shortest(a alternatives) int {
	n := len(a[0])
	for _, w := range a {
		n = min(n, len(w))
	}
	return n
}
