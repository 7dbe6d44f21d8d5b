package store

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/recheckbot/recheckbot/internal/ci"
)

func TestRescan(t *testing.T) {
	s := fresh(t)
	old := saveSet(t, s, 1, FingerprintRow{Name: "one"}, FingerprintRow{Name: "edited"})
	id := report(t, s, 7, 0, aReport(0, folder("a", ci.Failure), folder("b", ci.Failure), folder("c", ci.Failure), folder("d", ci.Failure), folder("e", ci.Success)))
	verdict(t, s, old, "a", BuildRecognized, noon, Hit{Fingerprint: "one", N: 1})
	verdict(t, s, old, "b", BuildUnrecognized, noon)
	verdict(t, s, old, "c", BuildIncomplete, noon)
	// d still waits; e did not fail
	var sha [32]byte
	sha[0] = 77
	rows := []FingerprintRow{{Name: "one"}, {Name: "edited", SHA: [32]byte{5}}, {Name: "new"}}
	rows[0].SHA = word32(t, s, "one")
	kept, err := s.KeepSet(t.Context(), sha, rows)
	ok(t, err)
	if again, err := s.KeepSet(t.Context(), sha, rows); again != kept || err != nil {
		t.Errorf("kept twice: %d, %v", again, err)
	}
	if n := int64(count(t, s, `SELECT id FROM fpset ORDER BY load DESC LIMIT 1`)); n != old {
		t.Error("a set that is tried out is in use")
	}
	builds, err := s.RescanBuilds(t.Context(), noon.Add(-time.Hour), kept, "scan", 9)
	ok(t, err)
	sets := map[string][]int64{}
	for _, b := range builds {
		sets[b.Job] = b.Sets
	}
	if len(sets) != 3 || !slices.Equal(sets["a"], []int64{old}) || !slices.Equal(sets["b"], []int64{old}) || sets["c"] != nil {
		t.Errorf("%v", sets)
	}
	if later, err := s.RescanBuilds(t.Context(), noon.Add(time.Hour), kept, "scan", 9); len(later) != 0 || err != nil {
		t.Errorf("%+v, %v", later, err)
	}
	for want, have := range map[string][]int64{"edited new": {old}, "edited new one": nil} {
		names, err := s.NewIn(t.Context(), kept, have)
		if got := joined(names); got != want || err != nil {
			t.Errorf("new: %s, want %s, %v", got, want, err)
		}
	}
	for _, job := range []string{"a", "b"} {
		ok(t, s.RecordRescan(t.Context(), Verdict{Build: buildID(t, s, job), FPSet: kept, Engine: "scan", State: BuildRecognized,
			Hits: []Hit{{Fingerprint: "new", N: 3}}}))
	}
	if got := states(t, s, id); !slices.Equal(got, []string{"a recognized 1", "b unrecognized 1", "c incomplete 1", "d search 1", "e excluded 1"}) {
		t.Error(got)
	}
	v, err := s.Report(t.Context(), id)
	ok(t, err)
	if h := v.Builds[0].Hits; len(h) != 1 || h[0].Fingerprint != "one" || len(v.Builds[1].Hits) != 0 {
		t.Errorf("a report speaks of a rescan: %+v", v.Builds)
	}
	if list, n, err := s.Unrecognized(t.Context(), "", 9); n != 0 || err != nil {
		t.Errorf("a build that a new fingerprint recognizes is unrecognized: %+v, %v", list, err)
	}
	if left, err := s.RescanBuilds(t.Context(), noon.Add(-time.Hour), kept, "scan", 9); len(left) != 1 || err != nil {
		t.Errorf("%d are left, %v", len(left), err)
	}
	err = s.RecordRescan(t.Context(), Verdict{Build: buildID(t, s, "a"), FPSet: old, Engine: "scan", State: BuildUnrecognized})
	if !errors.Is(err, ErrState) || count(t, s, `SELECT count(*) FROM hit h JOIN scan s ON s.id = h.scan WHERE s.fpset = ?`, old) != 1 {
		t.Errorf("a rescan takes a report's place: %v", err)
	}
	if err := s.RecordRescan(t.Context(), Verdict{Build: 1, FPSet: kept, Engine: "scan", State: BuildSearch}); err == nil {
		t.Error("a pending state passes for a verdict")
	}
}

// word32 is the hash of a fingerprint.
func word32(t *testing.T, s *Store, name string) (sha [32]byte) {
	t.Helper()
	var b []byte
	ok(t, s.read.QueryRowContext(t.Context(), `SELECT sha FROM fingerprint WHERE name = ?`, name).Scan(&b))
	copy(sha[:], b)
	return sha
}

func joined(names []string) (all string) {
	for i, n := range names {
		if i > 0 {
			all += " "
		}
		all += n
	}
	return all
}
