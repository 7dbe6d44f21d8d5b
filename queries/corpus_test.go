package queries

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/recheckbot/recheckbot/internal/lucene"
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

// TestCorpusHitsAgreeWithOracle compares the hits of all fingerprints over real
// lines, and over lines made so that each fingerprint finds something.
func TestCorpusHitsAgreeWithOracle(t *testing.T) {
	set := corpusSet(t)
	command := strings.Fields(os.Getenv("ORACLE"))
	if len(command) == 0 {
		t.Skip("ORACLE is not set: no Lucene to compare with")
	}
	docs := append(realDocs(t), madeDocs(set)...)
	dir := t.TempDir()
	var docLines, queryLines bytes.Buffer
	for i, d := range docs {
		d["id"] = fmt.Sprint(i)
		line, _ := json.Marshal(d)
		docLines.Write(append(line, '\n'))
	}
	for _, f := range set.Items {
		line, _ := json.Marshal(map[string]string{"id": f.Name, "query": f.Query})
		queryLines.Write(append(line, '\n'))
	}
	write(t, dir, "docs", docLines.String())
	write(t, dir, "queries", queryLines.String())
	keyword := "tags,filename,build_name,build_queue,build_branch,project,module,voting"
	args := append(command[1:], "match", "--queries", dir+"/queries", "--docs", dir+"/docs", "--keyword", keyword)
	out, err := exec.CommandContext(t.Context(), command[0], args...).Output()
	if err != nil {
		t.Fatal(err)
	}
	total := 0
	for i, line := range strings.Split(strings.TrimSpace(string(out)), "\n") {
		var want struct{ Hits []string }
		if err := json.Unmarshal([]byte(line), &want); err != nil {
			t.Fatal(err)
		}
		f := set.Items[i]
		got := hits(f.Tree, docs)
		if !slices.Equal(got, want.Hits) {
			t.Errorf("%s: hits %v, oracle %v", f.Name, got, want.Hits)
		}
		if len(got) == 0 {
			t.Errorf("%s: nothing to find, so nothing was compared", f.Name)
		}
		total += len(got)
	}
	t.Logf("%d fingerprints over %d documents: %d hits agree", len(set.Items), len(docs), total)
}

func hits(n lucene.Node, docs []map[string]any) []string {
	var found []string
	d := lucene.NewDoc(lucene.Historical())
	d.Closed = true
	for _, doc := range docs {
		for _, field := range []string{"message", "tags", "filename", "build_name", "build_queue", "build_branch", "project", "module", "voting"} {
			switch v := doc[field].(type) {
			case nil:
				d.Unset(field)
			case []string:
				d.Set(field, v...)
			default:
				d.Set(field, fmt.Sprint(v))
			}
		}
		if lucene.Eval(n, d) == lucene.Yes {
			found = append(found, fmt.Sprint(doc["id"]))
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
