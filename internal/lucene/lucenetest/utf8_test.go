package lucenetest

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/recheckbot/recheckbot/internal/lucene"
)

// testInvalidUTF8 holds ReplaceInvalid against Java's decoder: what Java made of
// bytes is found by what ReplaceInvalid makes of them.
func testInvalidUTF8(t *testing.T, o *Oracle) {
	o.Reset("tags")
	bytes := []byte("\x80\x8f\x90\x9f\xa0\xbf\xc0\xc1\xc2\xdf\xe0\xe1\xed\xef\xf0\xf1\xf4\xf5\xf8\xff\x80\xbfa")
	r := rand.New(rand.NewPCG(4, 4))
	var texts []string
	for range 500 {
		b := make([]byte, 1+r.IntN(7))
		for i := range b {
			b[i] = bytes[r.IntN(len(bytes))]
		}
		texts = append(texts, string(b))
		o.Add(Document{"tags": {string(b)}})
	}
	bad := 0
	for i, s := range texts {
		clean := string(lucene.ReplaceInvalid([]byte(s)))
		a := o.Query(`tags:"` + clean + `"`)
		if a.Err != "" || !slices.Contains(a.Hits, i) {
			t.Errorf("% x is %d characters, %q, and not so in Java: %s", s, strings.Count(clean, "")-1, clean, a.Err)
			if bad++; bad > 10 {
				t.FailNow()
			}
		}
	}
}
