package scan

import (
	"github.com/recheckbot/recheckbot/internal/lucene"
	"github.com/recheckbot/recheckbot/internal/needle"
)

// Phrases are found in raw bytes without cutting the text into words, where all
// that counts is ASCII: there the analyser's rules (UAX #29) are about three
// neighbouring bytes. What the rules below cannot tell is maybe, and then
// internal/lucene decides on the whole event.

// phrase is a Term or Phrase of ASCII words, one after the other.
type phrase struct {
	word  string   // of a Term
	terms []string // of a Phrase
	loose bool     // with slop: only the single terms are looked at
}

func (p *phrase) len() int { return max(len(p.terms), 1) }

func (p *phrase) term(k int) string {
	if p.terms == nil {
		return p.word
	}
	return p.terms[k]
}

// newPhrase is false for what is no such leaf.
func newPhrase(n lucene.Node) (p phrase, ok bool) {
	switch n := n.(type) {
	case lucene.Term:
		p.word = n.Text
	case lucene.Phrase:
		p.terms, p.loose = n.Terms, n.Slop > 0
	default:
		return p, false
	}
	for k := range p.len() {
		if t := p.term(k); t == "" || len(t) > maxWord || !ascii(t) {
			return p, false
		}
	}
	return p, true
}

// maxWord is how long a word may be at most that is looked for in place, and
// longRun from how many bytes on a stretch without a break may have been cut by
// the analyser in its middle.
const (
	maxWord = 200
	longRun = lucene.MaxToken
)

// The classes of bytes in UAX #29, as far as ASCII goes. The quotation mark
// joins Hebrew letters only.
const (
	breaks    = iota // ends every word
	letter           // ALetter
	digit            // Numeric
	under            // ExtendNumLet
	midLetter        // MidLetter: joins letters
	midBoth          // MidNumLet, Single_Quote: joins letters, and digits
	midNum           // MidNum: joins digits
	high             // no ASCII
)

var classes = func() (c [256]uint8) {
	for i := range c {
		switch {
		case 'a' <= i && i <= 'z', 'A' <= i && i <= 'Z':
			c[i] = letter
		case '0' <= i && i <= '9':
			c[i] = digit
		case i >= 0x80:
			c[i] = high
		}
	}
	c['_'], c[':'], c['.'], c['\''], c[','], c[';'] = under, midLetter, midBoth, midBoth, midNum, midNum
	return c
}()

func inWord(class uint8) bool { return letter <= class && class <= under }

// joins reports whether no break is between byte i-1 and byte i of text.
func joins(text []byte, i int) lucene.Truth {
	a, b := classes[text[i-1]], classes[text[i]]
	switch {
	case a == high || b == high:
		return lucene.Maybe
	case inWord(a) && inWord(b):
		return lucene.Yes
	case inWord(a) && b != breaks:
		return bridges(a, b, text, i+1)
	case inWord(b) && a != breaks:
		return bridges(b, a, text, i-2)
	}
	return lucene.No
}

// bridges reports whether mid joins a word's end with its like at byte i.
func bridges(end, mid uint8, text []byte, i int) lucene.Truth {
	if i < 0 || i >= len(text) {
		return lucene.No
	}
	other := classes[text[i]]
	switch {
	case other == high:
		return lucene.Maybe
	case other != end,
		end == letter && mid != midLetter && mid != midBoth,
		end == digit && mid != midBoth && mid != midNum,
		end == under:
		return lucene.No
	}
	return lucene.Yes
}

// word reports whether the term stands at byte i as a word of its own.
func word(text []byte, i int, term string) lucene.Truth {
	if !needle.At(text, i, term) {
		return lucene.No
	}
	if i > 0 {
		switch joins(text, i) {
		case lucene.Maybe:
			return lucene.Maybe
		case lucene.Yes:
			return inLongRun(text, i, len(term))
		}
	}
	if end := i + len(term); end < len(text) {
		return lucene.Yes - joins(text, end)
	}
	return lucene.Yes
}

// inLongRun: in the middle of a word no other one begins, unless the analyser
// has cut it there.
func inLongRun(text []byte, i, n int) lucene.Truth {
	for k := i; k > 0 && classes[text[k-1]] != breaks; k-- {
		if i-k+n >= longRun-1 {
			return lucene.Maybe
		}
	}
	return lucene.No
}

