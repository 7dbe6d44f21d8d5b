package lucene

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// TestCorpusSamplesAgreeWithOracle runs the oracle's own sample queries over
// its sample documents, all fields analysed.
func TestCorpusSamplesAgreeWithOracle(t *testing.T) {
	dir := os.Getenv("CORPUS")
	if dir == "" {
		t.Skip("CORPUS is not set: no samples to compare")
	}
	queries, docs := filepath.Join(dir, "oracle", "queries.jsonl"), filepath.Join(dir, "oracle", "docs.jsonl")
	out := oracleCommand(t, "", "match", "--queries", queries, "--docs", docs)
	answers := filepath.Join(t.TempDir(), "answers")
	if err := os.WriteFile(answers, out, 0o600); err != nil {
		t.Fatal(err)
	}
	want := readLines[struct {
		Hits  []string
		Error string
	}](t, answers)
	m := Mapping{Default: "message", Analysed: func(string) bool { return true }}
	ids, parsed := oracleDocs(t, docs, m)
	for i, q := range readLines[oracleCase](t, queries) {
		n, err := Parse(q.Query, m)
		if (err != nil) != (want[i].Error != "") {
			t.Errorf("%s: %v, oracle %s", q.Query, err, want[i].Error)
		} else if err == nil && !slices.Equal(hitsOf(n, ids, parsed), want[i].Hits) {
			t.Errorf("%s: %v, oracle %v", q.Query, hitsOf(n, ids, parsed), want[i].Hits)
		}
	}
	t.Logf("%d queries", len(want))
}
