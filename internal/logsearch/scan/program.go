package scan

import (
	"github.com/recheckbot/recheckbot/internal/lucene"
	"github.com/recheckbot/recheckbot/internal/needle"
)

// program is a set of trees, ready to be looked for. It is immutable.
type program struct {
	trees   []lucene.Node // by fingerprint; nil: not looked for
	needles *needle.Set
	texts   []string // the needles
	words   []bool   // by needle: it only counts as a word of its own
	uses    [][]use  // by needle
	always  []int32  // trees that promise no text: evaluated on every event
	all     []int32  // the others
}

// use is what it means that a needle was found.
type use struct {
	tree   int32
	anchor anchor
}

// compile prepares the search for trees; those that are nil are not looked for.
func compile(trees []lucene.Node) *program {
	p := &program{trees: trees}
	index := map[string]int{}
	for i, tree := range trees {
		if tree == nil {
			continue
		}
		list, _, ok := anchors(tree, len(trees) > maxOwn)
		if !ok {
			p.always = append(p.always, int32(i))
			continue
		}
		p.all = append(p.all, int32(i))
		for _, a := range list {
			n, known := index[a.text]
			if !known {
				n = len(p.texts)
				index[a.text] = n
				p.texts, p.uses, p.words = append(p.texts, a.text), append(p.uses, nil), append(p.words, true)
			}
			p.words[n] = p.words[n] && a.exact && a.phrase.term(a.term) == a.text
			p.uses[n] = append(p.uses[n], use{int32(i), a})
		}
	}
	p.needles = needle.New(p.texts)
	return p
}
