package needle

import (
	_ "embed"
	"math"
)

// Grams are the four bytes of a text from some byte on, the first one lowest,
// with bit 5 of each set, so that letters of both cases are equal (and some
// other bytes too, which the comparison afterwards tells apart).
const (
	gramLen  = 4
	foldGram = 0x20202020
	mulGram  = 0x9e3779b1 // 2^32 / golden ratio: Knuth's multiplicative hash
)

// rarityBits is how many hash bits the table of frequencies has.
const rarityBits = 15

// rarity holds, by a gram's hash, how often such grams are in CI logs:
// 2^(byte/8) of 10^9. It was counted by the program in sample.
//
//go:embed rarity.bin
var rarity string

// load is the gram at s.
func load(s string) uint32 {
	return uint32(s[0]) | uint32(s[1])<<8 | uint32(s[2])<<16 | uint32(s[3])<<24 | foldGram
}

func frequency(gram uint32) float64 {
	return math.Exp2(float64(rarity[gram*mulGram>>(32-rarityBits)])/8) / 1e9
}

// window is how long a text must be to hold whole grams wherever the grid lies.
func window(step int) int { return gramLen + step - 1 }

// rarest is where in s the window begins whose grams are the least frequent
// in sum, and that sum.
func rarest(s string, step int) (at int, sum float64) {
	sum = math.Inf(1)
	for i := 0; i+window(step) <= len(s); i++ {
		f := 0.0
		for k := range step {
			f += frequency(load(s[i+k:]))
		}
		if f < sum {
			at, sum = i, f
		}
	}
	return at, sum
}

// Cost tells how much it costs to look for a text, compared with others: about
// how many bytes in a byte of log give rise to a closer look, and more where
// the text is too short for the fast ways.
func Cost(text string) float64 {
	text = lower(text)
	const short, tiny = 1e-4, 0.01 // worth a few looks more
	switch {
	case len(text) >= window(4):
		_, sum := rarest(text, 4)
		return sum / 4
	case len(text) >= gramLen:
		_, f := rarest(text, 1)
		return f + short
	}
	return tiny * float64(gramLen-len(text))
}
