package store

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/recheckbot/recheckbot/internal/ci"
)

func lp(n int) ci.BugRef { return ci.BugRef{Tracker: ci.Launchpad, Ref: fmt.Sprint(n)} }

func saveSet(t testing.TB, s *Store, id byte, items ...FingerprintRow) int64 {
	t.Helper()
	for i := range items {
		items[i].SHA = [32]byte{id, byte(i)}
	}
	fpset, err := s.SaveSet(t.Context(), [32]byte{id}, items)
	ok(t, err)
	return fpset
}

func verdict(t testing.TB, s *Store, fpset int64, job string, state BuildState, at time.Time, hits ...Hit) {
	t.Helper()
	ok(t, s.RecordVerdict(t.Context(), Verdict{Build: buildID(t, s, job), FPSet: fpset, Engine: "scan", Purpose: "report", State: state,
		Why: "why " + string(state), At: at, Hits: hits}, 3*time.Minute))
}

func isDue(t testing.TB, s *Store, now time.Time, want ...int64) {
	t.Helper()
	due, err := s.DueReports(t.Context(), now, 9)
	ok(t, err)
	if diff := cmp.Diff(want, due); diff != "" {
		t.Errorf("due at %s: %s", now.Format(time.TimeOnly), diff)
	}
}

// TestReportSpeaksWhenSettled: at once when nothing that votes is pending, or
// three minutes after its first recognized build.
func TestReportSpeaksWhenSettled(t *testing.T) {
	s := fresh(t)
	set := saveSet(t, s, 1, FingerprintRow{Name: "one"})
	quiet := folder("quiet", ci.Failure)
	quiet.Voting = false
	id := report(t, s, 7, 0, aReport(0, folder("a", ci.Failure), folder("b", ci.Failure), folder("c", ci.Failure), quiet))
	at := func(m int) time.Time { return noon.Add(time.Duration(m) * time.Minute) }
	verdict(t, s, set, "a", BuildUnrecognized, at(1))
	isDue(t, s, at(60))
	verdict(t, s, set, "quiet", BuildRecognized, at(1), Hit{Fingerprint: "one", N: 1})
	isDue(t, s, at(60))
	verdict(t, s, set, "b", BuildRecognized, at(2), Hit{Fingerprint: "one", N: 1})
	isDue(t, s, at(5).Add(-time.Millisecond))
	isDue(t, s, at(5), id)
	s = restart(t, s)
	verdict(t, s, set, "c", BuildIncomplete, at(3))
	isDue(t, s, at(3), id)
	ok(t, s.Decide(t.Context(), id, ReportSaid, "one recognized", []Outgoing{{Medium: MediumGerrit, Target: "7,1", Cause: "report:1", Body: "x", Ref: "rb-1"}}))
	isDue(t, s, at(60))
	if err := s.Decide(t.Context(), id, ReportSaid, "again", []Outgoing{{Medium: MediumGerrit, Target: "7,1", Cause: "report:1b"}}); !errors.Is(err, ErrState) {
		t.Errorf("decided twice: %v", err)
	}
	if n := count(t, s, `SELECT count(*) FROM outbox`); n != 1 {
		t.Errorf("%d in the outbox", n)
	}
	// A rescan is kept beside, and wakes nobody.
	set2 := saveSet(t, s, 2, FingerprintRow{Name: "two"})
	verdict(t, s, set2, "a", BuildRecognized, at(9), Hit{Fingerprint: "two", N: 1})
	isDue(t, s, at(60))
	if w := word(t, s, `SELECT state FROM build WHERE id = 1`); w != string(BuildUnrecognized) {
		t.Errorf("a decided build became %s", w)
	}
}

