package scan

import (
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
}

// chooser chooses what to look for.
type chooser struct {
	many bool               // there are many trees
	seen map[string]float64 // what pieces of text have cost in this set's logs, in needle.Cost's unit
}

// cost compares what it takes to look for pieces of text.
func (c *chooser) cost(text string) float64 { return max(needle.Cost(text, c.many), c.seen[text]) }

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
	for i, term := range literals(n) {
		for _, p := range pieces(term) {
			if f := c.cost(p.text); !ok || f < cost {
				best.text, best.term, best.off = p.text, i, p.off
				cost, ok = f, true
			}
		}
	}
	best.phrase, best.exact = newPhrase(n)
	best.stamp = best.exact && classes[best.phrase.term(0)[0]] == digit // all words of a timestamp begin so
	return []anchor{best}, cost, ok
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
