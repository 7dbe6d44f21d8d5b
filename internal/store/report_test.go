package store

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/recheckbot/recheckbot/internal/ci"
	"github.com/recheckbot/recheckbot/internal/cicomment"
)

func uuid(n int) string { return fmt.Sprintf("%032x", n) }

// zuulBuild is a build as today's Zuul names it, by its build page.
func zuulBuild(n int, job string, result ci.Result) cicomment.Build {
	return cicomment.Build{Job: job, URL: "https://zuul.example.org/build/" + uuid(n), UUID: uuid(n), Result: result, Voting: true}
}

// folder is a build as older ones name it, by its log folder.
func folder(job string, result ci.Result) cicomment.Build {
	return cicomment.Build{Job: job, URL: "https://logs.example.org/" + job + "/", Result: result, Voting: true}
}

func aReport(set int, builds ...cicomment.Build) cicomment.Parsed {
	p := cicomment.Parsed{Kind: cicomment.KindReport, CI: "zuul", Role: cicomment.RoleCI, Patchset: 1,
		Outcome: cicomment.Success, Pipeline: "gate", Builds: builds}
	if set != 0 {
		p.BuildsetUUID, p.BuildsetURL = uuid(set), "https://zuul.example.org/buildset/"+uuid(set)
	}
	for _, b := range builds {
		if b.Voting && b.Result.Failed() {
			p.Outcome = cicomment.Failure
		}
	}
	return p
}

// report brings a report on a change by stream, minute minutes after noon, and
// returns its id.
func report(t testing.TB, s *Store, change int64, minute int, p cicomment.Parsed) int64 {
	t.Helper()
	at := noon.Add(time.Duration(minute) * time.Minute)
	ok(t, s.Ingest(t.Context(), []Heard{{Via: ViaStream, Change: aChange(change), Comment: &Comment{Author: zuul, EventTime: at,
		Body: fmt.Sprint("Build failed ", p), Patchset: 1, Parsed: p, Own: at, FirstSeen: at}}}))
	return int64(count(t, s, `SELECT max(comment) FROM report`))
}

// states are the builds of a report as "job state counted", in order.
func states(t testing.TB, s *Store, report int64) (out []string) {
	t.Helper()
	rows, err := s.read.QueryContext(t.Context(), `SELECT j.text || ' ' || b.state || ' ' || b.counted FROM report_build rb JOIN build b ON b.id = rb.build
		JOIN name j ON j.id = b.job WHERE rb.report = ? ORDER BY rb.pos`, report)
	ok(t, err)
	defer rows.Close()
	for rows.Next() {
		var w string
		ok(t, rows.Scan(&w))
		out = append(out, w)
	}
	ok(t, rows.Err())
	return out
}

func buildID(t testing.TB, s *Store, job string) int64 {
	t.Helper()
	return int64(count(t, s, `SELECT b.id FROM build b JOIN name j ON j.id = b.job WHERE j.text = ? ORDER BY b.id DESC LIMIT 1`, job))
}

func TestFirstStates(t *testing.T) {
	quiet := zuulBuild(4, "quiet", ci.Failure)
	quiet.Voting = false
	custom := zuulBuild(5, "custom", "the job's own words")
	custom.Custom = true
	old := folder("old-custom", "own words")
	old.Custom = true
	for name, c := range map[string]struct {
		p       cicomment.Parsed
		want    []string
		report  string
		lookups int
		due     bool
	}{
		"Zuul of today": {aReport(1, zuulBuild(1, "a", ci.Failure), zuulBuild(2, "b", ci.Success), zuulBuild(3, "c", ci.NodeFailure), quiet,
			zuulBuild(6, "d", ci.Skipped)), []string{"a lookup 1", "b excluded 1", "c no-logs 1", "quiet lookup 0", "d excluded 0"}, ReportOpen, 1, false},
		"log folders":              {aReport(0, folder("a", ci.TimedOut), folder("b", ci.Success)), []string{"a search 1", "b excluded 1"}, ReportOpen, 0, false},
		"no URL":                   {aReport(0, cicomment.Build{Job: "a", Result: ci.Failure, Voting: true}), []string{"a no-logs 1"}, ReportOpen, 0, true},
		"only no logs":             {aReport(1, zuulBuild(1, "c", ci.NodeFailure)), []string{"c no-logs 1"}, ReportOpen, 0, true},
		"only non-voting failures": {aReport(1, quiet, zuulBuild(2, "b", ci.Success)), []string{"quiet lookup 0", "b excluded 1"}, ReportSilent, 1, false},
		"all succeeded":            {aReport(1, zuulBuild(2, "b", ci.Success)), []string{"b excluded 1"}, ReportSilent, 0, false},
		"custom":                   {aReport(1, custom, zuulBuild(2, "b", ci.Success)), []string{"custom lookup 0", "b excluded 0"}, ReportOpen, 1, false},
		"custom, nobody to ask":    {aReport(0, old, folder("b", ci.Success)), []string{"old-custom unknown 0", "b excluded 0"}, ReportOpen, 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			s := fresh(t)
			id := report(t, s, 7, 0, c.p)
			if diff := cmp.Diff(c.want, states(t, s, id)); diff != "" {
				t.Error(diff)
			}
			if w := word(t, s, `SELECT state FROM report`); w != c.report {
				t.Errorf("report is %s", w)
			}
			if n := count(t, s, `SELECT count(*) FROM build WHERE why = '' AND state <> 'search'`); n != 0 {
				t.Errorf("%d builds do not say why", n)
			}
			lookups, err := s.DueLookups(t.Context(), noon, 9)
			if len(lookups) != c.lookups || err != nil {
				t.Errorf("lookups = %+v %v", lookups, err)
			}
			due, err := s.DueReports(t.Context(), noon, 9)
			if (len(due) == 1) != c.due || err != nil {
				t.Errorf("due = %v %v", due, err)
			}
		})
	}
}

