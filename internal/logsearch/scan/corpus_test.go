package scan

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"github.com/recheckbot/recheckbot/internal/ci"
	"github.com/recheckbot/recheckbot/internal/joblog"
	"github.com/recheckbot/recheckbot/internal/lucene"
)

// corpus is the folder with real queries, logs and Lucene's oracle; the test is
// skipped without it.
func corpus(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("CORPUS")
	if dir == "" {
		t.Skip("skipped: CORPUS does not name the folder with real logs")
	}
	return dir
}

// corpusQueries are the queries of all fingerprint files, by file name.
func corpusQueries(t testing.TB, dir string) (names, queries []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "queries", "*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatal(err, "no queries")
	}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		var q struct {
			Query string `yaml:"query"`
		}
		if err := yaml.Unmarshal(text, &q); err != nil {
			t.Fatal(f, err)
		}
		names, queries = append(names, filepath.Base(f)), append(queries, q.Query)
	}
	return names, queries
}

// oracle runs Lucene itself over docs and returns the matching ids by query.
func oracle(t *testing.T, dir string, queries []string, keyword, docs string) [][]string {
	t.Helper()
	jars, _ := filepath.Glob("/usr/share/java/lucene-*-8*.jar")
	if _, err := exec.LookPath("javac"); err != nil || len(jars) == 0 {
		t.Skip("skipped: Lucene 8 and javac are not installed (liblucene8-java)")
	}
	work := t.TempDir()
	path := strings.Join(jars, ":")
	run(t, nil, "javac", "-nowarn", "-cp", path, "-d", work, filepath.Join(dir, "oracle", "Oracle.java"))
	var in bytes.Buffer
	for i, q := range queries {
		line, _ := json.Marshal(map[string]string{"id": fmt.Sprint(i), "query": q})
		in.Write(append(line, '\n'))
	}
	qfile := filepath.Join(work, "queries.jsonl")
	if err := os.WriteFile(qfile, in.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	run(t, &out, "java", "-Xmx2g", "-cp", path+":"+work, "Oracle", "match", "--queries", qfile, "--docs", docs, "--keyword", keyword)
	return answers(t, &out, len(queries))
}

// answers reads {"id","hits","error"}, one a line.
func answers(t *testing.T, r io.Reader, n int) [][]string {
	t.Helper()
	all := make([][]string, n)
	for dec := json.NewDecoder(r); ; {
		var a struct {
			ID    json.Number
			Hits  []string
			Error string
		}
		err := dec.Decode(&a)
		if err == io.EOF {
			return all
		}
		i, numErr := a.ID.Int64()
		if err != nil || numErr != nil || a.Error != "" {
			t.Fatal(err, numErr, a.Error)
		}
		all[i] = a.Hits
	}
}

func run(t *testing.T, out io.Writer, name string, args ...string) {
	t.Helper()
	var errs bytes.Buffer
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Stdout, cmd.Stderr = out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatal(name, err, errs.String())
	}
}

// exactFields are the fields that the corpus' queries use beside message and
// voting.
var exactFields = []string{"tags", "filename", "build_name", "build_queue", "build_branch", "project", "loglevel", "module", "pid"}

// writeDocs writes all events of the logs as the oracle reads them, under the
// id "file:offset". fields are given to all of them.
func writeDocs(t *testing.T, logs string, fields ci.Fields) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "docs.jsonl")
	w, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	local, err := joblog.OpenDir(logs, joblog.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer local.Close()
	enc := json.NewEncoder(w)
	for _, f := range local.Listing().Files {
		tags, filename := joblog.FileFields(f.Name)
		known := ci.Fields{"tags": tags, "filename": filename}
		maps.Copy(known, fields)
		r, err := local.Open(t.Context(), f)
		if err != nil {
			t.Fatal(err)
		}
		for ev, err := range joblog.Fold(r, f.Name, joblog.FoldOptions{}) {
			if err != nil {
				t.Fatal(err)
			}
			if err := enc.Encode(docOf(f.Name, ev, known)); err != nil {
				t.Fatal(err)
			}
		}
		r.Close()
	}
	return path
}

func docOf(name string, ev joblog.Event, known ci.Fields) map[string]any {
	doc := map[string]any{"id": fmt.Sprintf("%s:%d", name, ev.Offset), "message": string(ev.Text), "voting": 1}
	for k, v := range map[string]string{"loglevel": ev.LogLevel, "module": ev.Module, "pid": ev.Pid} {
		if v != "" {
			doc[k] = v
		}
	}
	for k, v := range known {
		doc[k] = v
	}
	return doc
}

// everything are values under which every query's conditions on metadata hold,
// as far as they are wanted and not forbidden.
func everything(t testing.TB, queries []string) ci.Fields {
	known := ci.Fields{}
	for _, tree := range trees(t, queries...) {
		collect(tree, known)
	}
	return known
}

func collect(n lucene.Node, known ci.Fields) {
	switch n := n.(type) {
	case lucene.Bool:
		for _, c := range slices.Concat(n.Must, n.Should) {
			collect(c, known)
		}
	case lucene.Term:
		if slices.Contains(exactFields, n.Field) && n.Field != "module" && !slices.Contains(known[n.Field], n.Text) {
			known[n.Field] = append(known[n.Field], n.Text)
		}
	}
}

