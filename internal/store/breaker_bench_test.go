package store

import (
	"fmt"
	"testing"
	"time"
)

// BenchmarkMostRecognized is what the breaker asks again and again, beside
// 100,000 builds of which one in five was searched.
func BenchmarkMostRecognized(b *testing.B) {
	s := fresh(b)
	tx, err := s.write.BeginTx(b.Context(), nil)
	ok(b, err)
	run := func(q string, args ...any) { _, err := tx.ExecContext(b.Context(), q, args...); ok(b, err) }
	run(`INSERT INTO name (id, kind, text) VALUES (91, 'ci', 'zuul'), (92, 'job', 'j'), (93, 'project', 'p'), (94, 'branch', 'b')`)
	run(`INSERT INTO buildset (id, ci, ext, complete, own_ms, first_seen_ms, state, at_ms) VALUES (5, 91, 'bs', 1, 0, 0, 'done', 0)`)
	run(`INSERT INTO fpset (id, sha, load, loaded_ms) VALUES (1, x'01', 1, 0)`)
	for f := range 90 {
		run(`INSERT INTO fingerprint (id, name, sha, yaml, first_ms) VALUES (?, ?, ?, '', 0)`, f+1, fmt.Sprint("f", f), []byte{byte(f)})
	}
	const builds = 100_000
	for id := 1; id <= builds; id++ {
		seen := noon.Add(-time.Duration(builds-id) * time.Second)
		run(`INSERT INTO build (id, ci, ext, buildset, job, project, branch, voting, counted, own_ms, first_seen_ms, state, at_ms)
			VALUES (?1, 91, ?2, 5, 92, 93, 94, 1, 1, ?3, ?3, 'recognized', 0)`, id, fmt.Sprint(id), seen.UnixMilli())
		if id%5 != 0 {
			continue
		}
		run(`INSERT INTO scan (id, build, fpset, engine, purpose, outcome, at_ms) VALUES (?, ?, 1, 'scan', '', '', 0)`, id, id)
		for _, f := range []int{id % 90, id % 7} {
			run(`INSERT INTO hit (scan, fingerprint, n, n_exact) VALUES (?, ?, 1, 1) ON CONFLICT DO NOTHING`, id, f+1)
		}
	}
	ok(b, tx.Commit())
	for b.Loop() {
		if _, found, err := s.MostRecognized(b.Context(), noon.Add(-time.Hour)); !found || err != nil {
			b.Fatal(found, err)
		}
	}
}
