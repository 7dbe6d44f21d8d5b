package store

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/recheckbot/recheckbot/internal/ci"
	"github.com/recheckbot/recheckbot/internal/cicomment"
)

// recheck brings a comment of a person or, with a role, of a bot.
func recheck(second int, role cicomment.Role, bugs ...int64) truth {
	p := cicomment.Parsed{Kind: cicomment.KindRecheck, Role: role, Patchset: 1, Recheck: &cicomment.Recheck{Kind: cicomment.RecheckBug, Bugs: bugs}}
	return truth{author: alice, event: second, gerrit: second, heard: ps1 + "recheck", listed: ps1 + "recheck", parsed: &p}
}

func due(t testing.TB, s *Store) []RecheckedBug {
	t.Helper()
	out, err := s.DueRechecks(t.Context(), noon, 9)
	ok(t, err)
	return out
}

func TestUntrackedBugs(t *testing.T) {
	s := fresh(t)
	w := &world{t: t, s: s, change: 7}
	saveSet(t, s, 1, FingerprintRow{Name: "1", Bugs: []ci.BugRef{lp(1)}})
	w.hear("s", recheck(1, cicomment.RolePerson, 1, 2), recheck(2, cicomment.RoleBot, 3), recheck(3, cicomment.RolePerson),
		recheck(4, cicomment.RolePerson, 2, 4), recheck(5, cicomment.RolePerson, 1))
	want := []RecheckedBug{
		{BugID: 2, Bug: lp(2), People: 2, Newest: noon.Add(4 * time.Second), Heard: noon.Add(4 * time.Second), FirstHeard: noon.Add(time.Second), Project: "openstack/nova",
			Crossings: []time.Time{noon.Add(time.Second), noon.Add(4 * time.Second)}, RecheckIDs: []int64{2, 4}, Authors: []string{"alice"}},
		{BugID: 4, Bug: lp(4), People: 1, Newest: noon.Add(4 * time.Second), Heard: noon.Add(4 * time.Second), FirstHeard: noon.Add(4 * time.Second), Project: "openstack/nova",
			Crossings: []time.Time{noon.Add(4 * time.Second)}, RecheckIDs: []int64{5}, Authors: []string{"alice"}},
	}
	if diff := cmp.Diff(want, due(t, s)); diff != "" {
		t.Error(diff)
	}
	if n := count(t, s, `SELECT count(*) FROM recheck WHERE state = 'skipped' AND why <> ''`); n != 3 {
		t.Errorf("%d rechecks are skipped with a reason", n)
	}
	out := []Outgoing{{Medium: MediumIRC, Target: "#a", Cause: "bug:2:step1", Body: "x", Own: noon}}
	ok(t, s.DecideRechecks(t.Context(), []int64{2, 4}, "announced", out))
	if err := s.DecideRechecks(t.Context(), []int64{2, 4}, "announced", []Outgoing{{Medium: MediumIRC, Target: "#b", Cause: "bug:2:step1"}}); !errors.Is(err, ErrState) {
		t.Errorf("decided twice: %v", err)
	}
	s = restart(t, s)
	if diff := cmp.Diff(want[1:], due(t, s)); diff != "" {
		t.Errorf("one comment's other bug was lost: %s", diff)
	}
	w.s = s
	w.hear("s", recheck(9, cicomment.RolePerson, 2))
	if d := due(t, s); len(d) != 2 || d[1].People != 3 || d[1].LastStep != 2 || len(d[1].Crossings) != 1 {
		t.Errorf("next naming: %+v", d)
	}
	if n := count(t, s, `SELECT count(*) FROM outbox`); n != 1 {
		t.Errorf("%d in the outbox", n)
	}
}