// TestOneBuildInSeveralComments: a dependency cycle reports the same builds on
// each change; rates count them once, each change has its own report.
func TestOneBuildInSeveralComments(t *testing.T) {
	s := fresh(t)
	p := aReport(1, zuulBuild(1, "a", ci.Failure), zuulBuild(2, "b", ci.Success), zuulBuild(1, "a", ci.Failure))
	one, two := report(t, s, 7, 0, p), report(t, s, 8, 0, p)
	if one == two {
		t.Fatal("one report")
	}
	if diff := cmp.Diff(states(t, s, one), states(t, s, two)); diff != "" || len(states(t, s, two)) != 3 {
		t.Errorf("reports differ: %s", diff)
	}
	rates := func() Counts {
		c, err := s.Rates(t.Context(), RatesQuery{From: noon, To: noon.Add(time.Hour)})
		ok(t, err)
		return c
	}
	if c := rates(); c != (Counts{Failed: 1, Succeeded: 1}) {
		t.Errorf("rates = %+v", c)
	}
	report(t, s, 7, 5, aReport(2, zuulBuild(11, "a", ci.Failure), zuulBuild(12, "b", ci.Success)))
	if c := rates(); c != (Counts{Failed: 2, Succeeded: 2}) {
		t.Errorf("after a recheck: %+v", c)
	}
	report(t, s, 7, 6, aReport(0, folder("x", ci.Failure)))
	again := folder("x", ci.Failure)
	again.URL = "HTTPS://logs.example.org:443/x"
	report(t, s, 8, 6, aReport(0, again))
	if c := rates(); c.Failed != 3 {
		t.Errorf("one log folder in two comments: %+v", c)
	}
}

func TestLookup(t *testing.T) {
	s := fresh(t)
	custom := zuulBuild(2, "b", "own words")
	custom.Custom = true
	p := aReport(1, zuulBuild(1, "a", ci.Failure), custom, zuulBuild(3, "c", ci.Failure), zuulBuild(4, "lost", ci.Failure))
	p.Pipeline = ""
	id := report(t, s, 7, 0, p)
	l, err := s.DueLookups(t.Context(), noon, 9)
	ok(t, err)
	want := []Lookup{{Buildset: 1, CI: "zuul", UUID: uuid(1), Own: noon, FirstSeen: noon, Builds: []LookupBuild{
		{1, uuid(1), "a", true}, {2, uuid(2), "b", true}, {3, uuid(3), "c", true}, {4, uuid(4), "lost", true}}}}
	if diff := cmp.Diff(want, l); diff != "" {
		t.Error(diff)
	}
	ok(t, s.RetryLookup(t.Context(), 1, noon.Add(time.Minute), "502"))
	if l, err := s.DueLookups(t.Context(), noon, 9); len(l) != 0 || err != nil {
		t.Errorf("early: %v %v", l, err)
	}
	l, err = s.DueLookups(t.Context(), noon.Add(time.Minute), 9)
	if err != nil || len(l) != 1 || l[0].Tries != 1 {
		t.Errorf("retry: %v %v", l, err)
	}
	s = restart(t, s)
	start := noon.Add(-time.Hour)
	ok(t, s.ApplyLookup(t.Context(), 1, Looked{Complete: true, Pipeline: "gate", Builds: []LookedBuild{
		{UUID: uuid(1), Job: "a", Result: ci.Failure, LogURL: "https://logs/a/", Voting: true, Final: true, Start: start, End: noon, Duration: time.Hour},
		{UUID: uuid(2), Job: "b", Result: ci.Success, LogURL: "https://logs/b/", Voting: true, Final: true},
		{UUID: uuid(3), Job: "c", Result: ci.Failure, Voting: true, Final: true},
	}}))
	if diff := cmp.Diff([]string{"a search 1", "b excluded 1", "c no-logs 1", "lost unknown 1"}, states(t, s, id)); diff != "" {
		t.Error(diff)
	}
	due, err := s.DueBuilds(t.Context(), noon, 9)
	ok(t, err)
	wantDue := []DueBuild{{ID: 1, CI: "zuul", UUID: uuid(1), Job: "a", Pipeline: "gate", Project: "openstack/nova", Branch: "master", LogURL: "https://logs/a/",
		Result: ci.Failure, Voting: true, Patchset: ci.Patchset{Change: 7, Number: 1}, Own: noon, FirstSeen: noon, Start: start, End: noon}}
	if diff := cmp.Diff(wantDue, due); diff != "" {
		t.Error(diff)
	}
	if err := s.RetryLookup(t.Context(), 1, noon, "late"); !errors.Is(err, ErrState) {
		t.Errorf("retry of what is done: %v", err)
	}
	pp, err := s.ProjectPipelines(t.Context())
	if diff := cmp.Diff([]ProjectPipeline{{"openstack/nova", "gate", noon}}, pp); diff != "" || err != nil {
		t.Error(diff, err)
	}
}