func TestRetryBuild(t *testing.T) {
	s := fresh(t)
	report(t, s, 7, 0, aReport(0, folder("a", ci.Failure)))
	ok(t, s.RetryBuild(t.Context(), 1, noon.Add(time.Minute), "not there"))
	if d, err := s.DueBuilds(t.Context(), noon, 9); len(d) != 0 || err != nil {
		t.Errorf("early: %v %v", d, err)
	}
	ok(t, s.RetryBuild(t.Context(), 1, noon.Add(time.Minute), "not there"))
	d, err := s.DueBuilds(t.Context(), noon.Add(time.Minute), 9)
	if err != nil || len(d) != 1 || d[0].Tries != 2 || !d[0].FirstTry.Equal(noon) {
		t.Errorf("due = %+v %v", d, err)
	}
	verdict(t, s, saveSet(t, s, 1), "a", BuildNoLogs, noon)
	if err := s.RetryBuild(t.Context(), 1, noon, "late"); !errors.Is(err, ErrState) {
		t.Errorf("retry of a decided build: %v", err)
	}
}

func TestVerdictIsWhole(t *testing.T) {
	s := fresh(t)
	set := saveSet(t, s, 1, FingerprintRow{Name: "one"})
	report(t, s, 7, 0, aReport(0, folder("a", ci.Failure)))
	v := Verdict{Build: 1, FPSet: set, Engine: "scan", Purpose: "report", State: BuildRecognized, At: noon, Hits: []Hit{{Fingerprint: "one"}, {Fingerprint: "gone"}}}
	if err := s.RecordVerdict(t.Context(), v, 0); !errors.Is(err, ErrNotFound) || !strings.Contains(err.Error(), "gone") {
		t.Errorf("a fingerprint that is not in the set: %v", err)
	}
	v.State, v.Hits = BuildSearch, nil
	if err := s.RecordVerdict(t.Context(), v, 0); err == nil {
		t.Error("a pending state passes for a verdict")
	}
	if n := count(t, s, `SELECT (SELECT count(*) FROM scan) + (SELECT count(*) FROM hit)`); n != 0 {
		t.Errorf("%d rows are left of it", n)
	}
	verdict(t, s, set, "a", BuildRecognized, noon, Hit{Fingerprint: "one", N: 1})
	verdict(t, s, set, "a", BuildRecognized, noon, Hit{Fingerprint: "one", N: 2}) // the same again
	if n := count(t, s, `SELECT n FROM hit`); n != 2 {
		t.Errorf("hit = %d", n)
	}
}

