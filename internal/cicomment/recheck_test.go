package cicomment

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/recheckbot/recheckbot/internal/ci"
)

type asked struct {
	text   string
	kind   RecheckKind // "" for none
	bugs   []int64
	refs   []ci.BugRef
	reason string // compared when not "*"
}

func ref(tracker, r string) []ci.BugRef { return []ci.BugRef{{Tracker: tracker, Ref: r}} }

// people are comments as people write them, made up along the grammar of the
// years since 2012.
var people = []asked{
	// nothing behind the word
	{text: "recheck", kind: RecheckBare},
	{text: "Recheck.", kind: RecheckBare},
	{text: "recheck!", kind: RecheckBare},
	{text: "recheck please", kind: RecheckBare},
	{text: "recheck\n\nThanks!", kind: RecheckBare},
	{text: "reverify", kind: RecheckBare},
	{text: "*recheck*", kind: RecheckBare},
	{text: "    recheck", kind: RecheckBare},
	{text: "@zuul recheck", kind: RecheckBare},
	{text: "Looks good to me otherwise.\n\nrecheck", kind: RecheckBare},
	{text: "recheck…", kind: RecheckBare},
	{text: "recheck\n\n--\nAlice", kind: RecheckBare},
	{text: "recheck\n\nCheers,\nAlice", kind: RecheckBare},
	{text: "please recheck", kind: RecheckBare},
	{text: "Depends-On merged; recheck", kind: RecheckBare},
	{text: "LGTM, recheck", kind: RecheckBare},
	// a reason
	{text: "recheck unrelated failure", kind: RecheckReason, reason: "unrelated failure"},
	{text: "recheck - unrelated failure in tempest", kind: RecheckReason, reason: "unrelated failure in tempest"},
	{text: "recheck: mirror was down", kind: RecheckReason, reason: "mirror was down"},
	{text: "recheck (post failure)", kind: RecheckReason, reason: "post failure"},
	{text: "recheck because the mirror was down", kind: RecheckReason, reason: "because the mirror was down"},
	{text: "recheck after 123456 merged", kind: RecheckReason, reason: "after 123456 merged"},
	{text: "recheck timeout after 3600 seconds", kind: RecheckReason, reason: "timeout after 3600 seconds"},
	{text: "recheck 3 tests failed in test_1234567", kind: RecheckReason, reason: "*"},
	{text: "recheck depends on change 1234567", kind: RecheckReason, reason: "*"},
	{text: "recheck, change #876543 landed", kind: RecheckReason, reason: "change #876543 landed"},
	{text: "recheck https://review.opendev.org/c/openstack/nova/+/1234567 merged", kind: RecheckReason, reason: "*"},
	{text: "recheck patchset #12345 was broken", kind: RecheckReason, reason: "*"},
	{text: "recheck test #12345 flaked", kind: RecheckReason, reason: "*"},
	{text: "recheck debug 1234567", kind: RecheckReason, reason: "debug 1234567"},
	{text: "recheck bug", kind: RecheckBare},
	{text: "recheck not a bug in this patch", kind: RecheckReason, reason: "*"},
	{text: "recheck\n\nThe neutron job timed out while pulling images.", kind: RecheckReason, reason: "The neutron job timed out while pulling images."},
	{text: "recheck vmware", kind: RecheckReason, reason: "vmware"},
	{text: "recheck failed on the mirror", kind: RecheckReason, reason: "failed on the mirror"},
	{text: "recheck github 502 bad gateway", kind: RecheckReason, reason: "github 502 bad gateway"},
	{text: "recheck debian 12 job", kind: RecheckReason, reason: "debian 12 job"},
	{text: "recheck launchpad 503", kind: RecheckReason, reason: "launchpad 503"},
	{text: "recheck attempt #2", kind: RecheckReason, reason: "attempt #2"},
	{text: "recheck no idea why this failed", kind: RecheckReason, reason: "no idea why this failed"},
	// bugs
	{text: "recheck bug 1234567", kind: RecheckBug, bugs: []int64{1234567}},
	{text: "recheck bug #1234567", kind: RecheckBug, bugs: []int64{1234567}},
	{text: "recheck bug#1234567", kind: RecheckBug, bugs: []int64{1234567}},
	{text: "recheck bug: 1234567", kind: RecheckBug, bugs: []int64{1234567}},
	{text: "recheck bug1234567", kind: RecheckBug, bugs: []int64{1234567}},
	{text: "recheck bug number 1234567", kind: RecheckBug, bugs: []int64{1234567}},
	{text: "recheck #1234567", kind: RecheckBug, bugs: []int64{1234567}},
	{text: "recheck tempest failure #1234567", kind: RecheckBug, bugs: []int64{1234567}, reason: "tempest failure #1234567"},
	{text: "recheck lp 1234567", kind: RecheckBug, bugs: []int64{1234567}},
	{text: "recheck lp:1234567", kind: RecheckBug, bugs: []int64{1234567}},
	{text: "recheck LP#1234567", kind: RecheckBug, bugs: []int64{1234567}},
	{text: "recheck lp bug #1234567", kind: RecheckBug, bugs: []int64{1234567}},
	{text: "recheck launchpad bug 1234567", kind: RecheckBug, bugs: []int64{1234567}},
	{text: "reverify bug 1234567", kind: RecheckBug, bugs: []int64{1234567}},
	{text: "recheck: bug 1234567", kind: RecheckBug, bugs: []int64{1234567}},
	{text: "recheck, bug 1234567.", kind: RecheckBug, bugs: []int64{1234567}},
	{text: "recheck https://bugs.launchpad.net/nova/+bug/1234567", kind: RecheckBug, bugs: []int64{1234567}},
	{text: "recheck http://launchpad.net/bugs/1234567", kind: RecheckBug, bugs: []int64{1234567}},
	{text: "recheck bugs.launchpad.net/neutron/+bug/1234567", kind: RecheckBug, bugs: []int64{1234567}},
	{text: "recheck https://pad.lv/1234567", kind: RecheckBug, bugs: []int64{1234567}},
	{text: "recheck https://bugs.launchpad.net/nova/+bug/1234567/comments/12", kind: RecheckBug, bugs: []int64{1234567}},
	{text: "recheck bug 1234567 and bug 1234568", kind: RecheckBug, bugs: []int64{1234567, 1234568}},
	{text: "recheck\u00a0bug\u00a01234567", kind: RecheckBug, bugs: []int64{1234567}},
	{text: "recheck\tbug\t1234567", kind: RecheckBug, bugs: []int64{1234567}},
	{text: "please recheck bug 1234567", kind: RecheckBug, bugs: []int64{1234567}},
	{text: "recheck bug 1234567 1234568", kind: RecheckBug, bugs: []int64{1234567, 1234568}},
	{text: "recheck bug 1234568, 1234567", kind: RecheckBug, bugs: []int64{1234568, 1234567}},
	{text: "recheck bugs 1234567 1234568 1234569", kind: RecheckBug, bugs: []int64{1234567, 1234568, 1234569}},
	{text: "recheck bug 1234567 bug 1234567 lp:1234567", kind: RecheckBug, bugs: []int64{1234567}},
	{text: "recheck bug 1234567\nrecheck bug 1234568", kind: RecheckBug, bugs: []int64{1234567, 1234568}},
	{text: "recheck bug 1234567\nbug 1234568", kind: RecheckBug, bugs: []int64{1234567, 1234568}},
	{text: "recheck [bug 1234567](https://bugs.launchpad.net/nova/+bug/1234567)", kind: RecheckBug, bugs: []int64{1234567}},
	{text: "recheck bug\n1234567", kind: RecheckBug, bugs: []int64{1234567}},
	{text: "recheck\nbug 1234567", kind: RecheckBug, bugs: []int64{1234567}},
	{text: "recheck gate-tempest-dsvm-full : intermittent failure nova bug #1234567", kind: RecheckBug, bugs: []int64{1234567},
		reason: "gate-tempest-dsvm-full : intermittent failure nova bug #1234567"},
	{text: "recheck bug 1234567 - libvirt hangs", kind: RecheckBug, bugs: []int64{1234567}, reason: "bug 1234567 - libvirt hangs"},
	{text: "recheck bug 1234567, 3 tests failed after 300 seconds", kind: RecheckBug, bugs: []int64{1234567}, reason: "*"},
	{text: "recheck bug 1234567 (see change 876543)", kind: RecheckBug, bugs: []int64{1234567}, reason: "*"},
	{text: "Looks unrelated to me.\n\nrecheck bug 1234567\n\nthanks", kind: RecheckBug, bugs: []int64{1234567}},
	{text: "Unrelated failure. recheck bug 1234567", kind: RecheckBug, bugs: []int64{1234567}},
	{text: "Unrelated failure, recheck bug 1234567", kind: RecheckBug, bugs: []int64{1234567}},
	{text: "recheck bug 1234567\n> recheck bug 7654321", kind: RecheckBug, bugs: []int64{1234567}},
	{text: "recheck no bug\n\nrecheck bug 1234567", kind: RecheckBug, bugs: []int64{1234567}},
	// other trackers
	{text: "recheck story 2001234", kind: RecheckBug, refs: ref("storyboard", "2001234")},
	{text: "recheck https://storyboard.openstack.org/#!/story/2001234", kind: RecheckBug, refs: ref("storyboard", "2001234")},
	{text: "recheck rhbz#1876543", kind: RecheckBug, refs: ref("bugzilla", "1876543")},
	{text: "recheck bugzilla 1876543", kind: RecheckBug, refs: ref("bugzilla", "1876543")},
	{text: "recheck Red Hat bug 1876543", kind: RecheckBug, refs: ref("bugzilla", "1876543")},
	{text: "recheck https://bugzilla.redhat.com/show_bug.cgi?id=1876543", kind: RecheckBug, refs: ref("bugzilla", "1876543")},
	{text: "recheck T234567", kind: RecheckBug, refs: ref("phabricator", "T234567")},
	{text: "recheck https://phabricator.wikimedia.org/T234567", kind: RecheckBug, refs: ref("phabricator", "T234567")},
	{text: "recheck https://github.com/eventlet/eventlet/issues/432", kind: RecheckBug, refs: ref("github", "eventlet/eventlet#432")},
	{text: "recheck github issue 432", kind: RecheckBug, refs: ref("github", "432")},
	{text: "recheck gh-432", kind: RecheckBug, refs: ref("github", "432")},
	{text: "recheck debian bug #998877", kind: RecheckBug, refs: ref("debian", "998877")},
	{text: "recheck eventlet/eventlet#432", kind: RecheckBug, refs: ref("github", "eventlet/eventlet#432")},
	{text: "recheck https://jira.example.org/browse/RELENG-77", kind: RecheckBug, refs: ref("jira", "RELENG-77")},
	{text: "recheck https://gitlab.com/libvirt/libvirt/-/issues/31", kind: RecheckBug, refs: ref("gitlab", "libvirt/libvirt#31")},
	{text: "recheck bug 1234567 and story 2001234", kind: RecheckBug, bugs: []int64{1234567}, refs: ref("storyboard", "2001234")},
	// no bug
	{text: "recheck no bug", kind: RecheckNoBug},
	{text: "recheck nobug", kind: RecheckNoBug},
	{text: "recheck no-bug", kind: RecheckNoBug},
	{text: "Recheck No Bug", kind: RecheckNoBug},
	{text: "reverify no bug", kind: RecheckNoBug},
	{text: "recheck no bug - mirror hiccup", kind: RecheckNoBug, reason: "mirror hiccup"},
	{text: "recheck: no bug filed", kind: RecheckNoBug, reason: "filed"},
	// other triggers
	{text: "check experimental", kind: RecheckOtherTrigger},
	{text: "check arm64", kind: RecheckOtherTrigger},
	{text: "check coverage", kind: RecheckOtherTrigger},
	{text: "Check Perf", kind: RecheckOtherTrigger},
	{text: "ci test please", kind: RecheckOtherTrigger},
	{text: "ci please test", kind: RecheckOtherTrigger},
	{text: "ci check please", kind: RecheckOtherTrigger},
	{text: "ci build please", kind: RecheckOtherTrigger},
	{text: "ci re-merge please", kind: RecheckOtherTrigger},
	{text: "retrigger", kind: RecheckOtherTrigger},
	{text: "check experimental\nrecheck bug 1234567", kind: RecheckBug, bugs: []int64{1234567}},
	// none
	{text: "rechecking because the gate was broken"},
	{text: "rechecked, passes now"},
	{text: "Rechecks are expensive, look at the logs first."},
	{text: "Recheckbot is wrong here."},
	{text: "recheck is not needed here"},
	{text: "recheck won't help, the test is broken"},
	{text: "recheck passed"},
	{text: "recheck failed again with the same error"},
	{text: "recheck's result is the same"},
	{text: "I will recheck this when the mirror is back."},
	{text: "Please do not recheck bug 1234567 blindly."},
	{text: "You can recheck now."},
	{text: "No need to recheck."},
	{text: "If it fails again, recheck bug 1234567"},
	{text: "Reply with: recheck"},
	{text: "Leave a comment, recheck, and wait."},
	{text: "Just type \"recheck\" to run the tests."},
	{text: "'recheck' does not start the tests for me"},
	{text: "> recheck bug 1234567"},
	{text: "> recheck\n\nThat did not work."},
	{text: "  > recheck bug 1234567\n\nDone"},
	{text: "```\nrecheck bug 1234567\n```"},
	{text: "Do this:\n\n    recheck bug 1234567\n\nand wait"},
	{text: "`recheck`"},
	{text: "check the logs please"},
	{text: "check this out"},
	{text: "ci is broken"},
	{text: "see bug 1234567"},
	{text: "recheck.py is missing a licence"},
	{text: "precheck failed"},
	{text: "I noticed jenkins failed, I think you hit bug(s):\n\n- gate-x: https://bugs.launchpad.net/bugs/1234567\n\nIf you believe we've correctly identified the failure, feel free to leave a 'recheck' comment to run the tests again."},
	{text: "LGTM"},
	{text: "Still to do:\n- rebase\n- recheck"},
	{text: "1. recheck"},
	{text: "recheck shows the same failure"},
	{text: "recheck still fails"},
	{text: "check coverage report"},
	{text: "check experimental queue is full"},
	{text: "check release notes please"},
	{text: "please recheck when the mirror is back"},
	{text: "typo: recheck -> re-check"},
	{text: "What does recheck do?"},
	{text: "recheck/reverify"},
	{text: ""},
}

