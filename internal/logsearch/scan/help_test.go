package scan

import (
	"testing"

	"github.com/recheckbot/recheckbot/internal/joblog"
	"github.com/recheckbot/recheckbot/internal/logsearch"
	"github.com/recheckbot/recheckbot/internal/lucene"
)

// trees parses queries as the log cluster's mapping has them.
func trees(t testing.TB, queries ...string) []lucene.Node {
	t.Helper()
	var all []lucene.Node
	for _, q := range queries {
		n, err := lucene.Parse(q, lucene.Historical())
		if err != nil {
			t.Fatal(q, err)
		}
		all = append(all, n)
	}
	return all
}

func setOf(t testing.TB, queries ...string) logsearch.Set {
	t.Helper()
	var set logsearch.Set
	for i, n := range trees(t, queries...) {
		set.Items = append(set.Items, logsearch.Fingerprint{Name: queries[i], Query: queries[i], Tree: n})
	}
	return set
}

// searcher has a source with options o and one fingerprint for each query.
func searcher(t testing.TB, o joblog.Options, queries ...string) *Searcher {
	t.Helper()
	return compiled(t, Options{Source: joblog.New(o)}, queries...)
}

func compiled(t testing.TB, o Options, queries ...string) *Searcher {
	t.Helper()
	s, problems, err := New(o).Compile(t.Context(), setOf(t, queries...))
	if err != nil || len(problems) != 0 {
		t.Fatal(err, problems)
	}
	return s
}
