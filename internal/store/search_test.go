package store

import (
	"testing"
	"time"

	"github.com/recheckbot/recheckbot/internal/ci"
)

// Those that wait longest are offered first; what is turned down does not count.
func TestPicking(t *testing.T) {
	s := fresh(t)
	report(t, s, 7, 0, aReport(0, folder("a", ci.Failure), folder("b", ci.Failure), folder("c", ci.Failure)))
	ok(t, s.RetryBuild(t.Context(), buildID(t, s, "a"), noon.Add(time.Minute), "later"))
	offered := ""
	got, err := s.PickBuilds(t.Context(), noon.Add(time.Hour), 1, func(b DueBuild) bool { offered += b.Job; return b.Job == "c" })
	if err != nil || len(got) != 1 || got[0].Job != "c" || offered != "bc" {
		t.Errorf("%+v, %v, offered %s", got, err, offered)
	}
	all, err := s.DueBuilds(t.Context(), noon.Add(time.Hour), 9)
	if err != nil || len(all) != 3 || all[2].Job != "a" {
		t.Errorf("%+v, %v", all, err)
	}
	report(t, s, 8, 1, aReport(2, zuulBuild(20, "d", ci.Failure)))
	report(t, s, 9, 2, aReport(3, zuulBuild(30, "e", ci.Failure)))
	questions, err := s.PickLookups(t.Context(), noon.Add(time.Hour), 1, func(l Lookup) bool { return l.UUID == uuid(3) })
	if err != nil || len(questions) != 1 || len(questions[0].Builds) != 1 {
		t.Errorf("%+v, %v", questions, err)
	}
}
