package scan

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/recheckbot/recheckbot/internal/lucene"
)

func TestRequiredWords(t *testing.T) {
	for query, want := range map[string]string{
		`message:"Failed to fetch" AND tags:console`:   "[[failed fetch to]]",
		`message:a OR message:"b cc"`:                  "[[a] [cc b]]",
		`message:x AND (message:a OR message:b)`:       "[[a x] [b x]]",
		`message:a OR tags:console`:                    "[[a] []]",
		`NOT message:a`:                                "[[]]",
		`message:a AND NOT message:b`:                  "[[a]]",
		`message:foo* OR message:/ba.*/`:               "[[] []]",
		`message:"java.io.IOException foo_bar naïve"`:  "[[ioexception java bar foo io na ve]]",
		`module:"nova.compute" AND message:"10.0.0.1"`: "[[10 0 1]]",
		`+message:a message:b`:                         "[[a]]",
	} {
		if got := fmt.Sprint(required(trees(t, query)[0])); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
}

func TestRequiredIsBounded(t *testing.T) {
	or := "(" + strings.Repeat("message:a OR ", 40) + "message:b)"
	n := trees(t, or+" AND message:zebra")[0]
	if got := fmt.Sprint(required(n)); got != "[[zebra]]" {
		t.Error(got)
	}
	for _, w := range required(trees(t, "message:"+strings.Repeat("a", 300)+" AND message:b")[0]) {
		if len(w[0]) >= longWord {
			t.Error("a word that the analyser cuts is looked for")
		}
	}
}

// Texts in which the words of the analyser are not what bytes show.
func TestSieveNeverLosesAMatch(t *testing.T) {
	long := strings.Repeat("a", 255)
	for _, c := range []struct{ query, text string }{
		{`message:kelvin`, "300 \u212Aelvin"},
		{`message:istanbul`, "\u0130STANBUL"},
		{`message:error`, long + "error"},
		{`message:error`, strings.Repeat("a.", 127) + "aerror x"},
		{`message:error`, "x ERROR"},
		{`message:"foo bar"`, "FOO\nBar"},
		{`message:"foo_bar"`, "xx foo_BAR."},
		{`message:"can’t"`, "CAN’T"},
		{`message:"日本"`, "日本"},
	} {
		n := trees(t, c.query)[0]
		d := lucene.NewDoc(lucene.Historical())
		d.Set("message", c.text)
		if lucene.Eval(n, d) != lucene.Yes {
			t.Errorf("%s does not match %.20q: a bad example", c.query, c.text)
		}
		if len(newSieve([]lucene.Node{n}).find([]byte(c.text))) == 0 {
			t.Errorf("%s lost %.20q", c.query, c.text)
		}
	}
}

func TestSieveTurnsAwayWhatLacksAWord(t *testing.T) {
	s := newSieve(trees(t, `message:"failed to fetch" AND tags:console`, `message:x`))
	if got := s.find([]byte("failed to find")); len(got) != 0 {
		t.Error(got)
	}
	if got := s.find([]byte("X: Failed to fetch")); !slices.Equal(got, []int32{0, 1}) {
		t.Error(got)
	}
}

// randomTree and randomText draw from so few words that they meet.
var vocabulary = []string{"Error", "error", "fetch", "foo.bar", "foo_bar", "foo:bar", "a1b2", "10.0.0.1", "can't",
	"İx", "\u212Ax", "é", "日本", "x", "…", "-", "ABC-def", strings.Repeat("q", 254) + "error"}

func randomText(r *rand.Rand) string {
	var b strings.Builder
	for range r.IntN(12) {
		b.WriteString(vocabulary[r.IntN(len(vocabulary))])
		b.WriteString([]string{" ", "", "\n", "\t", "/", "\xff"}[r.IntN(6)])
	}
	return b.String()
}

func randomQuery(r *rand.Rand, depth int) string {
	word := func() string {
		return strings.NewReplacer(":", `\:`, "-", `\-`, "/", `\/`).Replace(vocabulary[r.IntN(len(vocabulary)-1)])
	}
	sub := func() string { return "(" + randomQuery(r, depth-1) + ")" }
	switch kind := r.IntN(9); {
	case depth <= 0 || kind < 2:
		return `message:` + word()
	case kind == 2:
		return `message:"` + word() + " " + word() + `"`
	case kind == 3:
		return sub() + " AND NOT " + sub()
	case kind == 4:
		return sub() + " OR " + sub() + " OR " + sub()
	case kind == 5:
		return `build_name:y OR ` + sub()
	case kind == 6:
		return `message:` + word()[:1] + `*`
	}
	return sub() + " AND " + sub()
}

func TestSieveAgreesWithThePlainEvaluator(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	for range 300 {
		var nodes []lucene.Node
		for len(nodes) < 20 {
			if n, err := lucene.Parse(randomQuery(r, 3), lucene.Historical()); err == nil {
				nodes = append(nodes, n)
			}
		}
		s := newSieve(nodes)
		d := lucene.NewDoc(lucene.Historical())
		for range 50 {
			text := randomText(r)
			d.Set("message", text)
			found := s.find([]byte(text))
			for i, n := range nodes {
				if lucene.Eval(n, d) != lucene.No && !slices.Contains(found, int32(i)) {
					t.Fatalf("%v lost %q", n, text)
				}
			}
		}
	}
}

func FuzzSieve(f *testing.F) {
	f.Add(`message:"failed to fetch" OR message:x`, "Failed to fetch")
	f.Add(`message:k`, "\u212A")
	f.Fuzz(func(t *testing.T, query, text string) {
		n, err := lucene.Parse(query, lucene.Historical())
		if err != nil {
			return
		}
		d := lucene.NewDoc(lucene.Historical())
		d.Set("message", text)
		if lucene.Eval(n, d) != lucene.No && len(newSieve([]lucene.Node{n}).find([]byte(text))) == 0 {
			t.Errorf("%v lost %q", n, text)
		}
	})
}
