package scan

import (
	"bytes"
	"slices"

	"github.com/recheckbot/recheckbot/internal/ci"
	"github.com/recheckbot/recheckbot/internal/joblog"
	"github.com/recheckbot/recheckbot/internal/lucene"
	"github.com/recheckbot/recheckbot/internal/needle"
)

// looker looks at one file, window by window. The needles say where to look;
// what they find is a superset. Every answer is lucene.Decide's, over leaves that
// were found in place where that is certain, and internal/lucene's elsewhere.
type looker struct {
	p       *program
	file    *folded // the trees, with what is known of the file
	mapping lucene.Mapping
	hit     func(tree int32, truth lucene.Truth, ev joblog.Event)

	scratch *needle.Scratch
	odd     []int32 // places where letters beyond ASCII fold to ASCII
	noise   noise
	looked  []int64 // by tree: the event that it was evaluated on last, by its offset + 1
	budget  budget
	w       *joblog.Window
	ev      joblog.Event
	doc     *lucene.Doc
	set     int64 // doc has ev's fields: its offset + 1
	plain   lucene.Truth
	plainOf int64 // plain is ev's: its offset + 1
}

func newLooker(p *program, m lucene.Mapping, known ci.Fields, mem *memory) *looker {
	p = p.family.current()
	n := len(p.trees)
	l := &looker{p: p, mapping: m, looked: zeroed(&mem.looked, n), doc: newDoc(m, known), scratch: &mem.scratch}
	l.file = &folded{trees: p.trees, doc: newDoc(m, known), done: zeroed(&mem.done, n)}
	l.budget = budget{spent: zeroed(&mem.spent, n), price: zeroed(&mem.price, n), over: map[int32]int64{}}
	l.noise.memory = &mem.noise
	l.noise.begin(p)
	return l
}

// window evaluates what may match in w.
func (l *looker) window(w *joblog.Window) {
	l.w, l.set, l.plainOf = w, 0, 0
	l.budget.bytes += int64(len(w.Text))
	l.listen()
	matches := l.p.needles.Find(w.Text, l.scratch)
	l.oddPlaces(w.Text)
	newline := lucene.Maybe // an event may go on there
	if w.Lines() {
		newline = lucene.No
	}
	odd := l.odd
	for _, m := range matches {
		for len(odd) > 0 && odd[0] <= m.Pos {
			l.everything(odd[0])
			odd = odd[1:]
		}
		l.uses(m, newline)
	}
	for _, i := range odd {
		l.everything(i)
	}
	l.allEvents()
}

// listen takes another program where needles of this one were found in vain too
// often.
func (l *looker) listen() {
	l.noise.window(l.budget.bytes)
	if !l.noise.over {
		return
	}
	l.noise.over = false
	if costly := l.noise.costly(l.p, l.budget.bytes); len(costly) > 0 {
		if p := l.p.family.quieter(l.p, costly); p != l.p {
			l.p = p
			l.noise.begin(p)
		}
	}
}

// uses looks where a needle was found for what it is an anchor of.
func (l *looker) uses(m needle.Match, newline lucene.Truth) {
	uses := l.p.uses[m.Needle]
	l.noise.add(m.Needle, noiseOfFind*int32(len(uses)))
	from, to := int(m.At), int(m.At)+len(l.p.texts[m.Needle])
	isTerm, there := lucene.No, beside{}
	if l.p.words[m.Needle] {
		if isTerm = word(l.w.Text, from, l.p.texts[m.Needle]); isTerm == lucene.Yes {
			there = besides(l.w.Text, from, to, newline)
		}
	}
	for i := range uses {
		u := &uses[i]
		a, truth := &u.anchor, lucene.Yes
		switch {
		case u.isTerm && (isTerm == lucene.No || u.beside.differs(&there)), !u.beside.isPart(l.w.Text, from-a.off):
			continue
		case u.isTerm && isTerm == lucene.Yes:
			truth = a.phrase.around(l.w.Text, from, a.term, newline)
		case a.exact:
			truth = a.phrase.at(l.w.Text, from-a.off, a.term, newline)
		}
		if truth == lucene.No {
			continue
		}
		l.noise.add(m.Needle, noiseOfLook*int32(len(u.trees)))
		stripped := a.stamp && newline != lucene.No
		for _, tree := range u.trees {
			l.look(int(m.Pos), tree, a.exact && truth == lucene.Yes && !stripped)
		}
	}
}

