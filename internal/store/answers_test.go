package store

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/recheckbot/recheckbot/internal/ci"
)

func TestRates(t *testing.T) {
	s := fresh(t)
	set := saveSet(t, s, 1, FingerprintRow{Name: "one"})
	quiet := folder("quiet", ci.Failure)
	quiet.Voting = false
	report(t, s, 7, 0, aReport(0, folder("a", ci.Failure), folder("b", ci.Success), folder("c", ci.Aborted), quiet))
	verdict(t, s, set, "a", BuildRecognized, noon, Hit{Fingerprint: "one", N: 1})
	check := aReport(0, folder("a2", ci.Success))
	check.Builds[0].Job, check.Pipeline = "a", "check"
	report(t, s, 8, 30, check)
	at := func(m int) time.Time { return noon.Add(time.Duration(m) * time.Minute) }
	for name, c := range map[string]struct {
		q    RatesQuery
		want Counts
	}{
		"all":                    {RatesQuery{}, Counts{Failed: 1, Succeeded: 2, Recognized: 1}},
		"job":                    {RatesQuery{Jobs: []string{"a"}}, Counts{Failed: 1, Succeeded: 1, Recognized: 1}},
		"jobs":                   {RatesQuery{Jobs: []string{"b", "quiet"}}, Counts{Succeeded: 1}},
		"pipeline":               {RatesQuery{Project: "openstack/nova", Pipeline: "check"}, Counts{Succeeded: 1}},
		"unknown project":        {RatesQuery{Project: "nova"}, Counts{}},
		"from is in, to is not":  {RatesQuery{From: noon, To: at(30)}, Counts{Failed: 1, Succeeded: 1, Recognized: 1}},
		"from after the first":   {RatesQuery{From: at(1)}, Counts{Succeeded: 1}},
		"a name that is quoted'": {RatesQuery{Jobs: []string{"a' OR 1=1 --"}}, Counts{}},
	} {
		if got, err := s.Rates(t.Context(), c.q); got != c.want || err != nil {
			t.Errorf("%s: %+v %v", name, got, err)
		}
	}
	if jobs, err := s.JobNames(t.Context()); !cmp.Equal(jobs, []string{"a", "b", "c", "quiet"}) || err != nil {
		t.Errorf("jobs = %v %v", jobs, err)
	}
	want := []ProjectPipeline{{"openstack/nova", "check", at(30)}, {"openstack/nova", "gate", noon}}
	if pp, err := s.ProjectPipelines(t.Context()); !cmp.Equal(pp, want) || err != nil {
		t.Errorf("pipelines = %v %v", pp, err)
	}
	_, err := s.write.ExecContext(t.Context(), `UPDATE change SET private = 1`)
	ok(t, err)
	if pp, err := s.ProjectPipelines(t.Context()); len(pp) != 0 || err != nil {
		t.Errorf("known by private changes only: %v %v", pp, err)
	}
}

func TestBug(t *testing.T) {
	s := fresh(t)
	set := saveSet(t, s, 1, FingerprintRow{Name: "one", Bugs: []ci.BugRef{lp(5)}})
	for i, minute := range []int{-60, -60, -3 * 24 * 60, -8 * 24 * 60} {
		job := string(rune('a' + i))
		report(t, s, int64(7+i/2), minute, aReport(0, folder(job, ci.Failure)))
		verdict(t, s, set, job, BuildRecognized, noon, Hit{Fingerprint: "one", N: 1})
	}
	want := BugInfo{BugView: BugView{BugRef: lp(5), Title: "Broken", Status: "New"}, Fingerprints: []string{"one"}, Hits24h: 2, Hits7d: 3, Changes7d: 2}
	ok(t, s.SaveTitle(t.Context(), lp(5), "Broken", "New", false, noon))
	if got, err := s.Bug(t.Context(), lp(5)); !cmp.Equal(got, want) || err != nil {
		t.Errorf("%s %v", cmp.Diff(want, got), err)
	}
	if _, err := s.Bug(t.Context(), lp(6)); !errors.Is(err, ErrNotFound) {
		t.Errorf("no such bug: %v", err)
	}
}

