package scan

import (
	"cmp"
	"slices"
	"strings"

	"github.com/recheckbot/recheckbot/internal/lucene"
)

// analysed is the field whose words stand in an event's raw text.
const analysed = "message"

// Bounds of what is derived of one tree. What is left out weakens the sieve,
// never the answer.
const (
	maxWords = 8  // words that are looked for together: the longest, being the rarest
	maxWays  = 16 // ways in which a tree can match
)

// way is one of the ways in which a tree can match: words that the event must
// hold, all of them. A word is a run of ASCII letters and digits in lower case.
type way []string

// required derives from a tree in which ways it can match: every event that it
// matches (or may match) holds all words of at least one way, the longest word
// being the first. A tree that promises nothing has one way without words; one
// that cannot match has none.
func required(n lucene.Node) []way {
	switch n := n.(type) {
	case lucene.None:
		return nil
	case lucene.Term:
		return wordsOf(n.Field, n.Text)
	case lucene.Phrase:
		return wordsOf(n.Field, n.Terms...)
	case lucene.Bool:
		if len(n.Must) == 0 {
			return either(n.Should)
		}
		return together(n.Must)
	}
	return []way{nil} // of other fields, patterns and Not nothing is known here
}

// either has the ways of all branches. With too many of them nothing is
// promised.
func either(branches []lucene.Node) []way {
	var all []way
	for _, b := range branches {
		if all = append(all, required(b)...); len(all) > maxWays {
			return []way{nil}
		}
	}
	return all
}

// together has each way of one clause with each of the others. A clause that
// would make too many of them is left out.
func together(clauses []lucene.Node) []way {
	all := []way{nil}
	for _, c := range clauses {
		next := required(c)
		if len(all)*len(next) > maxWays {
			continue
		}
		var joined []way
		for _, a := range all {
			for _, b := range next {
				joined = append(joined, longest(slices.Concat(a, b)))
			}
		}
		all = joined
	}
	return all
}

// wordsOf cuts analysed terms where the text will be cut too: at whatever is no
// ASCII letter or digit.
func wordsOf(field string, terms ...string) []way {
	var all way
	for _, t := range terms {
		if field != analysed || len(t) >= longWord {
			continue // the analyser may have cut a long one inside of a run
		}
		all = append(all, strings.FieldsFunc(t, separates)...)
	}
	return []way{longest(all)}
}

// longest keeps the longest words, each once, the longest first.
func longest(w way) way {
	slices.SortFunc(w, func(a, b string) int {
		return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b))
	})
	w = slices.Compact(w)
	return w[:min(len(w), maxWords)]
}

func separates(r rune) bool { return (r < '0' || r > '9') && (r < 'a' || r > 'z') }
