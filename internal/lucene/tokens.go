package lucene

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxToken is the standard analyser's max_token_length, in UTF-16 units. A
// longer word is cut into several tokens.
const MaxToken = 255

// Token is a word of an analysed text, in lower case, with its position: words
// are counted from 0.
type Token struct {
	Text string
	Pos  int
}

// wordClass is a run of code points that the automaton treats alike.
type wordClass struct {
	lo, hi rune
	class  uint8
}

// Tokens analyses text as Elasticsearch's standard analyser does: the words of
// UAX #29 as Lucene's StandardTokenizer finds them (it drops what holds no
// letter, digit, ideograph or emoji), in lower case, no stop words.
func Tokens(text string) []Token { return appendTokens(nil, text, 0) }

// appendTokens adds the tokens of text to list; the first one has position pos.
func appendTokens(list []Token, text string, pos int) []Token {
	for i := 0; i < len(text); {
		n, word := nextWord(text[i:])
		if word {
			list = append(list, Token{lower(text[i : i+n]), pos})
			pos++
		}
		i += n
	}
	return list
}

// nextWord returns how many bytes of s, which is not empty, the next match of
// the automaton has, and whether that is a word. As in Lucene no more than the
// next MaxToken units are looked at: what is longer is cut there.
func nextWord(s string) (n int, word bool) {
	state, units := uint8(0), 0
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if units += utf16Len(r); units > MaxToken {
			break
		}
		if state = wordNext[state][classOf(r)]; state == 0 {
			break
		}
		i += size
		if end := wordEnd[state]; end != 0 {
			n, word = i, end == 2
		}
	}
	return max(n, 1), word
}

// utf16Len is the number of UTF-16 units of r.
func utf16Len(r rune) int {
	if r > 0xffff {
		return 2
	}
	return 1
}

// classOf finds the automaton's class of r.
func classOf(r rune) uint8 {
	if r < utf8.RuneSelf {
		return asciiClasses[r]
	}
	lo, hi := 0, len(wordClasses)
	for lo < hi {
		mid := (lo + hi) / 2
		if wordClasses[mid].hi < r {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	if lo < len(wordClasses) && wordClasses[lo].lo <= r {
		return wordClasses[lo].class
	}
	return 0
}

// lower folds s as Lucene's LowerCaseFilter: one code point for one, without
// regard to language or context.
func lower(s string) string {
	for i := range len(s) {
		if c := s[i]; c >= utf8.RuneSelf || 'A' <= c && c <= 'Z' {
			return strings.Map(unicode.ToLower, s)
		}
	}
	return s
}
