package lucenetest

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/recheckbot/recheckbot/internal/lucene"
	"github.com/recheckbot/recheckbot/internal/lucene/index"
)

// agree holds the evaluator and the index against the reference.
func agree(t *testing.T, query string, docs []Document) (hits int) {
	m := Mapping()
	n, err := lucene.Parse(query, m)
	if err != nil {
		return 0
	}
	x := index.New(m)
	want := []int{}
	d := differential{t: t}
	for i, doc := range docs {
		all := withNames(doc)
		x.Add(all)
		if Matches(n, all, m) {
			want = append(want, i)
		}
		d.ours(query, n, n, doc, i, m)
	}
	if got := x.Search(n); !slices.Equal(got, want) {
		t.Fatalf("%q: the index finds %v, the reference %v in %q", query, got, want, docs)
	}
	return len(want)
}

// TestOursAgree needs no Lucene.
func TestOursAgree(t *testing.T) {
	hits := 0
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 9))
		docs := []Document{}
		for range 20 {
			docs = append(docs, Random(r))
		}
		for range 20 {
			hits += agree(t, Query(r, docs), docs)
		}
	}
	if hits < 1000 {
		t.Errorf("%d hits: nothing was compared", hits)
	}
}

// FuzzOurs gives query and texts; what is not UTF-8 comes as readers of logs
// and queries bring it.
func FuzzOurs(f *testing.F) {
	f.Add(`message:"a b"~2 AND NOT tags:x`, "a c b", "x")
	f.Add(`b?* OR [a TO c} -"d d"~3`, "d e d\nb1", "")
	f.Fuzz(func(t *testing.T, query, message, tag string) {
		if len(query)+len(message) > 2000 {
			return // the reference is slow
		}
		clean := func(s string) string { return string(lucene.ReplaceInvalid([]byte(s))) }
		agree(t, clean(query), []Document{{"message": {clean(message)}, "tags": {clean(tag)}}})
	})
}
