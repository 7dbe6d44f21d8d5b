package scan

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/recheckbot/recheckbot/internal/ci"
	"github.com/recheckbot/recheckbot/internal/logsearch"
	"github.com/recheckbot/recheckbot/internal/lucene"
)

// TestDynamicMapping scans for queries as Elasticsearch's own mapping takes
// them: every field is analysed, and exact below .keyword.
func TestDynamicMapping(t *testing.T) {
	dir := t.TempDir()
	log := "2014-01-31 10:00:00.000 | The disk is full\n2014-01-31 10:00:01.000 | Disk Full\n"
	if err := os.WriteFile(filepath.Join(dir, "job-output.txt"), []byte(log), 0o600); err != nil {
		t.Fatal(err)
	}
	wanted := map[string]struct {
		count int64
		cond  string
	}{
		`message:"disk full" AND build_name:tempest`:               {1, ""},
		`message:disk AND build_name.keyword:tempest`:              {},
		`message:disk AND build_name.keyword:"tempest-full"`:       {2, ""},
		`message.keyword:"Disk Full"`:                              {1, ""},
		`message:disk AND tags:job`:                                {2, ""},
		`message:disk AND tags:"job output.txt"`:                   {2, ""},
		`message:disk AND tags.keyword:job*`:                       {2, ""},
		`message:disk AND build_queue.keyword:gate`:                {2, `build_queue.keyword:"gate"`},
		`message:disk AND nofield.keyword:x`:                       {},
		`message:disk AND @timestamp:{"2014-01-31T10:00:00" TO *]`: {1, ""},
		`message:disk AND NOT message.keyword:"Disk Full"`:         {1, ""},
		`message:disk AND @timestamp:["2014-01-31" TO 2014-01-31]`: {2, ""},
	}
	var set logsearch.Set
	for q := range wanted {
		n, err := lucene.Parse(q, lucene.Dynamic())
		if err != nil {
			t.Fatal(q, err)
		}
		set.Items = append(set.Items, logsearch.Fingerprint{Name: q, Query: q, Tree: n})
	}
	s, problems, err := New(Options{Mapping: lucene.Dynamic()}).Compile(t.Context(), set)
	if err != nil || len(problems) > 0 {
		t.Fatal(err, problems)
	}
	a, err := s.SearchLocal(t.Context(), dir, ci.Fields{"build_name": {"tempest-full"}})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]logsearch.Match{}
	for _, m := range a.Matches {
		got[set.Items[m.Fingerprint].Name] = m
	}
	for q, want := range wanted {
		if m := got[q]; m.Count != want.count || m.If != want.cond {
			t.Errorf("%s: %d hits, if %q; want %d, if %q", q, m.Count, m.If, want.count, want.cond)
		}
	}
}
