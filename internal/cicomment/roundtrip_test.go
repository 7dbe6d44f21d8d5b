package cicomment

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/recheckbot/recheckbot/internal/ci"
)

// TestRoundTrip: what the reporters write is understood, whatever sites and jobs
// put into it: with the author, with the tag alone, and by the text alone.
func TestRoundTrip(t *testing.T) {
	for _, by := range reporters {
		t.Run(string(by), func(t *testing.T) {
			w := &writer{r: rand.New(rand.NewPCG(1, 2)), by: by}
			wrong := 0
			for range 1500 {
				c := w.comment()
				for _, in := range []Input{{Author: ci.Account{Username: "zuul"}, Tag: c.tag}, {Tag: c.tag}} {
					in.Comment = c.text
					if diff := cmp.Diff(c.want, Defaults().Parse(in), cmpopts.EquateEmpty()); diff != "" {
						if wrong++; wrong > 3 {
							t.FailNow()
						}
						t.Errorf("author %q, tag %q\n%s\n-want +got:\n%s", in.Author.Username, c.tag, shortened(c.text), diff)
					}
				}
			}
		})
	}
}

// shortened leaves out the middle of a long text.
func shortened(text string) string {
	const ends = 1500
	if len(text) <= 2*ends {
		return text
	}
	return text[:ends] + "\n[…]\n" + text[len(text)-ends:]
}