func TestPeople(t *testing.T) {
	if len(people) < 100 {
		t.Fatalf("only %d comments", len(people))
	}
	for _, c := range people {
		t.Run(c.text, func(t *testing.T) {
			p := Defaults().Parse(Input{Comment: c.text, Author: ci.Account{Username: "alice"}})
			c.check(t, p)
		})
	}
}

// check compares with what was asked.
func (c asked) check(t *testing.T, p Parsed) {
	t.Helper()
	if c.kind == "" {
		if p.Recheck != nil || p.Kind != KindOther {
			t.Fatalf("kind %s, recheck %+v, want none", p.Kind, p.Recheck)
		}
		return
	}
	if p.Recheck == nil || p.Kind != KindRecheck || p.Role != RolePerson {
		t.Fatalf("kind %s, role %s, recheck %v, want %s", p.Kind, p.Role, p.Recheck, c.kind)
	}
	got := *p.Recheck
	if c.reason == "*" {
		got.Reason = "*"
	}
	want := Recheck{Kind: c.kind, Bugs: c.bugs, Refs: c.refs, Reason: c.reason}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("-want +got:\n%s", diff)
	}
}

// TestPeopleEnvelope: envelope, votes, CR LF, capitals and spaces never change
// what was asked for.
func TestPeopleEnvelope(t *testing.T) {
	wraps := map[string]func(string) string{
		"envelope":      func(s string) string { return "Patch Set 3:\n\n" + s },
		"vote":          func(s string) string { return "Patch Set 12: Code-Review-1 Verified+2\n\n" + s },
		"vote removed":  func(s string) string { return "Patch Set 12: -Verified\n\n" + s },
		"inline":        func(s string) string { return "Patch Set 3:\n\n(1 comment)\n\n" + s },
		"inlines, vote": func(s string) string { return "Patch Set 3: Workflow+1\n\n(12 comments)\n\n" + s },
		"old inline":    func(s string) string { return "Patch Set 3: (2 inline comments)\n\n" + s },
		"old vote":      func(s string) string { return "Patch Set 3: Looks good to me, but someone else must approve\n\n" + s },
		"CRLF":          func(s string) string { return "Patch Set 3:\r\n\r\n" + strings.ReplaceAll(s, "\n", "\r\n") + "\r\n" },
		"CR":            func(s string) string { return strings.ReplaceAll(s, "\n", "\r") },
		"spaces":        func(s string) string { return "Patch Set 3:\n\n" + s + "  \n\n \t\n" },
		"lines before":  func(s string) string { return "\n\n\n" + s },
	}
	for name, wrap := range wraps {
		for _, c := range people {
			if c.text == "" {
				continue
			}
			t.Run(name+"/"+c.text, func(t *testing.T) {
				p := Defaults().Parse(Input{Comment: wrap(c.text), Author: ci.Account{Username: "alice"}})
				c.check(t, p)
			})
		}
	}
}

