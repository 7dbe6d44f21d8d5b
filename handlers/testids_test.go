package handlers

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/recheckbot/recheckbot/internal/fake/loghost"
	"github.com/recheckbot/recheckbot/internal/joblog"
	"github.com/recheckbot/recheckbot/internal/logsearch"
	"github.com/recheckbot/recheckbot/internal/store"
)

// TestTestIDs: a fingerprint with test_ids counts only if one of these tests
// failed; the build's own results decide, and where they cannot nothing is said.
func TestTestIDs(t *testing.T) {
	t.Parallel()
	w := newWire(t, map[string]string{"1234567.yaml": boomQuery + "\ntest_ids:\n  - tempest.api.test_x.Y.test_z\n"})
	junit := func(test string) []byte {
		return fmt.Appendf(nil, `<testsuite tests="2" failures="1" errors="0"><testcase classname="tempest.api.test_x.Y" name="test_ok"/>`+
			`<testcase classname="tempest.api.test_x.Y" name=%q><failure>no</failure></testcase></testsuite>`, test)
	}
	for n := 1; n <= 5; n++ {
		w.console(n, "boom")
	}
	w.logs.Put("1/logs/test_results.xml", junit("test_z[id-1,smoke]"), loghost.Options{Encoding: "gzip"})
	w.logs.Put("2/logs/test_results.xml", junit("test_other"), loghost.Options{})
	w.logs.Put("4/logs/test_results.xml", junit("test_other")[:120], loghost.Options{})
	w.logs.Put("5/logs/test_results.xml", nil, loghost.Options{Status: 503})
	w.hear(w.comment("zuul", w.folders(1, 2, 3, 4, 5)))
	for range 3 {
		w.round()
		w.clock.move(2 * time.Minute)
	}
	states := map[string]string{}
	for _, b := range w.report(1).Builds {
		states[b.Job] = string(b.State)
		if b.State == store.BuildUnknown && !strings.Contains(b.Why, "unverified test") {
			t.Errorf("%s: %s", b.Job, b.Why)
		}
	}
	want := map[string]string{"job1": "recognized", "job2": "unrecognized", "job3": "unknown", "job4": "unknown", "job5": "search"}
	for job, state := range want {
		if states[job] != state {
			t.Errorf("%s is %s, want %s", job, states[job], state)
		}
	}
	if n := w.logs.Asked("2/logs/test_results.xml"); n != 1 {
		t.Errorf("results were read %d times", n)
	}
}

// TestTestIDsBeforeAnOutage: what is known already decides.
func TestTestIDsBeforeAnOutage(t *testing.T) {
	t.Parallel()
	set := &Set{Fingerprints: []Fingerprint{{Name: "a", TestIDs: []string{"x.y"}}}}
	matches := []logsearch.Match{{Fingerprint: 0}}
	if !(tested{failed: []string{"x.y"}}).decides(set, matches) || (tested{}).decides(set, matches) {
		t.Error("decided otherwise")
	}
	if onlyOutage(errors.New("x")) != nil || onlyOutage(&joblog.IncompleteError{Again: true}) == nil {
		t.Error("what may pass is told wrongly")
	}
}