// everything evaluates all trees on the event of byte i.
func (l *looker) everything(i int32) {
	for _, tree := range l.p.all {
		l.look(int(i), tree, false)
	}
}

// allEvents evaluates the trees that promise no text.
func (l *looker) allEvents() {
	if len(l.p.always) == 0 {
		return
	}
	l.set, l.plainOf = 0, 0
	for ev := range l.w.Events() {
		for _, tree := range l.p.always {
			l.evaluate(tree, ev, false)
		}
	}
}

// look evaluates a tree on the event of byte i, once. sure says that the leaf
// that it is looked at for matches there.
func (l *looker) look(i int, tree int32, sure bool) {
	if l.file.never(tree) {
		return
	}
	if ev, ok := l.w.Event(i); ok {
		l.evaluate(tree, ev, sure)
	}
}

func (l *looker) evaluate(tree int32, ev joblog.Event, sure bool) {
	if l.looked[tree] == ev.Offset+1 || l.file.never(tree) {
		return
	}
	l.looked[tree] = ev.Offset + 1
	n := l.file.tree(tree)
	if !l.budget.pay(tree, n, ev) {
		return
	}
	l.ev = ev
	truth := lucene.Yes
	if _, compound := l.p.trees[tree].(lucene.Bool); compound || !sure { // else the tree is that leaf
		truth = lucene.Decide(n, l.leaf)
	}
	if truth == lucene.Maybe {
		l.put()
		truth = lucene.Eval(n, l.doc)
	}
	if truth != lucene.No {
		l.hit(tree, truth, ev)
	}
}

// leaf is a leaf's truth on the event; Maybe leaves it to the doc.
func (l *looker) leaf(n lucene.Node) lucene.Truth {
	if lucene.FieldOf(n) == analysed && l.isPlain() {
		if p, ok := newPhrase(n); ok && !p.loose {
			return p.in(l.ev.Text)
		}
	}
	l.put()
	return lucene.Eval(n, l.doc)
}

// isPlain reports whether the event's text is ASCII.
func (l *looker) isPlain() bool {
	if l.plainOf != l.ev.Offset+1 {
		l.plainOf, l.plain = l.ev.Offset+1, lucene.No
		if l.scratch.ASCII() || needle.ASCII(l.ev.Text) {
			l.plain = lucene.Yes
		}
	}
	return l.plain == lucene.Yes
}

// put sets the event's fields in the doc.
func (l *looker) put() {
	if l.set != l.ev.Offset+1 {
		l.set = l.ev.Offset + 1
		put(l.doc, l.ev)
	}
}

// oddPlaces finds the two code points beyond ASCII whose lower case is ASCII:
// the Kelvin sign and the dotted capital I. Where they stand a word's bytes are
// not those of its text.
func (l *looker) oddPlaces(text []byte) {
	l.odd = l.odd[:0]
	if l.scratch.ASCII() {
		return
	}
	for _, letter := range [...]string{"\u212a", "\u0130"} {
		for i := 0; ; i++ {
			n := bytes.Index(text[i:], []byte(letter))
			if n < 0 {
				break
			}
			i += n
			l.odd = append(l.odd, int32(i))
		}
	}
	slices.Sort(l.odd)
}

// folded are a program's trees with what is known of a file, folded when first
// asked for.
type folded struct {
	trees []lucene.Node
	doc   *lucene.Doc
	done  []lucene.Node
}

func (f *folded) tree(i int32) lucene.Node {
	if f.done[i] == nil {
		f.done[i] = lucene.Fold(f.trees[i], f.doc)
	}
	return f.done[i]
}

func (f *folded) never(i int32) bool { return never(f.tree(i)) }