// at reports whether the phrase stands in text so that its term k is at byte i.
// newline is what it means that the phrase would go over a line's end.
func (p *phrase) at(text []byte, i, k int, newline lucene.Truth) lucene.Truth {
	truth := word(text, i, p.term(k))
	if truth == lucene.No {
		return truth
	}
	return min(truth, p.around(text, i, k, newline))
}

// around is at where it is known that the term k stands at byte i.
func (p *phrase) around(text []byte, i, k int, newline lucene.Truth) lucene.Truth {
	if p.loose {
		return lucene.Maybe
	}
	truth := p.behind(text, i+len(p.term(k)), k+1, newline)
	if truth != lucene.No {
		truth = min(truth, p.ahead(text, i, k, newline))
	}
	return truth
}

// behind reports whether the terms from k on follow from byte end on.
func (p *phrase) behind(text []byte, end, k int, newline lucene.Truth) lucene.Truth {
	truth := lucene.Yes
	for ; k < p.len() && truth != lucene.No; k++ {
		start, there := after(text, end, newline)
		if there != lucene.Yes {
			return min(truth, there)
		}
		truth = min(truth, word(text, start, p.term(k)))
		end = start + len(p.term(k))
	}
	return truth
}

// ahead reports whether the terms up to k stand in front of byte i.
func (p *phrase) ahead(text []byte, i, k int, newline lucene.Truth) lucene.Truth {
	truth := lucene.Yes
	for k--; k >= 0 && truth != lucene.No; k-- {
		end, there := before(text, i, newline)
		if there != lucene.Yes {
			return min(truth, there)
		}
		i = end - len(p.term(k))
		truth = min(truth, word(text, i, p.term(k)))
	}
	return truth
}

// after is where the word behind byte i begins, which is no word's middle.
// Underscores alone are no word.
func after(text []byte, i int, newline lucene.Truth) (int, lucene.Truth) {
	for i < len(text) {
		switch c := classes[text[i]]; {
		case c == high:
			return i, lucene.Maybe
		case c == letter || c == digit:
			return i, lucene.Yes
		case c == under:
			n := i
			for n < len(text) && text[n] == '_' {
				n++
			}
			if n < len(text) && classes[text[n]] != breaks {
				return i, begun(classes[text[n]])
			}
			i = n
			continue
		case text[i] == '\n' && newline != lucene.Yes:
			return i, newline
		}
		i++
	}
	return i, lucene.No
}

// begun is whether underscores are a word's with what stands beside them; a
// mark that may join others joins none of them, but the complete way is right in
// any case.
func begun(beside uint8) lucene.Truth {
	if inWord(beside) {
		return lucene.Yes
	}
	return lucene.Maybe
}

// before is where the word in front of byte i ends.
func before(text []byte, i int, newline lucene.Truth) (int, lucene.Truth) {
	for i > 0 {
		switch c := classes[text[i-1]]; {
		case c == high:
			return i, lucene.Maybe
		case c == letter || c == digit:
			return i, lucene.Yes
		case c == under:
			n := i
			for n > 0 && text[n-1] == '_' {
				n--
			}
			if n > 0 && classes[text[n-1]] != breaks {
				return i, begun(classes[text[n-1]])
			}
			i = n
			continue
		case text[i-1] == '\n' && newline != lucene.Yes:
			return i, newline
		}
		i--
	}
	return i, lucene.No
}

// in reports whether the phrase stands anywhere in an event's text.
func (p *phrase) in(text []byte) lucene.Truth {
	k := 0
	for i := range p.len() {
		if len(p.term(i)) > len(p.term(k)) {
			k = i
		}
	}
	truth := lucene.No
	for i := needle.Index(text, 0, p.term(k)); i >= 0; i = needle.Index(text, i+1, p.term(k)) {
		if truth = max(truth, p.at(text, i, k, lucene.Yes)); truth == lucene.Yes {
			break
		}
	}
	return truth
}

// ascii reports whether all bytes of s are ASCII.
func ascii(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}
