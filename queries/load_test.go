package queries

import (
	"bytes"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/recheckbot/recheckbot/internal/ci"
	"github.com/recheckbot/recheckbot/internal/lucene"
)

func dirOf(files map[string]string) fs.FS {
	m := fstest.MapFS{}
	for name, body := range files {
		m[name] = &fstest.MapFile{Data: []byte(body), Mode: 0o644}
	}
	return m
}

func TestLoadReadsEveryKey(t *testing.T) {
	set, problems := Load(dirOf(map[string]string{
		"1234567.yaml": `# a comment
query: >
  message:"a b" OR
  message:"c"
suppress-graph: true
suppress-notification: yes
allow-nonvoting: True
test_ids:
  - some.test.id
resolved_at: 2014-01-02
`,
		"ours.yaml":    "query: message:x\ntitle: It is x\nbugs: [launchpad:1, 'github:a/b#2', launchpad:1]\ntrack-only: true\n",
		"none.yaml":    "query: message:x\n",
		"77.yaml":      "query: message:x\nbugs: []\n",
		"README.md":    "no fingerprint",
		".hidden.yaml": "also: none",
		"sub/x.yaml":   "query: message:below",
	}))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	names := []string{}
	for _, f := range set.Items {
		names = append(names, f.Name)
	}
	if !slices.Equal(names, []string{"1234567", "77", "none", "ours"}) {
		t.Fatalf("names %v", names)
	}
	f := set.Items[0]
	if !f.SuppressGraph || !f.SuppressNotification || !f.AllowNonvoting || f.Searched() || f.ResolvedAt != "2014-01-02" || !slices.Equal(f.TestIDs, []string{"some.test.id"}) {
		t.Errorf("%+v", f)
	}
	if !slices.Equal(f.Bugs, []ci.BugRef{{Tracker: "launchpad", Ref: "1234567"}}) || strings.Contains(f.Query, "voting") {
		t.Errorf("bugs %v, query %s", f.Bugs, f.Query)
	}
	if len(set.Items[1].Bugs)+len(set.Items[2].Bugs) > 0 {
		t.Errorf("bugs %v %v, want none", set.Items[1].Bugs, set.Items[2].Bugs)
	}
	ours := set.Items[3]
	if ours.Title != "It is x" || !ours.TrackOnly || ours.Query != "(message:x) AND voting:1" {
		t.Errorf("%+v", ours)
	}
	if !slices.Equal(ours.Bugs, []ci.BugRef{{Tracker: "launchpad", Ref: "1"}, {Tracker: "github", Ref: "a/b#2"}}) {
		t.Errorf("bugs %v", ours.Bugs)
	}
}