func TestGiveUpLookup(t *testing.T) {
	s := fresh(t)
	id := report(t, s, 7, 0, aReport(1, zuulBuild(1, "a", ci.Failure), zuulBuild(2, "b", ci.Success)))
	ok(t, s.GiveUpLookup(t.Context(), 1, "Zuul was unreachable for 2 h"))
	if diff := cmp.Diff([]string{"a unknown 1", "b excluded 1"}, states(t, s, id)); diff != "" {
		t.Error(diff)
	}
	if due, err := s.DueReports(t.Context(), noon, 9); len(due) != 1 || err != nil {
		t.Errorf("due = %v %v", due, err)
	}
	if w := word(t, s, `SELECT why FROM build WHERE state = 'unknown'`); w != "Zuul was unreachable for 2 h" {
		t.Errorf("why = %q", w)
	}
}

// TestPartialAnswer: what is there is used, the question stays open.
func TestPartialAnswer(t *testing.T) {
	s := fresh(t)
	id := report(t, s, 7, 0, aReport(1, zuulBuild(1, "a", ci.Failure), zuulBuild(2, "b", ci.Failure)))
	ok(t, s.ApplyLookup(t.Context(), 1, Looked{Why: "b is missing", Builds: []LookedBuild{
		{UUID: uuid(1), Job: "a", Result: ci.Failure, LogURL: "https://logs/a/", Voting: true, Final: true}}}))
	if diff := cmp.Diff([]string{"a search 1", "b lookup 1"}, states(t, s, id)); diff != "" {
		t.Error(diff)
	}
	ok(t, s.RetryLookup(t.Context(), 1, noon.Add(time.Second), "b is missing"))
	if l, err := s.DueLookups(t.Context(), noon.Add(time.Second), 9); len(l) != 1 || err != nil {
		t.Errorf("due = %v %v", l, err)
	}
}

