package lucene

import (
	"cmp"
	"slices"
)

// matches finds the phrase among the tokens of an analysed field.
func (n Phrase) matches(v *values) bool {
	if !v.analysed {
		return false
	}
	return n.In(v.words())
}

// In reports whether the phrase stands in the tokens of an analysed field.
func (n Phrase) In(tokens []Token) bool {
	if n.Slop > 0 {
		return sloppy(n, tokens)
	}
	for i := range tokens {
		if tokens[i].Text == n.Terms[0] && follows(n.Terms, tokens[i:]) {
			return true
		}
	}
	return false
}

// follows reports whether tokens begins with terms, one position after another.
func follows(terms []string, tokens []Token) bool {
	if len(tokens) < len(terms) {
		return false
	}
	for k, term := range terms {
		if tokens[k].Text != term || tokens[k].Pos != tokens[0].Pos+k {
			return false
		}
	}
	return true
}

// place is one term of a sloppy phrase and where it stands in the text:
// Lucene's PhrasePositions. at is the token's position less the term's own.
type place struct {
	offset int
	at     int
	rest   []int // positions not yet used
	twins  []*place
}

// next moves p to its term's next position.
func (p *place) next() bool {
	if len(p.rest) == 0 {
		return false
	}
	p.at, p.rest = p.rest[0]-p.offset, p.rest[1:]
	return true
}

// sloppyMatcher is Lucene's SloppyPhraseMatcher for phrases whose terms have
// one position each. Its greedy rules for repeated terms are kept as they are:
// which texts match is theirs to say.
type sloppyMatcher struct {
	places []*place
	queue  []*place // in order
	end    int      // the largest at
}

// sloppy reports whether the phrase stands in tokens within its slop.
func sloppy(n Phrase, tokens []Token) bool {
	m := &sloppyMatcher{}
	where := map[string][]int{}
	for _, t := range tokens {
		where[t.Text] = append(where[t.Text], t.Pos)
	}
	byTerm := map[string][]*place{}
	for i, term := range n.Terms {
		p := &place{offset: i, rest: where[term]}
		if !p.next() {
			return false
		}
		m.places = append(m.places, p)
		byTerm[term] = append(byTerm[term], p)
	}
	for _, term := range n.Terms {
		if group := byTerm[term]; len(group) > 1 && group[0].twins == nil {
			if !spread(group) {
				return false
			}
		}
	}
	return m.search(n.Slop)
}

// spread gives the places of one repeated term different positions.
func spread(group []*place) bool {
	for j, p := range group {
		p.twins = group
		for range j {
			if !p.next() {
				return false
			}
		}
	}
	return true
}

// search moves the place that is farthest behind until the spread of all is
// within slop.
func (m *sloppyMatcher) search(slop int) bool {
	m.queue = slices.Clone(m.places)
	slices.SortFunc(m.queue, comparePlaces)
	m.end = m.queue[len(m.queue)-1].at
	p := m.pop()
	length, next := m.end-p.at, m.queue[0].at
	for m.advance(p) {
		if p.twins != nil && !m.separate(p) {
			break
		}
		if p.at <= next {
			length = min(length, m.end-p.at)
			continue
		}
		m.push(p)
		if length <= slop {
			return true
		}
		p = m.pop()
		length, next = m.end-p.at, m.queue[0].at
	}
	return length <= slop
}

// advance moves p and notes how far it came.
func (m *sloppyMatcher) advance(p *place) bool {
	if !p.next() {
		return false
	}
	m.end = max(m.end, p.at)
	return true
}

// separate moves on, of two places of one term on the same token, the lesser,
// until no two are on one token.
func (m *sloppyMatcher) separate(p *place) bool {
	moved := p
	var touched []*place
	for {
		other := collision(p)
		if other == nil {
			break
		}
		if comparePlaces(other, p) < 0 {
			p = other
		}
		if !m.advance(p) {
			return false
		}
		if other != moved {
			touched = append(touched, other)
		}
	}
	if len(touched) > 0 {
		slices.SortStableFunc(m.queue, comparePlaces)
	}
	return true
}

// collision finds a twin of p that stands on p's token.
func collision(p *place) *place {
	for _, twin := range p.twins {
		if twin != p && twin.at+twin.offset == p.at+p.offset {
			return twin
		}
	}
	return nil
}

// pop takes the place that is farthest behind out of the queue.
func (m *sloppyMatcher) pop() *place {
	p := m.queue[0]
	m.queue = m.queue[1:]
	return p
}

// push puts p back in its order.
func (m *sloppyMatcher) push(p *place) {
	i, _ := slices.BinarySearchFunc(m.queue, p, comparePlaces)
	m.queue = slices.Insert(m.queue, i, p)
}

func comparePlaces(a, b *place) int {
	return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.offset, b.offset))
}
