package lucenetest

import (
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
)

// testEveryCodePoint compares the tokens of texts that have each code point
// alone, among letters, digits, marks, ideographs and emoji, and then of random
// ones. Unless DIFFERENTIAL is set it takes one code point of 251.
func testEveryCodePoint(t *testing.T, o *Oracle) {
	d := &differential{t: t, o: o}
	step := rune(251)
	if os.Getenv("DIFFERENTIAL") != "" {
		step = 1
	}
	for c := rune(0); c <= 0x10ffff && d.bad < 20; c += step {
		if c >= 0xd800 && c < 0xe000 {
			continue // no code point of its own
		}
		d.tokens(fmt.Sprintf("%c a%cb 1%c2 a%c1 %c\u0301x _%c_ %c%c \u0e01%c \u30ab%c\u30ab \U0001f600%c ש%cש \U0001f1e9%c", c, c, c, c, c, c, c, c, c, c, c, c, c))
	}
	r := rand.New(rand.NewPCG(2, 3))
	for range 2000 {
		d.tokens(Text(r))
	}
	t.Logf("%d texts, %d differences", d.texts, d.bad)
}
