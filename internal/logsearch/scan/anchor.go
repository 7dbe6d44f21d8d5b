package scan

import (
	"slices"
	"strings"

	"github.com/recheckbot/recheckbot/internal/lucene"
	"github.com/recheckbot/recheckbot/internal/needle"
)

// analysed is the field whose words stand in an event's raw text.
const analysed = "message"

// anchor is a piece of text that an event must hold, in any case of its ASCII
// letters, for a leaf to match. A token of the analyser is a stretch of the raw
// text in lower case, so a piece of a term is one of the event's bytes; but for
// the two code points that foldsToASCII knows.
type anchor struct {
	text   string
	phrase phrase // of Term and Phrase, where the piece must stand
	exact  bool   // there is such a phrase
	stamp  bool   // it begins as what may stand in a timestamp that Fold strips
	term   int    // index of the phrase's term that text is of
	off    int    // and how far into it
	whole  bool   // it is all of a word in the sense of needle.IsWord
}

// isTerm reports whether its text is a term of the phrase, and not a part of one.
func (a *anchor) isTerm() bool { return a.exact && a.phrase.term(a.term) == a.text }

// same reports whether finding a means what finding b means.
func (a *anchor) same(b *anchor) bool {
	return a.exact == b.exact && (!a.exact || a.term == b.term && a.off == b.off && a.phrase.loose == b.phrase.loose &&
		a.phrase.word == b.phrase.word && slices.Equal(a.phrase.terms, b.phrase.terms))
}

// chooser chooses what to look for.
type chooser struct {
	many bool               // there are many trees
	seen map[string]float64 // what pieces of text have cost in this set's logs, in needle.Cost's unit
}

// cost compares what it takes to look for pieces of text.
func (c *chooser) cost(text string, whole bool) float64 {
	return max(needle.Cost(text, c.many, whole), c.seen[text])
}

// anchors derives from a tree what to look for: whatever event the tree matches
// (or may match) holds at least one of them. ok is false where a tree promises
// nothing; a tree that can match nothing has none. cost compares choices.
func (c *chooser) anchors(n lucene.Node) (list []anchor, cost float64, ok bool) {
	switch n := n.(type) {
	case lucene.None:
		return nil, 0, true
	case lucene.Bool:
		if len(n.Must) == 0 {
			return c.anyOf(n.Should)
		}
		return c.oneOfAll(n.Must)
	}
	return c.leafAnchor(n)
}

// anyOf needs an anchor of each branch.
func (c *chooser) anyOf(branches []lucene.Node) (all []anchor, sum float64, ok bool) {
	for _, b := range branches {
		list, cost, ok := c.anchors(b)
		if !ok {
			return nil, 0, false
		}
		all, sum = append(all, list...), sum+cost
	}
	return all, sum, true
}

// oneOfAll takes those of the clause that is the cheapest to look for.
func (c *chooser) oneOfAll(clauses []lucene.Node) (best []anchor, least float64, some bool) {
	for _, n := range clauses {
		if list, cost, ok := c.anchors(n); ok && (!some || cost < least) {
			best, least, some = list, cost, true
		}
	}
	return best, least, some
}

// leafAnchor takes the rarest piece of a leaf's terms.
func (c *chooser) leafAnchor(n lucene.Node) (list []anchor, cost float64, ok bool) {
	if lucene.FieldOf(n) != analysed {
		return nil, 0, false
	}
	var best anchor
	best.phrase, best.exact = newPhrase(n)
	for i, term := range literals(n) {
		list, whole := pieces(term), false
		if runs := wordsOf(term); c.many && best.exact && runs != nil {
			list, whole = runs, true
		}
		for _, p := range list {
			if f := c.cost(p.text, whole); !ok || f < cost {
				best.text, best.term, best.off, best.whole = p.text, i, p.off, whole
				cost, ok = f, true
			}
		}
	}
	best.stamp = best.exact && classes[best.phrase.term(0)[0]] == digit // all words of a timestamp begin so
	return []anchor{best}, cost, ok
}

// wordsOf are the stretches of letters, digits and underscores that a term
// consists of, with what joins them; nil if it is not of such a kind. Wherever
// the term is a token, nothing of their kind stands beside them, unless the
// analyser cut a word that was too long.
func wordsOf(term string) (all []piece) {
	from := 0
	for i := 0; i <= len(term); i++ {
		switch {
		case i < len(term) && inWord(classes[term[i]]):
			continue
		case i < len(term) && (classes[term[i]] == breaks || classes[term[i]] == high), from == i:
			return nil
		}
		all = append(all, piece{term[from:i], from})
		from = i + 1
	}
	return all
}

// literals are texts that stand in the event's tokens as they are, if n
// matches.
func literals(n lucene.Node) []string {
	switch n := n.(type) {
	case lucene.Term:
		return []string{n.Text}
	case lucene.Phrase:
		return n.Terms
	case lucene.Prefix:
		return []string{n.Text}
	case lucene.Wildcard:
		return between(n.Pattern)
	}
	return nil // fuzzy terms, regular expressions and ranges promise no text
}

// between is what stands between a pattern's wildcards.
func between(pattern string) []string {
	var all []string
	var b strings.Builder
	for i := 0; i < len(pattern); i++ {
		switch c := pattern[i]; {
		case c == '*' || c == '?':
			all = append(all, b.String())
			b.Reset()
		case c == '\\' && i+1 < len(pattern):
			i++
			b.WriteByte(pattern[i])
		default:
			b.WriteByte(c)
		}
	}
	return append(all, b.String())
}

// piece is a part of a term, off bytes into it.
type piece struct {
	text string
	off  int
}

// pieces are the parts of a term that are of visible ASCII characters: of
// others an upper-case form can have other bytes.
func pieces(term string) (all []piece) {
	from := 0
	for i := 0; i <= len(term); i++ {
		if i < len(term) && ' ' < term[i] && term[i] < 0x7f {
			continue
		}
		if from < i {
			all = append(all, piece{term[from:i], from})
		}
		from = i + 1
	}
	return all
}
