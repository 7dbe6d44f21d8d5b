package store

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/recheckbot/recheckbot/internal/ci"
)

// early is a build that failed an hour before noon, its buildset still running.
func early(n int, job string) EarlyBuild {
	return EarlyBuild{Buildset: uuid(1), Pipeline: "gate", Project: "openstack/nova", Change: 7, Patchset: 1,
		LookedBuild: LookedBuild{UUID: uuid(n), Job: job, Result: ci.TimedOut, Voting: true, Final: true, End: noon.Add(-time.Hour),
			LogURL: "https://logs.example.org/" + job + "/", URL: "https://zuul.example.org/build/" + uuid(n)}}
}

func note(t *testing.T, s *Store, builds ...EarlyBuild) int {
	t.Helper()
	n, err := s.NoteEarly(t.Context(), "zuul", builds)
	ok(t, err)
	return n
}

// knowChange lets Gerrit have told of a change.
func knowChange(t *testing.T, s *Store, c ci.Change) {
	t.Helper()
	ok(t, s.Ingest(t.Context(), []Heard{{Via: ViaStream, Change: c}}))
}

func TestEarlyBuildJoinsItsReport(t *testing.T) {
	s := fresh(t)
	knowChange(t, s, aChange(7))
	set := saveSet(t, s, 1, FingerprintRow{Name: "one"})
	if n := note(t, s, early(2, "a"), early(3, "b"), early(4, "c")); n != 3 {
		t.Fatalf("%d are new", n)
	}
	if n := note(t, s, early(2, "a")); n != 0 {
		t.Errorf("known ones are new: %d", n)
	}
	due, err := s.DueBuilds(t.Context(), noon, 9)
	if err != nil || len(due) != 3 || due[0].Patchset != (ci.Patchset{Change: 7, Number: 1}) || due[0].LogURL == "" || due[0].Pipeline != "gate" {
		t.Fatalf("%+v, %v", due, err)
	}
	verdict(t, s, set, "a", BuildRecognized, noon, Hit{Fingerprint: "one", N: 1})
	verdict(t, s, set, "b", BuildNoLogs, noon)
	verdict(t, s, set, "c", BuildUnrecognized, noon)
	if n := count(t, s, `SELECT count(*) FROM build WHERE counted`); n != 0 {
		t.Errorf("%d builds count before their report", n)
	}
	list, _, err := s.Unrecognized(t.Context(), "", 9)
	if err != nil || len(list) != 0 {
		t.Errorf("spoken of before its report: %+v, %v", list, err)
	}
	id := report(t, s, 7, 30, aReport(1, zuulBuild(2, "a", ci.TimedOut), zuulBuild(3, "b", ci.TimedOut), zuulBuild(4, "c", ci.TimedOut), zuulBuild(5, "d", ci.Success)))
	if got := states(t, s, id); !slices.Equal(got, []string{"a recognized 1", "b search 1", "c unrecognized 1", "d excluded 1"}) {
		t.Error(got)
	}
	if n := count(t, s, `SELECT count(*) FROM build WHERE own_ms = ?`, noon.Add(30*time.Minute).UnixMilli()); n != 4 {
		t.Errorf("%d builds have their report's time", n)
	}
	if n := count(t, s, `SELECT count(*) FROM buildset WHERE own_ms = ? AND complete AND state = 'done'`, noon.Add(30*time.Minute).UnixMilli()); n != 1 {
		t.Error("the buildset has not its report's time")
	}
	if n := count(t, s, `SELECT tries FROM build WHERE id = ?`, buildID(t, s, "b")); n != 0 {
		t.Errorf("logs that were not there early have %d tries behind them", n)
	}
}

func TestSettledBeforeItsReportSpeaksAtOnce(t *testing.T) {
	s := fresh(t)
	knowChange(t, s, aChange(7))
	set := saveSet(t, s, 1, FingerprintRow{Name: "one"})
	note(t, s, early(2, "a"))
	verdict(t, s, set, "a", BuildRecognized, noon, Hit{Fingerprint: "one", N: 1})
	id := report(t, s, 7, 0, aReport(1, zuulBuild(2, "a", ci.TimedOut)))
	if due, err := s.DueReports(t.Context(), noon, 9); err != nil || !slices.Equal(due, []int64{id}) {
		t.Errorf("due %v, %v", due, err)
	}
}