func TestTitles(t *testing.T) {
	s := fresh(t)
	saveSet(t, s, 1, FingerprintRow{Name: "one", Bugs: []ci.BugRef{lp(1), lp(2), {Tracker: "github", Ref: "x"}}})
	wanted := func(now time.Time) []ci.BugRef {
		out, err := s.TitleWanted(t.Context(), now, 9)
		ok(t, err)
		return out
	}
	ok(t, s.SaveTitle(t.Context(), lp(1), "One", "New", false, noon))
	ok(t, s.RetryTitle(t.Context(), lp(2), noon.Add(time.Hour), "503"))
	if got := wanted(noon); len(got) != 1 || got[0].Tracker != "github" {
		t.Errorf("now: %v", got)
	}
	if got := wanted(noon.Add(time.Hour)); len(got) != 2 {
		t.Errorf("in an hour: %v", got)
	}
	if got := wanted(noon.Add(25 * time.Hour)); len(got) != 3 {
		t.Errorf("tomorrow: %v", got)
	}
}

func TestUnrecognized(t *testing.T) {
	s := fresh(t)
	set := saveSet(t, s, 1)
	for i, job := range []string{"a", "b", "c", "d"} {
		report(t, s, int64(7+i), -i, aReport(0, folder(job, ci.Failure)))
		verdict(t, s, set, job, BuildUnrecognized, noon)
	}
	report(t, s, 20, -25*60, aReport(0, folder("old", ci.Failure)))
	verdict(t, s, set, "old", BuildUnrecognized, noon)
	hidden := aChange(8)
	hidden.Private = true
	_, err := s.Reconcile(t.Context(), hidden, nil)
	ok(t, err)
	got, total, err := s.Unrecognized(t.Context(), "", 2)
	ok(t, err)
	want := []UnrecognizedBuild{
		{Job: "a", Project: "openstack/nova", Pipeline: "gate", Change: 7, Patchset: 1, URL: "https://logs.example.org/a/", LogURL: "https://logs.example.org/a/", Own: noon},
		{Job: "c", Project: "openstack/nova", Pipeline: "gate", Change: 9, Patchset: 1, URL: "https://logs.example.org/c/", LogURL: "https://logs.example.org/c/",
			Own: noon.Add(-2 * time.Minute)},
	}
	if diff := cmp.Diff(want, got); diff != "" || total != 3 {
		t.Errorf("of %d: %s", total, diff)
	}
	if got, total, err := s.Unrecognized(t.Context(), "d", 9); len(got) != 1 || total != 1 || err != nil {
		t.Errorf("of a job: %v %d %v", got, total, err)
	}
}

func TestMute(t *testing.T) {
	s := fresh(t)
	ok(t, s.Mute(t.Context(), "#a", "op", noon.Add(time.Hour)))
	for at, want := range map[time.Time]bool{noon: true, noon.Add(time.Hour): false} {
		if m, err := s.Muted(t.Context(), "#a", at); m != want || err != nil {
			t.Errorf("at %s: %v %v", at, m, err)
		}
	}
	if m, err := s.Muted(t.Context(), "#b", noon); m || err != nil {
		t.Errorf("another channel: %v %v", m, err)
	}
	ok(t, s.Unmute(t.Context(), "#a", "other"))
	if m, err := s.Muted(t.Context(), "#a", noon); m || err != nil {
		t.Errorf("unmuted: %v %v", m, err)
	}
	if n := count(t, s, `SELECT count(*) FROM act WHERE who IN ('op', 'other') AND object = '#a'`); n != 2 {
		t.Errorf("%d acts", n)
	}
}

// TestUnmuteLetsLinesGo: a line that waits for the end of the silence has not
// to wait for its next turn.
func TestUnmuteLetsLinesGo(t *testing.T) {
	s := fresh(t)
	ok(t, s.Say(t.Context(), []Outgoing{{Medium: MediumIRC, Target: "#a", Cause: "bug:1:step1"}, {Medium: MediumIRC, Target: "#b", Cause: "bug:1:step1"}}))
	for id := range int64(2) {
		ok(t, s.RetryOut(t.Context(), id+1, noon.Add(time.Minute), "the channel is muted"))
	}
	ok(t, s.Unmute(t.Context(), "#a", "op"))
	if due, err := s.DueOut(t.Context(), MediumIRC, noon, 9); len(due) != 1 || due[0].Target != "#a" || err != nil {
		t.Errorf("due: %+v %v", due, err)
	}
}
