package scan

import (
	"strings"

	"github.com/recheckbot/recheckbot/internal/lucene"
)

// maxQuoteLines bounds the lines of an event that are looked at for a quote.
const maxQuoteLines = 200

// quote is the line of an event that shows a person best why tree matched it:
// the first of those in which most of the tree's wanted texts stand. An event
// may be a traceback folded into an unrelated line, so its first line can say
// nothing of the matter.
func quote(tree lucene.Node, m lucene.Mapping, text string) string {
	first, rest, more := strings.Cut(text, "\n")
	if !more {
		return text
	}
	wanted := wantedTexts(tree, m)
	best, most := first, countIn(wanted, m, first)
	for range maxQuoteLines {
		if rest == "" {
			break
		}
		var line string
		line, rest, _ = strings.Cut(rest, "\n")
		if n := countIn(wanted, m, line); n > most {
			best, most = line, n
		}
	}
	return best
}

// wantedTexts are the leaves on analysed fields that a match can rest on.
func wantedTexts(n lucene.Node, m lucene.Mapping) []lucene.Node {
	b, ok := n.(lucene.Bool)
	if !ok {
		if field := lucene.FieldOf(n); field != "" && m.Analysed(field) {
			return []lucene.Node{n}
		}
		return nil
	}
	var list []lucene.Node
	for _, children := range [][]lucene.Node{b.Must, b.Should} {
		for _, c := range children {
			list = append(list, wantedTexts(c, m)...)
		}
	}
	return list
}

// countIn is how many of the leaves match the line alone.
func countIn(leaves []lucene.Node, m lucene.Mapping, line string) int {
	doc := lucene.NewDoc(m)
	doc.Set(m.Default, line)
	n := 0
	for _, leaf := range leaves {
		if lucene.Eval(leaf, doc) == lucene.Yes {
			n++
		}
	}
	return n
}