// TestPeopleCapitals: the same in capitals; only what is quoted verbatim differs.
func TestPeopleCapitals(t *testing.T) {
	for _, c := range people {
		up := c
		up.text = strings.ToUpper(c.text)
		if up.reason != "" {
			up.reason = "*"
		}
		t.Run(up.text, func(t *testing.T) {
			p := Defaults().Parse(Input{Comment: "Patch Set 1:\n\n" + up.text, Author: ci.Account{Username: "alice"}})
			up.check(t, p)
		})
	}
}

// TestPeoplePatchsetLevel: query and REST show the words apart from the message.
func TestPeoplePatchsetLevel(t *testing.T) {
	for _, c := range people {
		t.Run(c.text, func(t *testing.T) {
			p := Defaults().Parse(Input{Comment: "Patch Set 1: Code-Review-1\n\n(2 comments)",
				Author: ci.Account{Username: "alice"}, PatchsetLevel: []string{c.text}})
			c.check(t, p)
			both := Defaults().Parse(Input{Comment: "Patch Set 1:\n\n" + c.text,
				Author: ci.Account{Username: "alice"}, PatchsetLevel: []string{c.text}})
			c.check(t, both)
		})
	}
}

func TestBothTexts(t *testing.T) {
	p := Defaults().Parse(Input{Comment: "Patch Set 1:\n\n(2 comments)\n\nrecheck bug 1234567", Author: ci.Account{Username: "alice"},
		PatchsetLevel: []string{"recheck", "recheck lp:1234568"}})
	want := &Recheck{Kind: RecheckBug, Bugs: []int64{1234567, 1234568}}
	if diff := cmp.Diff(want, p.Recheck); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	p = Defaults().Parse(Input{Comment: "Patch Set 1:\n\nB2", Author: ci.Account{Username: "alice"}, PatchsetLevel: []string{"recheck B"}})
	if p.Recheck == nil || p.Recheck.Reason != "B" {
		t.Errorf("recheck in the second text: %+v", p.Recheck)
	}
}