func TestFingerprintEndsQueueing(t *testing.T) {
	s := fresh(t)
	w := &world{t: t, s: s, change: 7}
	w.hear("s", recheck(1, cicomment.RolePerson, 2), recheck(2, cicomment.RolePerson, 5))
	set := FingerprintRow{Name: "2", Bugs: []ci.BugRef{lp(2)}}
	first := saveSet(t, s, 1, set)
	if d := due(t, s); len(d) != 1 || d[0].Bug != lp(5) {
		t.Errorf("due = %+v", d)
	}
	state := func() string { return word(t, s, `SELECT state || ': ' || why FROM queue WHERE bug = 1`) }
	if w := state(); w != "fingerprinted: a fingerprint names it" {
		t.Errorf("queue = %s", w)
	}
	saveSet(t, s, 2)
	if w := state(); w != "open: no fingerprint names it any more" {
		t.Errorf("queue = %s", w)
	}
	if again := saveSet(t, s, 1, set); again != first { // an older set comes back
		t.Errorf("set %d is now %d", first, again)
	}
	if b, err := s.Bug(t.Context(), lp(2)); b.QueueState != QueueFingerprinted || len(b.Fingerprints) != 1 || err != nil {
		t.Errorf("bug = %+v %v", b, err)
	}
	w.hear("s", recheck(3, cicomment.RolePerson, 2))
	if d := due(t, s); len(d) != 1 {
		t.Errorf("a tracked bug is due: %+v", d)
	}
}

func TestPrivateChangesAreNotTold(t *testing.T) {
	s := fresh(t)
	w := &world{t: t, s: s, change: 7}
	hidden := recheck(1, cicomment.RolePerson, 2).stream(0)
	hidden.Change = aChange(8)
	hidden.Change.Private = true
	ok(t, s.Ingest(t.Context(), []Heard{hidden}))
	if d := due(t, s); len(d) != 1 || !d[0].Private {
		t.Errorf("due = %+v", d)
	}
	if q, total, err := s.Queue(t.Context(), "", 9); len(q) != 0 || total != 0 || err != nil {
		t.Errorf("queue = %+v %d %v", q, total, err)
	}
	if b, err := s.Bug(t.Context(), lp(2)); b.Rechecks != 0 || err != nil {
		t.Errorf("bug = %+v %v", b, err)
	}
	w.hear("s", recheck(2, cicomment.RolePerson, 2))
	if d := due(t, s); len(d) != 1 || d[0].Private || d[0].People != 2 || d[0].Project != "openstack/nova" {
		t.Errorf("due = %+v", d)
	}
}

func TestQueue(t *testing.T) {
	s := fresh(t)
	one, two := &world{t: t, s: s, change: 7}, &world{t: t, s: s, change: 8}
	one.hear("s", recheck(1, cicomment.RolePerson, 2), recheck(2, cicomment.RolePerson, 3), recheck(3, cicomment.RoleBot, 2))
	two.hear("s", recheck(4, cicomment.RolePerson, 2))
	other := recheck(5, cicomment.RolePerson, 9).stream(0)
	other.Change = aChange(9)
	other.Change.Project = "openstack/other"
	ok(t, s.Ingest(t.Context(), []Heard{other}))
	got, total, err := s.Queue(t.Context(), "", 2)
	ok(t, err)
	at := func(n int) time.Time { return noon.Add(time.Duration(n) * time.Second) }
	want := []QueueItem{
		{Bug: BugView{BugRef: lp(2)}, People: 2, Total: 3, First: at(1), Last: at(4), Projects: []string{"openstack/nova"}, State: QueueOpen},
		{Bug: BugView{BugRef: lp(9)}, People: 1, Total: 1, First: at(5), Last: at(5), Projects: []string{"openstack/other"}, State: QueueOpen},
	}
	if diff := cmp.Diff(want, got); diff != "" || total != 3 {
		t.Errorf("of %d: %s", total, diff)
	}
	if got, total, err := s.Queue(t.Context(), "openstack/other", 9); len(got) != 1 || total != 1 || err != nil {
		t.Errorf("of a project: %v %d %v", got, total, err)
	}
}
