package queries

import (
	"bufio"
	"compress/gzip"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/recheckbot/recheckbot/internal/lucene"
	"github.com/recheckbot/recheckbot/internal/lucene/lucenetest"
)

// corpus is a folder with elastic-recheck's fingerprints in queries/ and real
// logs in logs/.
func corpus(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("CORPUS")
	if dir == "" {
		t.Skip("CORPUS is not set: no fingerprints of elastic-recheck to read")
	}
	return dir
}

func corpusSet(t *testing.T) Set {
	t.Helper()
	set, problems := LoadDir(filepath.Join(corpus(t), "queries"))
	for _, p := range problems {
		t.Errorf("%v", p)
	}
	return set
}

func TestCorpusLoads(t *testing.T) {
	set := corpusSet(t)
	for _, f := range set.Items {
		if len(f.Bugs) != 1 || f.Bugs[0].String() != "launchpad:"+f.Name {
			t.Errorf("%s stands for %v", f.Name, f.Bugs)
		}
	}
	t.Logf("%d fingerprints", len(set.Items))
}

// TestCorpusHitsAgreeWithLucene compares the hits of all fingerprints over real
// lines, and over lines made so that each fingerprint finds something.
func TestCorpusHitsAgreeWithLucene(t *testing.T) {
	set := corpusSet(t)
	oracle := lucenetest.StartOracle(t)
	oracle.Reset("tags", "filename", "build_name", "build_queue", "build_branch", "project", "module", "voting")
	docs := append(realDocs(t), madeDocs(set)...)
	for i, d := range docs {
		d["id"] = i
		oracle.Add(texts(d))
	}
	total := 0
	for _, f := range set.Items {
		want := oracle.Query(f.Query)
		got := hits(f.Tree, docs)
		if want.Err != "" || !slices.Equal(got, want.Hits) {
			t.Errorf("%s: hits %v, Lucene's %v %s", f.Name, got, want.Hits, want.Err)
		}
		if len(got) == 0 {
			t.Errorf("%s: nothing to find, so nothing was compared", f.Name)
		}
		total += len(got)
	}
	t.Logf("%d fingerprints over %d documents: %d hits agree", len(set.Items), len(docs), total)
}

// texts are a document's values as texts, its number apart.
func texts(doc map[string]any) map[string][]string {
	all := map[string][]string{}
	for field, v := range doc {
		switch v := v.(type) {
		case []string:
			all[field] = v
		case string, int:
			if field != "id" {
				all[field] = []string{fmt.Sprint(v)}
			}
		}
	}
	return all
}

func hits(n lucene.Node, docs []map[string]any) []int {
	found := []int{}
	for i, doc := range docs {
		d := lucene.NewDoc(lucene.Historical())
		d.Closed = true
		d.SetAll(texts(doc))
		if lucene.Eval(n, d) == lucene.Yes {
			found = append(found, i)
		}
	}
	return found
}

// realDocs are every 25th line of real logs.
func realDocs(t *testing.T) []map[string]any {
	t.Helper()
	var docs []map[string]any
	names, _ := filepath.Glob(filepath.Join(corpus(t), "logs", "*.gz"))
	for _, name := range names {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		z, err := gzip.NewReader(f)
		if err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(z)
		lines.Buffer(nil, 1<<20)
		base := strings.TrimSuffix(filepath.Base(name), ".gz")
		for n := 0; lines.Scan(); n++ {
			if n%25 == 0 {
				docs = append(docs, map[string]any{"message": strings.ToValidUTF8(lines.Text(), "?"),
					"tags": []string{base, "console"}, "filename": base, "build_name": "unit", "voting": 1})
			}
		}
		f.Close()
	}
	return docs
}

// madeDocs hold all of a fingerprint's texts, one of them, or all in another
// case, each with the tags of its own and with others.
func madeDocs(set Set) []map[string]any {
	var docs []map[string]any
	for _, f := range set.Items {
		var texts []string
		fields := map[string][]string{}
		lucene.Walk(f.Tree, func(n lucene.Node) bool {
			text := ""
			switch n := n.(type) {
			case lucene.Term:
				text = n.Text
			case lucene.Phrase:
				text = strings.Join(n.Terms, ", ")
			}
			if field := lucene.FieldOf(n); field == "message" {
				texts = append(texts, text)
			} else if field != "" {
				fields[field] = append(fields[field], text)
			}
			return true
		})
		for n := range len(texts) + 1 { // leave one out, so that NOT finds something too
			rest := slices.Clone(texts)
			if n < len(texts) {
				rest = slices.Delete(rest, n, n+1)
			}
			for _, voting := range []int{0, 1} {
				doc := map[string]any{"message": "x " + strings.ToUpper(strings.Join(rest, " | ")) + " y", "voting": voting}
				for field, values := range fields {
					if field != "voting" {
						doc[field] = values
					}
				}
				docs = append(docs, doc)
				bare := map[string]any{"message": doc["message"], "voting": voting, "tags": fields["tags"]}
				docs = append(docs, bare)
			}
		}
	}
	return docs
}