// A verdict of fingerprints that are not in use any more is looked at again.
func TestUnrecognizedEarlyByAnOlderSet(t *testing.T) {
	s := fresh(t)
	knowChange(t, s, aChange(7))
	set := saveSet(t, s, 1, FingerprintRow{Name: "one"})
	note(t, s, early(2, "a"))
	verdict(t, s, set, "a", BuildUnrecognized, noon)
	saveSet(t, s, 2, FingerprintRow{Name: "two"})
	id := report(t, s, 7, 0, aReport(1, zuulBuild(2, "a", ci.TimedOut)))
	if got := states(t, s, id); !slices.Equal(got, []string{"a search 1"}) {
		t.Error(got)
	}
}

func TestEarlyBuildsThatAreNotOurs(t *testing.T) {
	s := fresh(t)
	newer := aChange(7)
	newer.Current = 2
	knowChange(t, s, newer)
	report(t, s, 8, 0, aReport(9, zuulBuild(20, "x", ci.Success)))
	unknown, other, outdated, reported := early(2, "a"), early(3, "b"), early(4, "c"), early(5, "d")
	unknown.Change = 99
	other.Project = "somebody/else"
	reported.Change, reported.Buildset = 8, uuid(9)
	if n := note(t, s, unknown, other, outdated, reported); n != 0 {
		t.Errorf("%d were taken", n)
	}
}

// A cut comment names what it can; the rest of its buildset is known early, or
// from another change's report of a cycle.
func TestCutReportsNameTheRest(t *testing.T) {
	s := fresh(t)
	knowChange(t, s, aChange(7))
	note(t, s, early(2, "a"), early(3, "b"))
	cut := aReport(1, zuulBuild(2, "a", ci.TimedOut))
	cut.Truncated = true
	first := report(t, s, 7, 0, cut)
	second := cut
	third := report(t, s, 8, 1, second)
	for _, id := range []int64{first, third} {
		if got := states(t, s, id); !slices.Equal(got, []string{"a search 0", "b search 0"}) {
			t.Errorf("report %d: %v", id, got)
		}
	}
	set := int64(count(t, s, `SELECT id FROM buildset`))
	looked := Looked{Complete: true, Builds: []LookedBuild{early(2, "a").LookedBuild, early(3, "b").LookedBuild,
		{UUID: uuid(4), Job: "c", Result: ci.Success, Voting: true, Final: true}}}
	ok(t, s.ApplyLookup(t.Context(), set, looked))
	fourth := report(t, s, 9, 2, second)
	for _, id := range []int64{first, third, fourth} {
		if got := states(t, s, id); !slices.Equal(got, []string{"a search 1", "b search 1", "c excluded 1"}) {
			t.Errorf("report %d: %v", id, got)
		}
	}
	if n := count(t, s, `SELECT count(DISTINCT own_ms) FROM build`); n != 1 {
		t.Errorf("%d times of one buildset", n)
	}
}

func TestEarlyIsOneTransactionForMany(t *testing.T) {
	s := fresh(t)
	knowChange(t, s, aChange(7))
	var many []EarlyBuild
	for i := range 200 {
		many = append(many, early(100+i, fmt.Sprint("job", i)))
	}
	if n := note(t, s, many...); n != 200 {
		t.Errorf("%d of 200", n)
	}
}

// A report with a build that was recognized before it and another that is still
// searched speaks a while after it was heard, naming what is pending.
func TestRecognizedEarlyAndPending(t *testing.T) {
	s := fresh(t)
	knowChange(t, s, aChange(7))
	set := saveSet(t, s, 1, FingerprintRow{Name: "one"})
	note(t, s, early(2, "a"))
	verdict(t, s, set, "a", BuildRecognized, noon.Add(-30*time.Minute), Hit{Fingerprint: "one", N: 1})
	late := zuulBuild(3, "b", ci.Failure)
	id := report(t, s, 7, 0, aReport(1, zuulBuild(2, "a", ci.TimedOut), late))
	for at, want := range map[time.Duration]int{reportAfter - 1: 0, reportAfter: 1} {
		if due, err := s.DueReports(t.Context(), noon.Add(at), 9); err != nil || len(due) != want {
			t.Errorf("after %s: %v, %v (report %d)", at, due, err, id)
		}
	}
}
