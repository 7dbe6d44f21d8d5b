package scan

import (
	"maps"
	"sync"

	"github.com/recheckbot/recheckbot/internal/lucene"
	"github.com/recheckbot/recheckbot/internal/needle"
)

// program is a set of trees, ready to be looked for. It is immutable.
type program struct {
	family  *family
	seen    map[string]float64 // what needles have cost so far
	trees   []lucene.Node      // by fingerprint; nil: not looked for
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

// family are the programs of the same trees. They find the same; the later ones
// know better what not to look for.
type family struct {
	mu       sync.Mutex
	now      *program
	switches int
}

// compile prepares the search for trees; those that are nil are not looked for.
func compile(trees []lucene.Node) *program {
	f := &family{}
	f.now = f.compile(trees, nil)
	return f.now
}

// current is the program to begin with.
func (f *family) current() *program {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now
}

// quieter is a program that avoids what is costly, by needle, if p does not.
func (f *family) quieter(p *program, costly map[string]float64) *program {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.now != p || f.switches >= maxSwitches {
		return f.now
	}
	f.switches++
	seen := maps.Clone(p.seen)
	if seen == nil {
		seen = map[string]float64{}
	}
	for text, cost := range costly {
		seen[text] = max(seen[text], cost)
	}
	f.now = f.compile(p.trees, seen)
	return f.now
}

func (f *family) compile(trees []lucene.Node, seen map[string]float64) *program {
	p := &program{family: f, trees: trees, seen: seen}
	c := chooser{many: len(trees) > maxOwn, seen: seen}
	index := map[string]int{}
	for i, tree := range trees {
		if tree == nil {
			continue
		}
		list, _, ok := c.anchors(tree)
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
