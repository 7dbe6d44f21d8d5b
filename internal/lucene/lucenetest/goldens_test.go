package lucenetest

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"flag"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/recheckbot/recheckbot/internal/lucene"
	"github.com/recheckbot/recheckbot/internal/lucene/index"
)

var update = flag.Bool("update", false, "ask Lucene for the goldens again")

const goldens = "testdata/goldens.jsonl.gz"

// golden is a set of documents with queries and texts, and Lucene's answers.
type golden struct {
	Docs    []Document
	Queries []goldenQuery
	Texts   []goldenText
}

type goldenQuery struct {
	Query   string
	Refused bool            `json:",omitempty"`
	Hits    []int           `json:",omitempty"`
	Tree    json.RawMessage `json:",omitempty"`
}

type goldenText struct {
	Text   string
	Tokens []string
}

// found are queries in which a difference was once found.
var found = []string{"\"a b\"~2\x01", `["[" TO "b c"]`, `"a b"~-1`, "a~-1", "abc~NaN", `"a b"~2ff`, "a~1e0f", "\u3000", "\x01", "[\"\"[\"a\" TO \"b c\"]",
	`1,0 _exists_:""`}

// TestGoldens holds everything of ours against answers that Lucene once gave.
// With -update it asks Lucene again.
func TestGoldens(t *testing.T) {
	if *update {
		writeGoldens(t, makeGoldens(t))
	}
	m := Mapping()
	for _, g := range readGoldens(t) {
		x := index.New(m)
		for _, doc := range g.Docs {
			x.Add(withNames(doc))
		}
		for _, q := range g.Queries {
			n, err := lucene.Parse(q.Query, m)
			if (err != nil) != q.Refused {
				t.Errorf("%q: error %v, refused by Lucene: %v", q.Query, err, q.Refused)
			}
			if err != nil {
				continue
			}
			if got := lucene.DumpJSON(n); !sameTree(t, got, string(q.Tree)) {
				t.Errorf("%q: tree %s, Lucene's %s", q.Query, got, q.Tree)
			}
			if got := x.Search(n); !slices.Equal(got, q.Hits) {
				t.Errorf("%q: hits %v, Lucene's %v", q.Query, got, q.Hits)
			}
			if again, err := lucene.Parse(n.String(), m); err != nil || !slices.Equal(x.Search(again), q.Hits) {
				t.Errorf("%q is written as %q: %v", q.Query, n, err)
			}
		}
		d := differential{t: t}
		for _, text := range g.Texts {
			d.sameTokens(text.Text, text.Tokens)
		}
	}
}

func makeGoldens(t *testing.T) []golden {
	o := StartOracle(t)
	var all []golden
	for seed := range uint64(3) {
		r := rand.New(rand.NewPCG(7, seed))
		o.Reset(Exact...)
		var g golden
		for range 25 {
			doc := Random(r)
			g.Docs = append(g.Docs, doc)
			o.Add(doc)
		}
		queries := slices.Clone(found)
		for range 250 {
			queries = append(queries, Query(r, g.Docs))
		}
		for _, q := range queries {
			if _, err := lucene.Parse(q, Mapping()); err != nil && strings.Contains(err.Error(), "regular expression") {
				continue // more than RE2 can do
			}
			a := o.Query(q)
			g.Queries = append(g.Queries, goldenQuery{q, a.Err != "", a.Hits, json.RawMessage(a.Tree)})
		}
		for range 100 {
			text := string(lucene.ReplaceInvalid([]byte(Text(r))))
			g.Texts = append(g.Texts, goldenText{text, o.Tokens(text)})
		}
		all = append(all, g)
	}
	return append(all, makeStyles(t, o))
}

// styled are documents for the queries in the styles that people write.
var styled = []Document{
	{"message": {"connect: Connection refused (ECONNREFUSED) at 127.0.0.1:8774"}, "tags": {"console", "console.html"}, "build_name": {"unit"}, "voting": {"1"}},
	{"message": {"ERROR: request FAILED, timed out; could not be found"}, "tags": {"screen"}, "voting": {"0"}},
	{"message": {"a Timeout\nand an error, failed/refused: couldn't GET 10.0.0.1"}, "tags": {"console"}, "loglevel": {"ERROR"}},
	{"message": {"fa:16:3e:b6:67:72 <pre> 0x48e9050 __init__.py:52 DEVSTACK_GATE=1", "refused error_failed"}, "tags": {"syslog.txt", "syslog"}},
	{"message": {"not found and reset or c d a b", "refused? \u201crefused\u201d \u65e5\u672c\u8a9e \u00e9 \u212aernel"}, "voting": {"2"}},
	{"message": {"2013-09-27 18:27:54.432 jenkins@localhost"}, "tags": {"A", "a*b"}, "build_name": {"x"}},
	{"tags": {"console"}},
}

// makeStyles asks for queries as people write them, right and wrong.
func makeStyles(t *testing.T, o *Oracle) golden {
	g := golden{Docs: styled}
	o.Reset(Exact...)
	for _, doc := range styled {
		o.Add(doc)
	}
	body, err := os.ReadFile("testdata/styles.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(body)) {
		var q string
		if err := json.Unmarshal([]byte(line), &q); err != nil {
			t.Fatal(err)
		}
		a := o.Query(q)
		g.Queries = append(g.Queries, goldenQuery{q, a.Err != "", a.Hits, json.RawMessage(a.Tree)})
	}
	return g
}

func writeGoldens(t *testing.T, all []golden) {
	if err := os.MkdirAll(filepath.Dir(goldens), 0o755); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(goldens)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewWriterLevel(f, gzip.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	e := json.NewEncoder(z)
	for _, g := range all {
		if err := e.Encode(g); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
}

func readGoldens(t *testing.T) []golden {
	f, err := os.Open(goldens)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(bufio.NewReader(f))
	if err != nil {
		t.Fatal(err)
	}
	var all []golden
	for d := json.NewDecoder(z); d.More(); {
		var g golden
		if err := d.Decode(&g); err != nil {
			t.Fatal(err)
		}
		all = append(all, g)
	}
	if len(all) == 0 {
		t.Fatal("there are no goldens")
	}
	return all
}
