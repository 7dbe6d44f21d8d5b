package scan

import (
	"maps"
	"slices"
	"sync"

	"github.com/recheckbot/recheckbot/internal/lucene"
	"github.com/recheckbot/recheckbot/internal/needle"
)

// program is a set of trees, ready to be looked for. It is immutable.
type program struct {
	family  *family
	seen    map[string]float64 // what needles have cost so far
	anchors [][]anchor         // by tree
	trees   []lucene.Node      // by fingerprint; nil: not looked for
	needles *needle.Set
	texts   []string // the needles
	words   []bool   // by needle: it can be a term of its own
	whole   []bool   // by needle: as a whole word, in needle's sense
	uses    [][]use  // by needle
	always  []int32  // trees that promise no text: evaluated on every event
	all     []int32  // the others
}

// use is what it means that a needle was found: of which trees, to which it
// means the same.
type use struct {
	anchor anchor
	trees  []int32
	isTerm bool
	beside beside // what must stand there
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
	f.now = f.compile(trees, nil, nil)
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
	if f.now != p || f.switches >= maxSwitches || f.switches >= maxOfMany && len(p.trees) > maxOwn {
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
	known := slices.Clone(p.anchors)
	for i, list := range known {
		if slices.ContainsFunc(list, func(a anchor) bool { return costly[a.text] != 0 }) {
			known[i] = nil
		}
	}
	f.now = f.compile(p.trees, known, seen)
	return f.now
}

// compile makes a program; anchors that are known are not chosen again.
func (f *family) compile(trees []lucene.Node, known [][]anchor, seen map[string]float64) *program {
	p := &program{family: f, trees: trees, seen: seen, anchors: make([][]anchor, len(trees))}
	c := chooser{many: len(trees) > maxOwn, seen: seen}
	index := map[string]int{}
	for i, tree := range trees {
		if tree == nil {
			continue
		}
		var list []anchor
		ok := known != nil && known[i] != nil
		if ok {
			list = known[i]
		} else {
			list, _, ok = c.anchors(tree)
		}
		p.anchors[i] = list
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
				p.texts, p.uses = append(p.texts, a.text), append(p.uses, nil)
				p.words, p.whole = append(p.words, false), append(p.whole, true)
			}
			p.whole[n] = p.whole[n] && a.whole
			p.words[n] = p.words[n] || a.isTerm()
			p.uses[n] = addUse(p.uses[n], a, int32(i))
		}
	}
	p.needles = needle.New(p.texts, p.whole)
	return p
}

func addUse(uses []use, a anchor, tree int32) []use {
	for k := range uses {
		if uses[k].anchor.same(&a) {
			uses[k].trees = append(uses[k].trees, tree)
			return uses
		}
	}
	return append(uses, use{a, []int32{tree}, a.isTerm(), besideOf(&a)})
}
