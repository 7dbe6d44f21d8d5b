package handlers

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/recheckbot/recheckbot/internal/logsearch"
	"github.com/recheckbot/recheckbot/internal/store"
)

// noon is when things happen in tests.
func noon() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }

// at is noon plus d.
func at(d time.Duration) time.Time { return noon().Add(d) }

// try is one answer in the life of a build.
type try struct {
	at     time.Duration // after the build's own time
	status logsearch.Status
	outage bool
	again  time.Duration // what the engine asks for
}

// live plays tries against judge as Classify does and returns each state.
func live(seen time.Duration, tries []try) []store.BuildState {
	d, set := Deadlines{}.withDefaults(), &Set{}
	b := store.DueBuild{Own: noon(), FirstSeen: at(seen)}
	var a account
	var states []store.BuildState
	for i, tr := range tries {
		var outage error
		if tr.outage {
			outage = errors.New("connection refused")
		}
		a.note(at(tr.at), tr.status, outage)
		b.Tries = i
		states = append(states, judge(d, b, set, outcome{answer: logsearch.Answer{Status: tr.status, RetryAfter: tr.again}, outage: outage}, a, at(tr.at)).state)
	}
	return states
}

// TestDeadlines: counted from the event's own time; the logs deadline runs only
// while the log host answers; neither ends before three tries over a minute.
func TestDeadlines(t *testing.T) {
	const m = time.Minute
	again := store.BuildState("")
	for _, c := range []struct {
		name  string
		seen  time.Duration
		tries []try
		want  store.BuildState // after the last try; all before are again
	}{
		{"not there before the deadline", 0, []try{{at: 0, status: logsearch.NotReady}, {at: 10 * m, status: logsearch.NotReady}, {at: 20*m - 1, status: logsearch.NotReady}}, again},
		{"not there at the deadline", 0, []try{{at: 0, status: logsearch.NotReady}, {at: 10 * m, status: logsearch.NotReady}, {at: 20 * m, status: logsearch.NotReady}}, store.BuildNoLogs},
		{"found late: tries count", 3 * time.Hour / 2, []try{{at: 90 * m, status: logsearch.NotReady}, {at: 92 * m, status: logsearch.NotReady}}, again},
		{"found late: a minute counts", 90 * m, []try{{at: 90 * m, status: logsearch.NotReady}, {at: 90*m + 20*time.Second, status: logsearch.NotReady}, {at: 90*m + 40*time.Second, status: logsearch.NotReady}}, again},
		{"found late: over", 90 * m, []try{{at: 90 * m, status: logsearch.NotReady}, {at: 90*m + 30*time.Second, status: logsearch.NotReady}, {at: 91 * m, status: logsearch.NotReady}}, store.BuildNoLogs},
		{"an outage stops the clock", 0, []try{{at: 0, outage: true}, {at: 30 * m, outage: true}, {at: 31 * m, status: logsearch.NotReady}, {at: 32 * m, status: logsearch.NotReady}, {at: 33 * m, status: logsearch.NotReady}}, again},
		{"outage before its deadline", 0, []try{{at: 0, outage: true}, {at: 60 * m, outage: true}, {at: 120*m - 1, outage: true}}, again},
		{"outage at its deadline", 0, []try{{at: 0, outage: true}, {at: 60 * m, outage: true}, {at: 120 * m, outage: true}}, store.BuildUnknown},
		{"outage found late", 300 * m, []try{{at: 300 * m, outage: true}, {at: 301 * m, outage: true}}, again},
		{"never there, however long the outages", 0, []try{{at: 0, status: logsearch.NotReady}, {at: 110 * m, outage: true}, {at: 120 * m, status: logsearch.NotReady}}, store.BuildNoLogs},
		{"no logs is final", 0, []try{{at: 0, status: logsearch.NoLogs}}, store.BuildNoLogs},
		{"incomplete is tried again", 0, []try{{at: 0, status: logsearch.Incomplete, again: m}, {at: m, status: logsearch.Incomplete, again: m}, {at: 2 * m, status: logsearch.Incomplete, again: m}, {at: 3 * m, status: logsearch.Incomplete, again: m}}, again},
		{"incomplete is bounded", 0, []try{{at: 0, status: logsearch.Incomplete, again: m}, {at: m, status: logsearch.Incomplete, again: m}, {at: 2 * m, status: logsearch.Incomplete, again: m}, {at: 3 * m, status: logsearch.Incomplete, again: m}, {at: 4 * m, status: logsearch.Incomplete, again: m}}, store.BuildIncomplete},
		{"incomplete for good", 0, []try{{at: 0, status: logsearch.Incomplete}}, store.BuildIncomplete},
		{"only incomplete tries bound incomplete ones", 0, []try{{at: 0, status: logsearch.NotReady}, {at: m, outage: true}, {at: 2 * m, status: logsearch.NotReady}, {at: 3 * m, outage: true}, {at: 4 * m, status: logsearch.Incomplete, again: m}}, again},
		{"complete is unrecognized", 0, []try{{at: 0, status: logsearch.Complete}}, store.BuildUnrecognized},
	} {
		t.Run(c.name, func(t *testing.T) {
			states := live(c.seen, c.tries)
			for i, s := range states[:len(states)-1] {
				if s != again {
					t.Errorf("decided at try %d: %s", i+1, s)
				}
			}
			if got := states[len(states)-1]; got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// TestJudgeMatches: recognized only by certain hits, valid also where logs are
// incomplete; what was not evaluated or depends on something unknown is never
// unrecognized.
func TestJudgeMatches(t *testing.T) {
	set := &Set{Fingerprints: []Fingerprint{{Name: "plain"}, {Name: "tests", TestIDs: []string{"tempest.x"}}}}
	sample := []logsearch.Hit{{File: "job-output.txt", Text: "boom", Line: 7}}
	sure, maybe, tests := logsearch.Match{Sample: sample}, logsearch.Match{If: `voting:1`}, logsearch.Match{Fingerprint: 1}
	refused := []logsearch.Problem{{Fingerprint: 1, Why: "over budget"}, {Fingerprint: 0, Why: "x"}}
	for _, c := range []struct {
		name   string
		answer logsearch.Answer
		want   store.BuildState
		why    string
		hits   int
	}{
		{"certain", logsearch.Answer{Matches: []logsearch.Match{sure}}, store.BuildRecognized, "", 1},
		{"certain and incomplete", logsearch.Answer{Status: logsearch.Incomplete, Matches: []logsearch.Match{sure}}, store.BuildRecognized, "", 1},
		{"certain and refused", logsearch.Answer{Matches: []logsearch.Match{sure}, Refused: refused}, store.BuildRecognized, "", 1},
		{"certain and unverified", logsearch.Answer{Matches: []logsearch.Match{tests, sure}}, store.BuildRecognized, "", 2},
		{"depends on a field", logsearch.Answer{Matches: []logsearch.Match{maybe}}, store.BuildUnknown, "plain (if voting:1)", 1},
		{"depends on tests", logsearch.Answer{Matches: []logsearch.Match{tests}}, store.BuildUnknown, "unverified test: one of tempest.x failed", 1},
		{"refused", logsearch.Answer{Refused: refused}, store.BuildUnknown, "fingerprint tests was not evaluated: over budget, and 1 more", 0},
		{"nothing", logsearch.Answer{}, store.BuildUnrecognized, "none of 2 fingerprints", 0},
	} {
		f := judge(Deadlines{}.withDefaults(), store.DueBuild{Own: noon(), FirstSeen: noon()}, set, outcome{answer: c.answer}, account{}, noon())
		if f.state != c.want || !strings.Contains(f.why, c.why) || len(f.hits) != c.hits {
			t.Errorf("%s: %q %q with %d hits, want %q %q with %d", c.name, f.state, f.why, len(f.hits), c.want, c.why, c.hits)
		}
	}
}
