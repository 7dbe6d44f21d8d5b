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

// rarityBits is how many hash bits a table of frequencies has.
const rarityBits = 16

// rarity holds, by a hash, how often grams are in CI logs, and behind that how
// often words are, and last how often bytes are: 2^(byte/8) of 10^9 bytes; 0:
// hardly ever. It was counted by the program in sample.
//
//go:embed rarity.bin
var rarity string

// load is the gram at s.
func load(s string) uint32 {
	return uint32(s[0]) | uint32(s[1])<<8 | uint32(s[2])<<16 | uint32(s[3])<<24 | foldGram
}

// frequency is how often a gram is met in a byte of log.
func frequency(gram uint32) float64 { return listed(gram * mulGram >> (32 - rarityBits)) }

// wordFrequency is how often a text is met in a byte of log as a whole word.
func wordFrequency(text string) float64 {
	h := uint32(0)
	for i := range len(text) {
		c := text[i]
		if c != '_' && (c < '0' || c > '9') && (c < 'a' || c > 'z') {
			return 0 // of several words: rarer than each
		}
		h = (h + uint32(c|0x20)) * mulGram
	}
	return listed(1<<rarityBits + h>>(32-rarityBits))
}

// byteFrequency is how often a byte is met in a byte of log, in either case.
func byteFrequency(c byte) float64 { return listed(2<<rarityBits + uint32((c|0x20)&0x7f)) }

func listed(i uint32) float64 {
	if rarity[i] == 0 {
		return 1e-7
	}
	b := rarity[i]
	return float64(uint64(1)<<(b/8)) * eighths[b%8] / 1e9
}

// eighths are 2^(i/8).
var eighths = [8]float64{1, 1.0905077326652577, 1.189207115002721, 1.2968395546510096, math.Sqrt2,
	1.5422108254079407, 1.681792830507429, 1.8340080864093424}

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

// Cost tells how much it costs to look for a text, compared with others: how
// often in a byte of log it gives rise to a closer look, what a word that is
// there costs then, and more where the text is too short for a step of 4, or of
// 2 where so many texts are looked for that the step will not be wider. Of many
// whole words only how often they are there counts.
func Cost(text string, many, whole bool) float64 {
	text = lower(text)
	const found, short, tiny = 10, 3e-4, 0.01
	cost, step := found*wordFrequency(text), 4
	if many && whole && tables {
		return cost
	}
	if many {
		step = 2
	}
	switch {
	case len(text) >= window(step):
		_, sum := rarest(text, step)
		return cost + sum/float64(step)
	case len(text) >= gramLen:
		_, f := rarest(text, 1)
		return cost + f + short*float64(window(step)-len(text))
	}
	return cost + tiny*float64(gramLen-len(text))
}
