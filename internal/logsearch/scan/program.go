package scan

import (
	"github.com/recheckbot/recheckbot/internal/lucene"
	"github.com/recheckbot/recheckbot/internal/needle"
)

// program is a set of trees, ready to be looked for. It is immutable.
type program struct {
	trees   []lucene.Node // by fingerprint; nil: not looked for
	needles *needle.Set
	uses    [][]use // by needle
	always  []int32 // trees that promise no text: evaluated on every event
	all     []int32 // the others
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
	var texts []string
	for i, tree := range trees {
		if tree == nil {
			continue
		}
		list, _, ok := anchors(tree)
		if !ok {
			p.always = append(p.always, int32(i))
			continue
		}
		p.all = append(p.all, int32(i))
		for _, a := range list {
			n, known := index[a.text]
			if !known {
				n = len(texts)
				index[a.text] = n
				texts, p.uses = append(texts, a.text), append(p.uses, nil)
			}
			p.uses[n] = append(p.uses[n], use{int32(i), a})
		}
	}
	p.needles = needle.New(texts)
	return p
}