func TestWhoSpeaks(t *testing.T) {
	rules := Defaults()
	rules.Bots = []string{"autobot"}
	const text = "Patch Set 2:\n\nrecheck bug 1234567"
	for _, c := range []struct {
		in    Input
		role  Role
		kind  Kind
		byBot bool
	}{
		{Input{Comment: text, Author: ci.Account{Username: "alice"}}, RolePerson, KindRecheck, false},
		{Input{Comment: text}, RolePerson, KindRecheck, false},
		{Input{Comment: text, Author: ci.Account{Username: "AutoBot"}}, RoleBot, KindRecheck, true},
		{Input{Comment: text, Author: ci.Account{Username: "vmware-ci"}, ServiceUser: true}, RoleBot, KindRecheck, true},
		{Input{Comment: text, Author: ci.Account{Username: "x"}, Tag: "autogenerated:sweeper"}, RoleBot, KindRecheck, true},
		{Input{Comment: text, Author: ci.Account{Username: "zuul"}}, RoleCI, KindOther, false},
		{Input{Comment: text, Author: ci.Account{Name: "Zuul"}}, RoleCI, KindOther, false},
		{Input{Comment: text, Author: ci.Account{Username: "Zuul"}, ServiceUser: true}, RoleCI, KindOther, false},
		{Input{Comment: text, Author: ci.Account{Username: "recheckbot"}}, RoleUs, KindOther, false},
		{Input{Comment: text + "\n\n(rb-0123456789ab)"}, RoleUs, KindOther, false},
		{Input{Comment: "Starting check jobs.", Author: ci.Account{Username: "alice"}}, RolePerson, KindOther, false},
		{Input{Comment: "Starting check jobs."}, RoleCI, KindStart, false},
		{Input{Comment: "anything", Tag: "autogenerated:zuul:gate"}, RoleCI, KindOther, false},
		{Input{Comment: "Uploaded patch set 1.", Tag: "autogenerated:gerrit:newPatchSet", Author: ci.Account{Username: "alice"}}, RoleBot, KindOther, false},
	} {
		p := rules.Parse(c.in)
		if p.Role != c.role || p.Kind != c.kind || (p.Recheck != nil && p.Recheck.ByBot) != c.byBot {
			t.Errorf("%+v: role %s kind %s recheck %+v", c.in, p.Role, p.Kind, p.Recheck)
		}
	}
}
