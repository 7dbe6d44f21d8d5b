package index

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/recheckbot/recheckbot/internal/lucene"
)

func mapping() lucene.Mapping {
	return lucene.Mapping{Default: "message", Analysed: func(f string) bool { return f == "message" }, Numeric: func(f string) bool { return f == "n" }}
}

// pick joins random members of list.
func pick(r *rand.Rand, n int, sep string, list ...string) string {
	parts := make([]string, n)
	for i := range parts {
		parts[i] = list[r.IntN(len(list))]
	}
	return strings.Join(parts, sep)
}

// TestAgreesWithEval asks the index and the evaluator the same.
func TestAgreesWithEval(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	x := New(mapping())
	var docs []map[string][]string
	for range 100 {
		doc := map[string][]string{}
		for range r.IntN(3) {
			doc["message"] = append(doc["message"], pick(r, r.IntN(6), " ", "a", "b", "C", "ab", "a-b", "é"))
		}
		if r.IntN(2) == 0 {
			doc["tags"] = []string{pick(r, 1, "", "a", "A b", "ab"), "t"}
		}
		if r.IntN(3) == 0 {
			doc["n"] = []string{fmt.Sprint(r.IntN(12))}
		}
		docs = append(docs, doc)
		x.Add(doc)
	}
	hits := 0
	for range 1500 {
		q := pick(r, 1+r.IntN(4), " ", "a", "b", "ab~1", `"a b"`, `"b a"~2`, `"a a"~1`, "tags:a*", "tags:\"A b\"", "n:[3 TO 10}", "n:4", "_exists_:tags", "NOT", "AND", "-c", "a?", "/a.?/", "*:*", "(a AND b)", "none:x", "[a TO b]", "zzz", `"zzz a"`, `tags:"a b"`)
		n, err := lucene.Parse(q, mapping())
		if err != nil {
			continue
		}
		var want []int
		for i, doc := range docs {
			d := lucene.NewDoc(mapping())
			d.Closed = true
			d.SetAll(doc)
			if lucene.Eval(n, d) == lucene.Yes {
				want = append(want, i)
			}
		}
		if got := x.Search(n); !slices.Equal(got, want) {
			t.Fatalf("%s: %v, want %v", q, got, want)
		}
		hits += len(want)
	}
	if hits < 1000 || x.Size() != len(docs) {
		t.Fatalf("%d hits in %d documents: nothing was compared", hits, x.Size())
	}
}

// TestFuzzyTakesTheBestTerms: Lucene lets a fuzzy term stand for fifty terms
// of the index, those with the fewest edits for their length first.
func TestFuzzyTakesTheBestTerms(t *testing.T) {
	x := New(mapping())
	for i := range 60 {
		x.Add(map[string][]string{"message": {fmt.Sprintf("abcde%c", '가'+59-i)}})
	}
	x.Add(map[string][]string{"message": {"abcde"}})
	n, err := lucene.Parse("abcde~1", mapping())
	if err != nil {
		t.Fatal(err)
	}
	got := x.Search(n)
	if len(got) != 50 || got[0] != 11 || got[49] != 60 {
		t.Errorf("%d documents: %v", len(got), got)
	}
}