func TestVotingBindsEveryAlternative(t *testing.T) {
	set, _ := Load(dirOf(map[string]string{"x.yaml": "query: message:a OR message:b\n"}))
	if got, want := set.Items[0].Tree.String(), `(message:"a" OR message:"b") AND voting:"1"`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestSetHashTellsChanges(t *testing.T) {
	hash := func(files map[string]string) [32]byte {
		set, _ := Load(dirOf(files))
		return set.SHA
	}
	a := hash(map[string]string{"a.yaml": "query: x", "b.yaml": "query: y"})
	for name, files := range map[string]map[string]string{
		"content": {"a.yaml": "query: x ", "b.yaml": "query: y"},
		"name":    {"a.yaml": "query: x", "c.yaml": "query: y"},
		"fewer":   {"a.yaml": "query: x"},
		"swapped": {"a.yaml": "query: y", "b.yaml": "query: x"},
	} {
		if hash(files) == a {
			t.Errorf("%s: same hash", name)
		}
	}
	if hash(map[string]string{"b.yaml": "query: y", "a.yaml": "query: x"}) != a {
		t.Error("the same files, another hash")
	}
}

func TestProblemsHaveTheirPlace(t *testing.T) {
	for name, c := range map[string]struct {
		body     string
		row, col int
		part     string
	}{
		"yaml":               {"query: [a\n", 2, 1, "not valid YAML"},
		"tab":                {"\tquery: a", 1, 1, "not valid YAML"},
		"empty":              {"", 1, 1, "no documents"},
		"two documents":      {"query: a\n---\nquery: b\n", 1, 1, "single document"},
		"list":               {"- query: a\n", 1, 1, "keys and values"},
		"no query":           {"# c\ntitle: x\n", 2, 1, "there is no query"},
		"number as query":    {"query: 12\n", 1, 8, "query is a text"},
		"list as query":      {"query: [a]\n", 1, 8, "query is a text"},
		"null query":         {"query:\n", 1, 7, "query is a text"},
		"nothing in it":      {"query: '\"...\"'\n", 1, 8, "match nothing"},
		"blank query":        {"query: ' '\n", 1, 8, "match nothing"},
		"twice":              {"query: a\ntitle: x\nquery: b\n", 3, 1, "second time"},
		"flag":               {"query: a\nsuppress-graph: maybe\n", 2, 17, "true or false"},
		"flag null":          {"query: a\nsuppress-graph:\n", 2, 16, "true or false"},
		"title":              {"query: a\ntitle: \"two\\nlines\"\n", 2, 8, "one line"},
		"bug":                {"query: a\nbugs: [launchpad:1, '2']\n", 2, 21, "tracker:ref"},
		"bug number":         {"query: a\nbugs: [2]\n", 2, 8, "list of texts"},
		"test_ids":           {"query: a\ntest_ids: x\n", 2, 11, "is a list"},
		"alias":              {"title: &t x\nquery: *t\n", 2, 8, "aliases"},
		"bomb":               {"a: &a [x,x,x,x]\nb: &b [*a,*a,*a,*a]\nquery: *b\n", 3, 8, "aliases"},
		"utf-8":              {"query: a\ntitle: é\xff\n", 2, 9, "not UTF-8"},
		"plain query":        {"query: message:(a\n", 1, 16, "never closed"},
		"quoted query":       {"query: 'message:\"it''s\" AND )'\n", 1, 29, "unexpected"},
		"double-quoted":      {"query: \"message:\\\"a\\\" AND )\"\n", 1, 27, "unexpected"},
		"double-quoted line": {"query: \"message:a\n  AND )\"\n", 2, 7, "unexpected"},
		"folded":             {"query: >-\n  message:\"a\"\n  AND (tags:b\n", 3, 7, "never closed"},
		"folded paragraphs":  {"query: >\n    message:\"a\"\n\n\n    AND (tags:b\n", 5, 9, "never closed"},
		"folded, indented":   {"query: >\n  message:\"a\"\n     AND (tags:b\n  AND c\n", 3, 10, "never closed"},
		"literal":            {"# c\nquery: |\n   message:é AND\n   tags:[b\n", 5, 1, "low TO high"},
		"literal with 2":     {"query: |2\n    message:a AND\n  )\n", 3, 3, "unexpected"},
		"crlf":               {"query: >-\r\n  message:\"a\"\r\n  AND (tags:b\r\n", 3, 7, "never closed"},
		"plain lines":        {"query: message:a\n  AND (b\ntitle: x\n", 2, 7, "never closed"},
	} {
		set, problems := Load(dirOf(map[string]string{"bad.yaml": c.body, "good.yaml": "query: message:a\n"}))
		if len(set.Items) != 1 || set.Items[0].Name != "good" {
			t.Errorf("%s: the good one is not loaded alone: %v", name, set.Items)
		}
		problems = slices.DeleteFunc(problems, func(p Problem) bool { return p.Warning })
		if len(problems) != 1 {
			t.Errorf("%s: problems %v", name, problems)
			continue
		}
		p := problems[0]
		if p.File != "bad.yaml" || p.Row != c.row || p.Col != c.col || p.Warning || !strings.Contains(p.Msg, c.part) {
			t.Errorf("%s: %v, want %d:%d %s", name, p, c.row, c.col, c.part)
		}
	}
}

func TestBadFilesOfOtherKinds(t *testing.T) {
	files := map[string]string{
		"big.yaml":                         "query: a\n#" + strings.Repeat("x", MaxFile),
		"na me.yaml":                       "query: a",
		".yaml":                            "query: a",
		strings.Repeat("n", 101) + ".yaml": "query: a",
		"good.yaml":                        "query: message:a",
	}
	set, problems := Load(dirOf(files))
	if len(set.Items) != 1 || len(problems) != 3 || !HasErrors(problems) {
		t.Errorf("%d items, %v", len(set.Items), problems)
	}
	if _, problems := LoadDir(t.TempDir() + "/not-there"); !HasErrors(problems) {
		t.Error("a directory that is not there is no error")
	}
}

// TestAnEscapeAtTheEnd: the bracket that is put behind a query is not escaped by
// what it ends in.
func TestAnEscapeAtTheEnd(t *testing.T) {
	for _, body := range []string{"query: |\n  message:refused\\\n", "query: \"message:refused\\\\ \"\n", "query: >\n  message:refused \\\\\n"} {
		set, problems := Load(dirOf(map[string]string{"x.yaml": body}))
		if len(set.Items) != 1 || HasErrors(problems) {
			t.Fatalf("%q: %v", body, problems)
		}
		if b, ok := set.Items[0].Tree.(lucene.Bool); !ok || len(b.Must) != 2 || !slices.Contains(lucene.Fields(b), "voting") {
			t.Errorf("%q: %v", body, set.Items[0].Tree)
		}
	}
}

func TestWarningsKeepTheFile(t *testing.T) {
	for body, part := range map[string]string{
		"query: message:a\nqurey: b\n":               `2:1: warning: unknown key "qurey"`,
		"query: message:a tags:b\n":                  "1:8: warning: query: it can match every line",
		"query: message:a OR message:b AND tags:c\n": `message:"a" changes nothing`,
	} {
		set, problems := Load(dirOf(map[string]string{"x.yaml": body}))
		if len(set.Items) != 1 || len(problems) != 1 || HasErrors(problems) || !strings.Contains(problems[0].String(), part) {
			t.Errorf("%q: %v", body, problems)
		}
	}
	set, problems := Load(dirOf(map[string]string{"x.yml": "query: a"}))
	if len(set.Items) != 0 || len(problems) != 1 || HasErrors(problems) {
		t.Errorf("x.yml: %v", problems)
	}
}

func TestWarningsOfTheQuery(t *testing.T) {
	for query, part := range map[string]string{
		`message:"---" AND message:a`:         `x.yaml:2:11: warning: query: nothing is left of "---"`,
		`message:a AND message:"b* c"`:        `x.yaml:2:25: warning: query: * is no wildcard`,
		`message:a and tags:b`:                `x.yaml:2:13: warning: query: "and" is a word`,
		`message:a* AND tags:b`:               `x.yaml:2:3: warning: query: it is slow`,
		`message:a AND message:b\-c*`:         `no "-" in a word`,
		`(message:a AND tags:b) OR message:c`: `message:"c" stands beside OR without the condition on tags`,
	} {
		set, problems := Load(dirOf(map[string]string{"x.yaml": "query: >-\n  " + query + "\n"}))
		text := fmt.Sprint(problems)
		if len(set.Items) != 1 || HasErrors(problems) || !strings.Contains(text, part) {
			t.Errorf("%s: %s", query, text)
		}
	}
}

// TestWarningsStandAtTheirClause: in a file, whatever way its query is written.
func TestWarningsStandAtTheirClause(t *testing.T) {
	for name, c := range map[string]struct{ body, place string }{
		"folded":             {"# a remark\nquery: >-\n  message:a\n  AND message:b\n  OR message:c AND tags:x\n", "5:3"},
		"folded, indented":   {"query: >2\n    message:a AND\n    message:b OR message:c\n    AND tags:x\n", "3:15"},
		"literal":            {"title: é\nquery: |\n\n  message:a AND message:b\n    OR message:c AND tags:x\n", "5:5"},
		"plain":              {"query: message:a AND message:b OR message:c AND tags:x\n", "1:32"},
		"plain, more lines":  {"query: message:a AND\n  message:b\n\n   OR message:c AND tags:x\n", "4:4"},
		"quoted":             {"query: \"message:\\\"é\\\" AND message:b OR message:c AND tags:x\"\n", "1:37"},
		"single, more lines": {"query: 'message:\"it''s\" AND\n  message:b OR message:c AND tags:x'\n", "2:13"},
	} {
		set, problems := Load(dirOf(map[string]string{"x.yaml": c.body}))
		if len(set.Items) != 1 || len(problems) != 1 || !strings.HasPrefix(problems[0].String(), "x.yaml:"+c.place+": warning: query: OR changes nothing") {
			t.Errorf("%s: %v, want %s", name, problems, c.place)
		}
	}
	body := "query: >\n  (message:a AND tags:x)\n  OR (message:c\n  OR message:d)\n"
	if _, problems := Load(dirOf(map[string]string{"x.yaml": body})); len(problems) != 1 || !strings.HasPrefix(problems[0].String(), `x.yaml:3:6: warning: query: message:"c" OR message:"d" stands beside OR`) {
		t.Errorf("%v", problems)
	}
}

// TestPoisonIsRefused: what would slow all others is not loaded, with a reason.
func TestPoisonIsRefused(t *testing.T) {
	group := "(" + strings.Repeat("message:a ", 1000) + ")"
	for query, part := range map[string]string{
		"message:*a" + strings.Repeat("?", 20):        "1:16: query: this wildcard is too complex",
		strings.Repeat("a ", 10000):                   "1:8: query: more than 1024 words",
		strings.Repeat(group+" OR ", 5) + "message:b": "1:8: this query has 5001 terms, more than 1024",
	} {
		set, problems := Load(dirOf(map[string]string{"x.yaml": "query: " + query + "\n", "y.yaml": "query: message:y\n"}))
		if len(set.Items) != 1 || len(problems) != 1 || !HasErrors(problems) || !strings.Contains(problems[0].String(), part) {
			t.Errorf("%.40s: %.200v", query, problems)
		}
	}
}

func TestUnknownFiles(t *testing.T) {
	set, _ := Load(dirOf(map[string]string{"x.yaml": "query: message:a AND (tags:consol OR tags:console) AND NOT filename:nova AND NOT Message:b\n"}))
	known := Known{Tag: func(s string) bool { return s == "console" }, Name: func(string) bool { return false }, Field: func(s string) bool { return s != "Message" }}
	got := fmt.Sprint(known.Unknown(set))
	if got != `[x.yaml:1:23: warning: query: no file ever has the tag "consol" x.yaml:1:56: warning: query: no file ever has the name "nova" x.yaml:1:78: warning: query: events of the log pipeline have no field "Message"]` {
		t.Error(got)
	}
}

func FuzzParseFile(f *testing.F) {
	f.Add([]byte("query: >-\n  message:\"a\"\n\n  AND (b\nbugs: [a:b]\n"))
	f.Add([]byte("query: \"a\\u0041\\\n  )\"\n? x\n: *y\n"))
	f.Fuzz(func(t *testing.T, body []byte) {
		fp, problems, ok := parseFile("x", body, lucene.Historical())
		if ok && fp.Tree == nil {
			t.Fatal("neither a tree nor an error")
		}
		for _, p := range problems {
			if p.Row < 1 || p.Row > bytes.Count(body, []byte("\n"))+bytes.Count(body, []byte("\r"))+2 || p.Col < 1 || p.Msg == "" {
				t.Fatalf("%+v", p)
			}
		}
	})
}
