package lucenetest

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/recheckbot/recheckbot/internal/lucene"
	"github.com/recheckbot/recheckbot/internal/lucene/index"
)

const (
	roundDocs    = 50
	roundQueries = 300
	roundTexts   = 100
)

// TestLucene is all that needs one. Its parts share it, for it starts slowly.
func TestLucene(t *testing.T) {
	o := StartOracle(t)
	t.Run("Differential", func(t *testing.T) { testDifferential(t, o.In(t)) })
	t.Run("EveryCodePoint", func(t *testing.T) { testEveryCodePoint(t, o.In(t)) })
	t.Run("InvalidUTF8", func(t *testing.T) { testInvalidUTF8(t, o.In(t)) })
}

// testDifferential asks Lucene, the index, the evaluator and the reference the
// same random queries over the same random documents. It goes on for as long
// as the environment variable DIFFERENTIAL says (such as 2h), else for one
// round, the same each time.
func testDifferential(t *testing.T, o *Oracle) {
	seed, long := uint64(1), time.Duration(0)
	if s := os.Getenv("DIFFERENTIAL"); s != "" {
		d, err := time.ParseDuration(s)
		if err != nil {
			t.Fatal(err)
		}
		seed, long = uint64(time.Now().UnixNano()), d
	}
	d := &differential{t: t, o: o}
	for end := time.Now().Add(long); ; seed++ {
		d.round(rand.New(rand.NewPCG(seed, 0)))
		if d.bad > 20 || !time.Now().Before(end) {
			break
		}
		if long > 0 && d.rounds%100 == 0 {
			d.report()
		}
	}
	d.report()
	if d.hits == 0 {
		t.Error("no query found anything: nothing was compared")
	}
}

// differential counts what was compared.
type differential struct {
	t                                                 *testing.T
	o                                                 *Oracle
	rounds, pairs, queries, refused, hits, texts, bad int
}

func (d *differential) report() {
	d.t.Logf("%d rounds: %d queries (%d refused by both), %d pairs of query and document, %d hits, %d texts analysed; %d differences",
		d.rounds, d.queries, d.refused, d.pairs, d.hits, d.texts, d.bad)
}

func (d *differential) round(r *rand.Rand) {
	d.rounds++
	m := Mapping()
	x := index.New(m)
	d.o.Reset(Exact...)
	var docs []Document
	for range roundDocs {
		doc := Random(r)
		docs = append(docs, doc)
		d.o.Add(doc)
		x.Add(withNames(doc))
	}
	for range roundQueries {
		d.compare(Query(r, docs), docs, x, m)
	}
	for range roundTexts {
		d.tokens(Text(r))
	}
}

// withNames adds the names of a document's fields, as an index keeps them.
func withNames(doc Document) Document {
	all := Document{}
	for name, values := range doc {
		all[name] = values
		all[lucene.NamesField] = append(all[lucene.NamesField], name)
	}
	return all
}

func (d *differential) compare(query string, docs []Document, x *index.Index, m lucene.Mapping) {
	want := d.o.Query(query)
	n, err := lucene.Parse(query, m)
	d.queries++
	switch {
	case err != nil && strings.Contains(err.Error(), "regular expression"): // more than RE2 can do
		return
	case (err != nil) != (want.Err != ""):
		d.differ("%q: error %v, Lucene's %.100q", query, err, want.Err)
		return
	case err != nil:
		d.refused++
		return
	case !sameTree(d.t, lucene.DumpJSON(n), want.Tree):
		d.differ("%q: tree\n%s, Lucene's\n%s", query, lucene.DumpJSON(n), want.Tree)
		return
	}
	d.pairs += len(docs)
	d.hits += len(want.Hits)
	if got := x.Search(n); !slices.Equal(got, want.Hits) {
		d.differ("%q: hits %v, Lucene's %v", query, got, want.Hits)
		for _, i := range got {
			if !slices.Contains(want.Hits, i) {
				d.t.Logf("%d: %q", i, docs[i])
			}
		}
		for _, i := range want.Hits {
			if !slices.Contains(got, i) {
				d.t.Logf("%d: %q", i, docs[i])
			}
		}
		return
	}
	again, err := lucene.Parse(n.String(), m)
	if err != nil {
		d.differ("%q is written as %q: %v", query, n, err)
		return
	}
	for i, doc := range docs {
		d.ours(query, n, again, doc, i, m)
	}
}

// ours compares our own answers with each other: the evaluator's, also of the
// tree written and read again, with the reference.
func (d *differential) ours(query string, n, again lucene.Node, doc Document, i int, m lucene.Mapping) {
	event := lucene.NewDoc(m)
	event.Closed = true
	all := withNames(doc)
	event.SetAll(all)
	want := lucene.No
	if Matches(n, all, m) {
		want = lucene.Yes
	}
	if got := lucene.Eval(n, event); got != want {
		d.differ("%q of document %d %q: %v, the reference's %v", query, i, doc, got, want)
	} else if got := lucene.Eval(again, event); got != want {
		d.differ("%q, written as %q, of document %d %q: %v, the reference's %v", query, n, i, doc, got, want)
	}
}

func (d *differential) tokens(text string) {
	d.sameTokens(text, d.o.Tokens(text))
}

// sameTokens compares tokens, also those of a text made UTF-8 before.
func (d *differential) sameTokens(text string, want []string) {
	d.texts++
	for _, s := range []string{text, string(lucene.ReplaceInvalid([]byte(text)))} {
		got := []string{}
		for _, t := range lucene.Tokens(s) {
			got = append(got, t.Text)
		}
		if !slices.Equal(got, want) {
			d.differ("%q: tokens %q, Lucene's %q", s, got, want)
		}
	}
}

func (d *differential) differ(format string, args ...any) {
	d.t.Helper()
	d.bad++
	d.t.Errorf(format, args...)
}

func sameTree(t *testing.T, a []byte, b string) bool {
	t.Helper()
	var x, y any
	if err := json.Unmarshal(a, &x); err != nil {
		t.Fatalf("%s: %v", a, err)
	}
	if err := json.Unmarshal([]byte(b), &y); err != nil {
		t.Fatalf("%s: %v", b, err)
	}
	return reflect.DeepEqual(x, y)
}
