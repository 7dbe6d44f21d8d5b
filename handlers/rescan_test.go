package handlers

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/recheckbot/recheckbot/internal/fake/loghost"
	"github.com/recheckbot/recheckbot/internal/logsearch"
	"github.com/recheckbot/recheckbot/internal/logsearch/scan"
	"github.com/recheckbot/recheckbot/internal/store"
)

// rescanner rescans with fingerprints of these names, each a query for its name.
func (w *wire) rescanner(names ...string) *Rescan {
	w.t.Helper()
	var rows []store.FingerprintRow
	for i, n := range names {
		rows = append(rows, store.FingerprintRow{Name: n, SHA: [32]byte{byte(i), 99}})
	}
	id, err := w.store.KeepSet(w.t.Context(), [32]byte{byte(len(names)), 99}, rows)
	w.ok(err)
	return NewRescan(RescanOptions{Store: w.store, FPSet: id, Engine: "scan", Now: w.clock.now,
		Compile: func(ctx context.Context, names []string) (*Set, error) {
			set := &Set{ID: id, Engine: "scan"}
			var in logsearch.Set
			for _, n := range names {
				set.Fingerprints = append(set.Fingerprints, Fingerprint{Name: n})
				in.Items = append(in.Items, logsearch.Fingerprint{Name: n, Tree: tree(w.t, `message:"`+n+`" AND tags:"console"`)})
			}
			searcher, _, err := scan.New(scan.Options{Source: w.source}).Compile(ctx, in)
			set.Searcher = searcher
			return set, err
		}})
}

// TestRescan: what new fingerprints match in logs that are still there is
// recorded and told; the builds keep their verdicts and nothing is said of them.
func TestRescan(t *testing.T) {
	t.Parallel()
	w := newWire(t, map[string]string{"1234567.yaml": boomQuery})
	for n, line := range map[int]string{1: "boom", 2: "novel bug", 3: "novel bug", 4: "nothing", 5: "novel bug"} {
		w.console(n, line)
	}
	w.hear(w.comment("zuul", w.folders(1, 2, 3, 4, 5)))
	w.round()
	w.round()
	if s := w.states(1); s["job1"] != store.BuildRecognized || s["job2"] != store.BuildUnrecognized {
		t.Fatal(s)
	}
	w.ok(w.store.Decide(t.Context(), 1, store.ReportSilent, "test", nil))
	w.logs.Delete("3/job-output.txt")
	w.logs.Put("5/zuul-manifest.json", nil, loghost.Options{Status: 503})
	r := w.rescanner("novel", "other")
	got, err := r.Run(t.Context(), at(-time.Hour))
	w.ok(err)
	if got.Looked != 5 || got.Recognized != 1 || got.Gone != 1 || got.Unreadable != 1 || got.Nothing != 0 || got.Cut ||
		!slices.Equal(got.Fingerprints, []string{"novel", "other"}) || len(got.Builds) != 2 {
		t.Fatalf("%+v", got)
	}
	i := slices.IndexFunc(got.Builds, func(b RescannedBuild) bool { return b.State == store.BuildRecognized })
	if b := got.Builds[i]; b.Job != "job2" || b.Change != 12345 || len(b.Hits) != 1 || b.Hits[0].Fingerprint != "novel" || b.Hits[0].Line != 1 {
		t.Errorf("%+v", b)
	}
	if s := w.states(1); s["job2"] != store.BuildUnrecognized {
		t.Errorf("a rescan decided: %v", s)
	}
	if len(w.reports()) != 0 {
		t.Error("the report speaks again")
	}
	asked := len(w.logs.Requests())
	got, err = r.Run(t.Context(), at(-time.Hour))
	w.ok(err)
	if got.Looked != 2 { // gone and out of reach
		t.Errorf("looked again: %+v", got)
	}
	for _, q := range w.logs.Requests()[asked:] {
		if q.Path == "2/job-output.txt" {
			t.Error("searched twice for one set")
		}
	}
	got, err = w.rescanner("novel").Run(t.Context(), at(time.Hour))
	if err != nil || got.Looked+got.Nothing != 0 {
		t.Errorf("%+v, %v", got, err)
	}
}

// TestRescanForWhatIsNew: a build that was searched for all fingerprints of the
// set by other sets is left alone.
func TestRescanForWhatIsNew(t *testing.T) {
	t.Parallel()
	w := newWire(t, map[string]string{"1234567.yaml": boomQuery})
	w.console(1, "novel")
	w.hear(w.comment("zuul", w.folders(1)))
	w.round()
	r := w.rescanner("novel")
	if got, err := r.Run(t.Context(), at(-time.Hour)); err != nil || got.Recognized != 1 {
		t.Fatalf("%+v, %v", got, err)
	}
	subset := w.rescanner("novel", "other")
	if got, err := subset.Run(t.Context(), at(-time.Hour)); err != nil || !slices.Equal(got.Fingerprints, []string{"other"}) || got.Recognized != 0 {
		t.Errorf("%+v, %v", got, err)
	}
	r.o.FPSet, r.o.Engine = subset.o.FPSet, "another"
	if got, err := r.Run(t.Context(), at(-time.Hour)); err != nil || got.Nothing != 1 || got.Looked != 0 {
		t.Errorf("%+v, %v", got, err)
	}
}