func TestReportView(t *testing.T) {
	s := fresh(t)
	set := saveSet(t, s, 1, FingerprintRow{Name: "123", Title: "Mirror", Bugs: []ci.BugRef{lp(123), {Tracker: "github", Ref: "a/b#1"}}}, FingerprintRow{Name: "general"})
	ok(t, s.SaveTitle(t.Context(), lp(123), "It breaks", "New", true, noon))
	for change := range int64(3) { // two others, one of them a day old
		minute := -10
		if change == 2 {
			minute = -25 * 60
		}
		report(t, s, 100+change, minute, aReport(0, folder(fmt.Sprint("o", change), ci.Failure)))
		verdict(t, s, set, fmt.Sprint("o", change), BuildRecognized, noon, Hit{Fingerprint: "123", N: 1})
	}
	id := report(t, s, 7, 0, aReport(0, folder("a", ci.Failure), folder("b", ci.Success)))
	verdict(t, s, set, "a", BuildRecognized, noon,
		Hit{Fingerprint: "123", N: 5, Exact: true, File: "job-output.txt", URL: "https://logs/x", Line: 9, Offset: -1, At: noon, Excerpt: "No route"},
		Hit{Fingerprint: "general", N: 1, If: "voting:1", Line: -1, Offset: -1})
	got, err := s.Report(t.Context(), id)
	ok(t, err)
	want := ReportView{ID: id, CI: "zuul", Change: aChange(7), Patchset: 1, Pipeline: "gate", Own: noon, State: ReportOpen, Builds: []BuildView{
		{ID: buildID(t, s, "a"), Job: "a", Said: "FAILURE", Result: "FAILURE", Voting: true, State: BuildRecognized, Why: "why recognized",
			URL: "https://logs.example.org/a/", LogURL: "https://logs.example.org/a/", Hits: []HitView{
				{Fingerprint: "123", Title: "Mirror", Bugs: []BugView{{lp(123), "It breaks", "New", true}, {BugRef: ci.BugRef{Tracker: "github", Ref: "a/b#1"}}},
					Count: 5, Exact: true, File: "job-output.txt", URL: "https://logs/x", Line: 9, Excerpt: "No route", OtherChanges: 2},
				{Fingerprint: "general", Count: 1, If: "voting:1", Line: -1}}},
		{ID: buildID(t, s, "b"), Job: "b", Said: "SUCCESS", Result: "SUCCESS", Voting: true, State: BuildExcluded, Why: "it did not fail",
			URL: "https://logs.example.org/b/", LogURL: "https://logs.example.org/b/"}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	w := &world{t: t, s: s, change: 7}
	w.hear("s", truth{author: bob, event: 3, heard: ps1 + "recheck"})
	if got, err := s.Report(t.Context(), id); !got.RecheckedSince || err != nil {
		t.Errorf("rechecked since: %v %v", got.RecheckedSince, err)
	}
	if _, err := s.Report(t.Context(), 999); !errors.Is(err, ErrNotFound) {
		t.Errorf("no such report: %v", err)
	}
}

// TestRecheckedSinceWithinASecond: a recheck of the report's own second is
// behind it if it came behind it; the estimate of Gerrit's clock may move in
// between without turning them round.
func TestRecheckedSinceWithinASecond(t *testing.T) {
	for name, c := range map[string]struct {
		event int // of the recheck; the report's is 0
		first bool
		want  bool
	}{
		"same second, behind": {0, false, true}, "same second, before": {0, true, false},
		"later": {1, false, true}, "earlier, and heard late": {-1, false, false},
	} {
		s := fresh(t)
		w := &world{t: t, s: s, change: 7}
		recheck := truth{author: bob, event: c.event, heard: ps1 + "recheck"}
		if c.first {
			w.hear("s", recheck)
		}
		id := report(t, s, 7, 0, aReport(0, folder("a", ci.Failure)))
		if !c.first {
			w.hear("s", recheck)
		}
		_, err := s.write.ExecContext(t.Context(), `UPDATE report SET own_ms = own_ms - 5000`) // another estimate
		ok(t, err)
		if got, err := s.Report(t.Context(), id); got.RecheckedSince != c.want || err != nil {
			t.Errorf("%s: %v %v", name, got.RecheckedSince, err)
		}
	}
}

// TestExcerptsAgeOut: quoted lines go by the age of their scan, counts stay.
func TestExcerptsAgeOut(t *testing.T) {
	s := fresh(t)
	set := saveSet(t, s, 1, FingerprintRow{Name: "one"})
	for i, hours := range []int{-30, -20, -10, 0} {
		job := string(rune('a' + i))
		report(t, s, 7, i, aReport(0, folder(job, ci.Failure)))
		verdict(t, s, set, job, BuildRecognized, noon.Add(time.Duration(hours)*time.Hour), Hit{Fingerprint: "one", N: 3, Excerpt: "line " + job})
	}
	for _, want := range []struct {
		hours, n int
		left     string
	}{{-40, 0, "line a,line b,line c,line d"}, {-15, 2, "line c,line d"}, {-15, 0, "line c,line d"}, {1, 2, ""}} {
		n, err := s.AgeOut(t.Context(), Ages{Excerpts: noon.Add(time.Duration(want.hours) * time.Hour)}, 9)
		left := word(t, s, `SELECT coalesce(group_concat(excerpt), '') FROM hit ORDER BY scan`)
		if n != want.n || left != want.left || err != nil {
			t.Errorf("before %d h: %d aged out, %q are left (%v)", want.hours, n, left, err)
		}
	}
	if n := count(t, s, `SELECT sum(n) FROM hit`); n != 12 {
		t.Errorf("%d events are counted", n)
	}
}