// TestShortReport: what was left out for length is completed before it counts.
func TestShortReport(t *testing.T) {
	short := aReport(1, zuulBuild(1, "a", ci.NodeFailure))
	short.Short = true
	q := RatesQuery{From: noon, To: noon.Add(time.Hour)}
	rates := func(t *testing.T, s *Store) Counts {
		c, err := s.Rates(t.Context(), q)
		ok(t, err)
		return c
	}
	t.Run("completed", func(t *testing.T) {
		s := fresh(t)
		id := report(t, s, 7, 0, short)
		if c := rates(t, s); c != (Counts{ReportsLeftOut: 1}) {
			t.Errorf("before: %+v", c)
		}
		if due, err := s.DueReports(t.Context(), noon, 9); len(due) != 0 || err != nil {
			t.Errorf("it speaks before it is completed: %v %v", due, err)
		}
		ok(t, s.ApplyLookup(t.Context(), 1, Looked{Complete: true, Builds: []LookedBuild{
			{UUID: uuid(1), Job: "a", Result: ci.NodeFailure, Voting: true, Final: true},
			{UUID: uuid(2), Job: "b", Result: ci.Success, Voting: true, Final: true},
			{UUID: uuid(3), Job: "b", Result: ci.Retry, Voting: true},
			{UUID: uuid(4), Job: "d", Result: ci.Success, Final: true},
			{UUID: uuid(5), Job: "e", Result: ci.Failure, LogURL: "https://logs/e/", Voting: true, Final: true},
		}}))
		if diff := cmp.Diff([]string{"a no-logs 1", "b excluded 1", "d excluded 0", "e search 1"}, states(t, s, id)); diff != "" {
			t.Error(diff)
		}
		if c := rates(t, s); c != (Counts{Failed: 2, Succeeded: 1}) {
			t.Errorf("after: %+v", c)
		}
	})
	t.Run("never completed", func(t *testing.T) {
		s := fresh(t)
		report(t, s, 7, 0, short)
		ok(t, s.GiveUpLookup(t.Context(), 1, "gone"))
		if c := rates(t, s); c != (Counts{ReportsLeftOut: 1}) {
			t.Errorf("rates = %+v", c)
		}
		if due, err := s.DueReports(t.Context(), noon, 9); len(due) != 1 || err != nil {
			t.Errorf("due = %v %v", due, err)
		}
		q.Jobs = []string{"a"}
		if c := rates(t, s); c != (Counts{ReportsLeftOut: 1}) {
			t.Errorf("of the job: %+v", c)
		}
		if q.Jobs = []string{"other"}; rates(t, s) != (Counts{}) {
			t.Errorf("of another job: %+v", rates(t, s))
		}
		for job, minute := range map[string]int{"lately": -24 * 60, "long ago": -40 * 24 * 60} { // they run there, so they may be what is left out
			report(t, s, 8, minute, aReport(0, folder(job, ci.Success)))
		}
		if q.Jobs = []string{"lately"}; rates(t, s) != (Counts{ReportsLeftOut: 1}) {
			t.Errorf("of a job that runs there: %+v", rates(t, s))
		}
		if q.Jobs = []string{"long ago"}; rates(t, s) != (Counts{}) {
			t.Errorf("of a job that ran there long ago: %+v", rates(t, s))
		}
	})
}

func TestBeforeTheFirstStart(t *testing.T) {
	s := fresh(t)
	at := noon.Add(-time.Hour)
	p := aReport(1, zuulBuild(1, "a", ci.Failure), zuulBuild(2, "b", ci.Success))
	bug := truth{author: alice, gerrit: -3600, listed: ps1 + "recheck bug 5"}
	_, err := s.Reconcile(t.Context(), aChange(7), []Comment{bug.row(),
		{Author: zuul, GerritTime: at, Body: "Build failed", Patchset: 1, Parsed: p, Own: at, FirstSeen: noon}})
	ok(t, err)
	st, err := s.Status(t.Context())
	ok(t, err)
	if st.OpenReports+st.PendingBuilds+st.PendingLookups+st.NewRechecks != 0 {
		t.Errorf("something old waits: %+v", st)
	}
	if w := word(t, s, `SELECT why FROM report`); w != whyOld {
		t.Errorf("why = %q", w)
	}
	if c, err := s.Rates(t.Context(), RatesQuery{}); c != (Counts{Failed: 1, Succeeded: 1}) || err != nil {
		t.Errorf("rates = %+v %v", c, err)
	}
	if _, total, err := s.Queue(t.Context(), "", 9); total != 1 || err != nil {
		t.Errorf("queue has %d (%v)", total, err)
	}
}

// TestPipelineFromREST: the stream shows no tag, the list of REST does.
func TestPipelineFromREST(t *testing.T) {
	s := fresh(t)
	p := aReport(1, zuulBuild(1, "a", ci.Success))
	p.Pipeline = ""
	id := report(t, s, 7, 0, p)
	if l, err := s.DueLookups(t.Context(), noon, 9); len(l) != 1 || err != nil {
		t.Errorf("nobody asks for the pipeline: %v %v", l, err)
	}
	p.Pipeline = "check"
	body := word(t, s, `SELECT heard FROM comment`)
	r, err := s.Reconcile(t.Context(), aChange(7), []Comment{{Author: zuul, GerritTime: noon, MessageID: "m1", Tag: "autogenerated:zuul:check",
		Body: body, Patchset: 1, Parsed: p, Own: noon, FirstSeen: noon}})
	if r != (Reconciled{Joined: 1}) || err != nil {
		t.Errorf("reconciled %+v %v", r, err)
	}
	v, err := s.Report(t.Context(), id)
	if v.Pipeline != "check" || err != nil {
		t.Errorf("pipeline %q %v", v.Pipeline, err)
	}
	if l, err := s.DueLookups(t.Context(), noon, 9); len(l) != 0 || err != nil {
		t.Errorf("it is asked for still: %v %v", l, err)
	}
	c, err := s.Rates(t.Context(), RatesQuery{Project: "openstack/nova", Pipeline: "check"})
	if c.Succeeded != 1 || err != nil {
		t.Errorf("rates = %+v %v", c, err)
	}
}
