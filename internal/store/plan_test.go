package store

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/recheckbot/recheckbot/internal/ci"
)

// plan is how SQLite goes about a query.
func plan(t *testing.T, s *Store, q string) string {
	t.Helper()
	const most = 40 // parameters
	for n := range most {
		rows, err := s.write.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+q, make([]any, n)...)
		if err != nil && n < most-1 {
			continue // too few of them
		}
		ok(t, err)
		defer rows.Close()
		var lines []string
		for rows.Next() {
			var id, parent, unused int
			var line string
			ok(t, rows.Scan(&id, &parent, &unused, &line))
			lines = append(lines, line)
		}
		ok(t, rows.Err())
		return strings.Join(lines, "\n")
	}
	return ""
}

var scans = regexp.MustCompile(`(?m)^SCAN (comment|change|report|build|buildset|report_build|recheck|recheck_bug|scan|hit|outbox|raw|[abchknrs]|kc|rb)(?: USING (?:COVERING )?INDEX (\w+))?$`)

// long is what a plan has that reads all of a table that grows for ever, or
// makes an index of it first; an index of what waits is short.
func long(plan string) string {
	for _, m := range scans.FindAllStringSubmatch(plan, -1) {
		if waits := strings.HasSuffix(m[2], "_new") || strings.HasSuffix(m[2], "_open") || strings.HasSuffix(m[2], "_ready"); !waits {
			return m[0]
		}
	}
	return regexp.MustCompile(".*AUTOMATIC.*").FindString(plan)
}

// TestNothingGrowsWithTheYears: what steps and answers ask for is found by an
// index, so that it costs no more when there are millions of comments.
func TestNothingGrowsWithTheYears(t *testing.T) {
	s := fresh(t)
	everything(t, s)
	for q, want := range map[string]string{ // a fingerprint has hits of years
		changesHit(): "hit_fingerprint (fingerprint=? AND scan>?)", hitsOfBug(): "hit_fingerprint (fingerprint=? AND scan>?)",
		recognizedIn + ` HAVING f.name = ?3`: "sqlite_autoindex_scan_1 (build>? AND build<?)",
		oldExcerpts:                          "hit_excerpt (scan<?)",
	} {
		if p := plan(t, s, q); !strings.Contains(p, want) {
			t.Errorf("no %s in %s\n%s", want, q, p)
		}
	}
	asked := []string{dueRechecks(), changesHeard, changesHit(), hitsOfBug(), recognizedIn}
	for _, q := range []RatesQuery{
		{Jobs: []string{"a", "b"}, From: noon}, {Project: "p", Pipeline: "q", From: noon},
	} {
		text, _ := q.leftOutQuery()
		asked = append(asked, text)
	}
	for q := range s.stmts.of {
		asked = append(asked, q)
	}
	if len(asked) < 60 {
		t.Fatalf("only %d queries are known", len(asked))
	}
	for _, q := range asked {
		if strings.HasPrefix(q, "INSERT INTO account") || strings.HasPrefix(q, "INSERT INTO fingerprint ") || strings.HasPrefix(q, "INSERT INTO fpset ") {
			continue // SQLite would look for rows that lack this one: there are none, as each statement is checked at once
		}
		p := plan(t, s, q)
		if found := long(p); found != "" {
			t.Errorf("%s\n  in %s\n%s", found, strings.Join(strings.Fields(q), " "), p)
		}
	}
}

// everything has the writer do what it does in its life.
func everything(t *testing.T, s *Store) {
	t.Helper()
	for n := range int64(2) { // a statement is kept when it was run before
		w := &world{t: t, s: s, change: 7 + n, raw: 100 * n}
		w.list(forms())
		w.hear("one", forms()...)
		w.hear("two", forms()...)
		w.list(rest(forms()))
		p := aReport(int(n+1), zuulBuild(int(10*n+1), "a", ci.Failure), zuulBuild(int(10*n+2), "b", ci.Success), folder("c", ci.Failure))
		r := report(t, s, w.change, 1, p)
		ok(t, s.ApplyLookup(t.Context(), int64(count(t, s, `SELECT buildset FROM report WHERE comment = ?`, r)), Looked{Complete: true, Pipeline: "check",
			Builds: []LookedBuild{{UUID: uuid(int(10*n + 1)), Job: "a", Result: ci.Failure, LogURL: "https://logs.example.org/a/", Voting: true, Final: true}}}))
		set, err := s.SaveSet(t.Context(), [32]byte{byte(n)}, []FingerprintRow{{Name: "f", SHA: [32]byte{byte(n)}, Bugs: []ci.BugRef{{Tracker: ci.Launchpad, Ref: "1"}}}})
		ok(t, err)
		ok(t, s.RecordVerdict(t.Context(), Verdict{Build: buildID(t, s, "a"), FPSet: set, Engine: "scan", Purpose: PurposeReport, State: BuildRecognized,
			Hits: []Hit{{Fingerprint: "f", N: 1, Line: -1, Offset: -1}}}, time.Minute))
		ok(t, s.Decide(t.Context(), r, ReportSaid, "", []Outgoing{{Medium: MediumGerrit, Target: "7,1", Cause: "report", Part: int(n), Body: "x", Ref: uuid(int(n))}}))
		out := int64(count(t, s, `SELECT max(id) FROM outbox`))
		ok(t, s.Sending(t.Context(), out))
		ok(t, s.Sent(t.Context(), out))
		_, err = s.ProveRef(t.Context(), uuid(int(n)), "test")
		ok(t, err)
		for _, b := range due(t, s) {
			ok(t, s.DecideRechecks(t.Context(), b.RecheckIDs, "", nil))
		}
		ok(t, s.Mute(t.Context(), "#c", "op", noon))
		ok(t, s.Unmute(t.Context(), "#c", "op"))
		_, err = s.AgeOut(t.Context(), Ages{Bodies: noon.Add(-time.Hour)}, 10)
		ok(t, err)
	}
}
