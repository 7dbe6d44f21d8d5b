package lucene

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// oracleMapping is the mapping that the goldens in testdata were made with.
func oracleMapping() Mapping {
	m := Historical()
	exact := []string{"tags", "build_name", "loglevel", "module", "filename", "voting", "level"}
	m.Analysed = func(f string) bool { return !slices.Contains(exact, f) }
	return m
}

// oracleCase is a query with Lucene's hits and tree, or that it does not parse.
type oracleCase struct {
	Query string
	Hits  []string
	Tree  json.RawMessage
	Error bool
}

func readLines[T any](t *testing.T, name string) []T {
	t.Helper()
	body, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var list []T
	lines := bufio.NewScanner(bytes.NewReader(body))
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var v T
		d := json.NewDecoder(strings.NewReader(lines.Text()))
		d.UseNumber()
		if err := d.Decode(&v); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		list = append(list, v)
	}
	return list
}

// oracleDocs reads documents as the oracle does.
func oracleDocs(t *testing.T, name string, m Mapping) (ids []string, docs []*Doc) {
	t.Helper()
	for _, fields := range readLines[map[string]any](t, name) {
		d := NewDoc(m)
		d.Closed = true
		for name, value := range fields {
			list, ok := value.([]any)
			if !ok {
				list = []any{value}
			}
			var texts []string
			for _, v := range list {
				texts = append(texts, fmt.Sprint(v))
			}
			d.Set(name, texts...)
		}
		d.Unset("id")
		ids = append(ids, fmt.Sprint(fields["id"]))
		docs = append(docs, d)
	}
	return ids, docs
}

func hitsOf(n Node, ids []string, docs []*Doc) []string {
	hits := []string{}
	for i, d := range docs {
		if Eval(n, d) == Yes {
			hits = append(hits, ids[i])
		}
	}
	return hits
}

func TestAgreesWithLucene(t *testing.T) {
	m := oracleMapping()
	ids, docs := oracleDocs(t, "testdata/docs.jsonl", m)
	for _, c := range readLines[oracleCase](t, "testdata/cases.jsonl") {
		n, err := Parse(c.Query, m)
		if (err != nil) != c.Error {
			t.Errorf("%s: error %v, in Lucene %v", c.Query, err, c.Error)
			continue
		}
		if err != nil {
			continue
		}
		if got := hitsOf(n, ids, docs); !slices.Equal(got, c.Hits) {
			t.Errorf("%s: hits %v, Lucene's %v (%s)", c.Query, got, c.Hits, n)
		}
		if got := string(DumpJSON(n)); !sameJSON(t, got, string(c.Tree)) {
			t.Errorf("%s: tree\n%s, Lucene's\n%s", c.Query, got, c.Tree)
		}
		again, err := Parse(n.String(), m)
		if err != nil || !slices.Equal(hitsOf(again, ids, docs), c.Hits) {
			t.Errorf("%s: read again as %s: %v", c.Query, n, err)
		}
	}
}

func sameJSON(t *testing.T, a, b string) bool {
	t.Helper()
	var x, y any
	if err := json.Unmarshal([]byte(a), &x); err != nil {
		t.Fatalf("%s: %v", a, err)
	}
	if err := json.Unmarshal([]byte(b), &y); err != nil {
		t.Fatalf("%s: %v", b, err)
	}
	return reflect.DeepEqual(x, y)
}
