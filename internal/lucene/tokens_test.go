package lucene

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf16"
)

func FuzzTokens(f *testing.F) {
	for _, s := range []string{"java.io.IOException: a_b", "don\u2019t 1,000 \"x\"", "中文ひらカタ한국ไทย", "👨\u200d👩 🇩🇪🇫 ❤\ufe0f 1\ufe0f\u20e3", strings.Repeat("x", 300), "\xff\xed\xa0\x80a"} {
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		tokens := tokenTexts(a)
		for i, token := range Tokens(a) {
			if token.Text == "" || token.Pos != i || len(utf16.Encode([]rune(token.Text))) > MaxToken+1 || lower(token.Text) != token.Text {
				t.Fatalf("%q: token %q at %d", a, token.Text, token.Pos)
			}
		}
		if got := tokenTexts(string(ReplaceInvalid([]byte(a)))); !slices.Equal(got, tokens) {
			t.Fatalf("%q: tokens %q, made UTF-8 before %q", a, tokens, got)
		}
		if got := tokenTexts(a + "\n" + b); !slices.Equal(got, append(tokens, tokenTexts(b)...)) {
			t.Fatalf("%q and %q, a line each: %q", a, b, got)
		}
	})
}