// ownWords is a folder with one log whose lines are what the queries look for:
// all of a query's texts together, each alone, in capitals, and cut short.
func ownWords(t *testing.T, queries []string) string {
	t.Helper()
	quoted := regexp.MustCompile(`message:\s*"([^"]*)"`)
	var b strings.Builder
	for _, q := range queries {
		var texts []string
		for _, m := range quoted.FindAllStringSubmatch(q, -1) {
			texts = append(texts, m[1])
		}
		joined := strings.Join(texts, " - ")
		for _, line := range append(texts, joined, strings.ToUpper(joined), "x"+joined+"x", joined[:len(joined)*2/3]) {
			fmt.Fprintf(&b, "2024-01-02 03:04:05.678 | %s\n", strings.ReplaceAll(line, "\n", " "))
		}
	}
	dir := t.TempDir()
	write(t, dir, "job-output.txt", b.String())
	return dir
}

// TestCorpusAgreesWithLucene: every hit of every real fingerprint in the real
// logs, and no other, once with the metadata that the files' names imply and
// once with all that the queries ask for.
func TestCorpusAgreesWithLucene(t *testing.T) {
	dir := corpus(t)
	names, queries := corpusQueries(t, dir)
	// Words that these logs do hold, so that the comparison is of something.
	queries = append(queries, `message:"connection refused"`, `message:"returned 404" OR message:"could not be found"`,
		`message:Traceback AND NOT message:amqp`, `message:warn* AND tags:console`, `message:"error delete failed"~4`)
	names = append(names, "+1", "+2", "+3", "+4", "+5")
	all := everything(t, queries)
	for about, c := range map[string]struct {
		logs   string
		fields ci.Fields
	}{
		"as named":        {filepath.Join(dir, "logs"), ci.Fields{"build_name": {"tempest-full"}, "build_queue": {"gate"}}},
		"everything":      {filepath.Join(dir, "logs"), all},
		"their own words": {ownWords(t, queries), all},
	} {
		t.Run(about, func(t *testing.T) {
			want := oracle(t, dir, queries, strings.Join(exactFields, ","), writeDocs(t, c.logs, c.fields))
			compare(t, names, hitsOf(t, c.logs, c.fields, queries), want)
		})
	}
}

// hitsOf are this engine's hits by query, as "file:offset".
func hitsOf(t *testing.T, logs string, fields ci.Fields, queries []string) [][]string {
	t.Helper()
	known := maps.Clone(fields)
	known["voting"] = []string{"1"}
	for _, f := range exactFields[2:6] {
		setDefault(known, f, nil) // the oracle knows no unknown
	}
	a, err := compiled(t, Options{MaxSample: 1 << 30}, queries...).SearchLocal(t.Context(), logs, known)
	if err != nil || a.Why != "" {
		t.Fatal(err, a.Why)
	}
	got := make([][]string, len(queries))
	for _, m := range a.Matches {
		for _, h := range m.Sample {
			got[m.Fingerprint] = append(got[m.Fingerprint], fmt.Sprintf("%s:%d", h.File, h.Offset))
		}
	}
	return got
}

func compare(t *testing.T, names []string, got, want [][]string) {
	t.Helper()
	hits, some := 0, 0
	for i := range names {
		slices.Sort(got[i])
		slices.Sort(want[i])
		if !slices.Equal(got[i], want[i]) {
			t.Errorf("%s: %d hits, Lucene has %d", names[i], len(got[i]), len(want[i]))
		}
		hits += len(got[i])
		some += min(1, len(got[i]))
	}
	t.Logf("%d queries, %d with hits, %d hits", len(names), some, hits)
}

// BenchmarkCorpus: the real fingerprints over the real logs, unpacked, as
// files of this machine.
func BenchmarkCorpus(b *testing.B) {
	dir := corpus(b)
	_, queries := corpusQueries(b, dir)
	s := compiled(b, Options{}, queries...)
	for b.Loop() {
		a, err := s.SearchLocal(b.Context(), filepath.Join(dir, "logs"), nil)
		if err != nil || a.Why != "" {
			b.Fatal(err, a.Why)
		}
		n := int64(0)
		for _, f := range a.Files {
			n += f.Bytes
		}
		b.SetBytes(n)
	}
}

// BenchmarkCorpusEverywhere lets every query look into every file.
func BenchmarkCorpusEverywhere(b *testing.B) {
	dir := corpus(b)
	_, queries := corpusQueries(b, dir)
	s := compiled(b, Options{}, queries...)
	known := everything(b, queries)
	for b.Loop() {
		a, err := s.SearchLocal(b.Context(), filepath.Join(dir, "logs"), known)
		if err != nil || a.Why != "" {
			b.Fatal(err, a.Why)
		}
		n := int64(0)
		for _, f := range a.Files {
			n += f.Bytes
		}
		b.SetBytes(n)
	}
}
