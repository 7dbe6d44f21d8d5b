package cicomment

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/recheckbot/recheckbot/internal/ci"
)

// TestPhrases: a site's own words are known by the phrases of its CI.
func TestPhrases(t *testing.T) {
	rules := Rules{CIs: []CI{{Name: "acme", Dialect: DialectZuul, Accounts: []string{"acme-ci"}, Phrases: map[string][]string{
		"start":         {"Wir fangen an"},
		"merge_failure": {"bitte rebase"},
		"report":        {"starting point"},
	}}}}
	for text, want := range map[string]Kind{
		"Wir fangen an: gate":                      KindStart,
		"Oje.\n\nBITTE REBASE und nochmals":        KindMergeFailure,
		"Starting point reached":                   KindReport,
		"Starting gate jobs.":                      KindStart,
		"Das sagt nichts, bitte rebase steht hier": KindOther,
	} {
		p := rules.Parse(Input{Comment: "Patch Set 1:\n\n" + text, Author: ci.Account{Username: "ACME-CI"}})
		if p.Kind != want || p.CI != "acme" {
			t.Errorf("%q: kind %s of %q, want %s", text, p.Kind, p.CI, want)
		}
	}
}

// TestForgedLines: nothing behind a footer is a build, and nothing a job writes
// into a detail begins one.
func TestForgedLines(t *testing.T) {
	const real = "Build failed.\n\n- a https://z.example.org/build/00112233445566778899aabbccddeeff : FAILURE in 3s\n"
	const forged = "- b https://z.example.org/build/ffeeddccbbaa99887766554433221100 : SUCCESS in 3s"
	for _, text := range []string{
		real + "\nWarning:\n  x\n" + forged,
		real + "\nWarning:\n" + forged + "\n\nWarning:\n  y\n" + forged,
		real + "\nDebug information:\n  x\n" + forged,
		real + "Skipped 2 jobs\n\nWarning:\n" + forged,
		real + omitted + "\n\nWarning:\n" + forged,
	} {
		p := Defaults().Parse(Input{Comment: text, Author: ci.Account{Username: "zuul"}})
		if len(p.Builds) != 1 || p.Builds[0].Job != "a" || p.Builds[0].Detail != "" {
			t.Errorf("%s\n%+v", text, p.Builds)
		}
	}
	p := Defaults().Parse(Input{Comment: "Build succeeded.\n\n\nWarning:\n  x\n" + forged, Author: ci.Account{Username: "zuul"}})
	if len(p.Builds) != 0 {
		t.Errorf("no builds, but a warning: %+v", p.Builds)
	}
}

// TestOutcome: failing voting builds first, then the vote, then the words.
func TestOutcome(t *testing.T) {
	const line = "\n\n- a a : "
	for text, want := range map[string]Outcome{
		"Patch Set 1: Verified+1\n\nBuild succeeded." + line + "FAILURE":              Failure,
		"Patch Set 1: Verified+1\n\nBuild succeeded." + line + "FAILURE (non-voting)": Success,
		"Patch Set 1: Verified-1\n\nx" + line + "RETRY":                               Failure,
		"Patch Set 1: Verified-1 Workflow+1\n\nx" + line + "SUCCESS":                  Failure,
		"Patch Set 1: Verified+2\n\nBuild failed" + line + "SUCCESS":                  Success,
		"Patch Set 1: -Verified\n\nBuild failed." + line + "SUCCESS":                  Failure,
		"success-check pipeline build failed." + line + "SUCCESS":                     Failure,
		"Build succeeded (fail-fast pipeline)." + line + "Mixed in 3s":                Success,
		"✔" + line + "Mixed in 3s":                                                    Success,
		"✘" + line + "Mixed in 3s":                                                    Failure,
		"Hm" + line + "SUCCESS in 3s":                                                 Success,
		"Hm" + line + "SKIPPED in 3s":                                                 Success,
		"Hm" + line + "CANCELED in 3s":                                                Failure,
		"Hm" + line + "It failed in 3s":                                               Failure,
		"Hm" + line + "Mixed in 3s":                                                   "",
	} {
		p := Defaults().Parse(Input{Comment: text, Author: ci.Account{Username: "zuul"}})
		if p.Kind != KindReport || p.Outcome != want || len(p.Builds) != 1 {
			t.Errorf("%q: %s %q %+v, want %q", text, p.Kind, p.Outcome, p.Builds, want)
		}
	}
}

func TestVotes(t *testing.T) {
	for text, want := range map[string]struct{ ps, vote int }{
		"Patch Set 12: Zuul-CI+2\n\nx":                {12, 1},
		"Patch Set 12: Code-Review-1 Verified+1\n\nx": {12, -1},
		"Patch Set 12: -Zuul-CI\n\nx":                 {12, 0},
		"Patch Set 12: Fails\n\nx":                    {12, -1},
		"Patch Set 12: Works for me\n\nx":             {12, 1},
		"Patch Set 12: Code-Review+0\n\nx":            {12, 0},
		"Patch Set x: y":                              {0, 0},
		"Patch Set 99999999999999999: y":              {0, 0},
		"x":                                           {0, 0},
	} {
		if e := open(text); e.patchset != want.ps || e.vote != want.vote {
			t.Errorf("%q: %+v", text, e)
		}
	}
}

func TestFires(t *testing.T) {
	for _, c := range []struct {
		dialect, text string
		want          bool
	}{
		{DialectZuul, "Recheckbot: I know this bug", true},
		{DialectZuul, "recheck bug 1", true},
		{DialectZuul, "check experimental", true},
		{DialectZuul, "Known bug: see below.\n\nTo run again: leave a comment.", false},
		{DialectZuul, "The word recheck further on", false},
		{DialectJenkins, "The word recheck further on", true},
		{DialectJenkins, "Known bug", false},
	} {
		var res []*regexp.Regexp
		for _, e := range DefaultTriggers(c.dialect) {
			res = append(res, regexp.MustCompile(e))
		}
		if expr, got := Fires(c.text, res); got != c.want || (got && expr == "") {
			t.Errorf("%s %q: %v %q", c.dialect, c.text, got, expr)
		}
	}
	inside := regexp.MustCompile(`^Patch Set \d+:\n\n\(1 comment\)\n\nagain`)
	if _, got := Fires("Again", []*regexp.Regexp{regexp.MustCompile("(?i)" + inside.String())}); !got {
		t.Error("an expression that needs Gerrit's envelope was not tried inside it")
	}
}

func TestReference(t *testing.T) {
	own := time.UnixMilli(1700000000123)
	r := Reference("report:17", own)
	if !regexp.MustCompile(`^rb-[0-9a-f]{12}$`).MatchString(r) || r == Reference("report:18", own) || r == Reference("report:17", own.Add(time.Second)) {
		t.Errorf("reference %q", r)
	}
	p := Defaults().Parse(Input{Comment: "Patch Set 1:\n\nKnown bug.\n\n(" + r + ")\n", Author: ci.Account{Username: "recheckbot"}})
	if p.Ref != r || p.Kind != KindOther || p.Role != RoleUs {
		t.Errorf("ref %q kind %s role %s, want %q", p.Ref, p.Kind, p.Role, r)
	}
	if p := Defaults().Parse(Input{Comment: "(" + r + ")", Author: ci.Account{Username: "alice"}}); p.Ref != "" {
		t.Error("a person's copy of a reference counts as ours")
	}
}

// TestSiteTrigger: what a site configured is a request as well, but not inside
// quotes, and not talk about rechecks.
func TestSiteTrigger(t *testing.T) {
	rules := Defaults()
	rules.CIs[0].Triggers = []*regexp.Regexp{regexp.MustCompile(`(?i)run acceptance`), regexp.MustCompile(`(?i)recheck`)}
	for text, want := range map[string]bool{
		"run acceptance": true, "> run acceptance": false, "how do I recheck?": false, "LGTM": false,
	} {
		p := rules.Parse(Input{Comment: text, Author: ci.Account{Username: "alice"}})
		if got := p.Recheck != nil && p.Recheck.Kind == RecheckOtherTrigger; got != want {
			t.Errorf("%q: %+v", text, p.Recheck)
		}
	}
}

// TestUnknownAuthor: without author and tag only what nobody but a CI writes is a
// CI's.
func TestUnknownAuthor(t *testing.T) {
	const build = "- a https://z.example.org/t/x/build/00112233445566778899aabbccddeeff : FAILURE in 3s"
	for text, want := range map[string]Role{
		"Build failed.\n\n" + build:                                RoleCI,
		"✘\n\n" + build:                                            RoleCI,
		"Merge Failed.\n\nPlease rebase.":                          RoleCI,
		"Build failed because of me":                               RolePerson,
		"This patch may slow pages down.\n\n- recheck" + build[3:]: RoleCI,
		"recheck\n\n" + build:                                      RolePerson,
		"It broke again:\n\n" + build + "\n\nrecheck bug 12345":    RolePerson,
		"> " + build:              RolePerson,
		"- a point : and another": RolePerson,
	} {
		if p := Defaults().Parse(Input{Comment: text}); p.Role != want {
			t.Errorf("%q: %s, want %s", text, p.Role, want)
		}
	}
}

func TestExplainLineErrors(t *testing.T) {
	for _, line := range []string{"", "[]", `{"comment":1}`, `{"comment":"x"`} {
		if _, err := ExplainLine(Defaults(), []byte(line)); err == nil || !strings.HasPrefix(err.Error(), "cicomment: ") {
			t.Errorf("%q: error %v", line, err)
		}
	}
	out, err := ExplainLine(Defaults(), []byte(`{"comment":"Patch Set 1:\n\n(1 comment)","author":"alice","patchset_level":["recheck <b>"]}`))
	want := `{"kind":"recheck","outcome":null,"pipeline":null,"buildset_url":null,"buildset_uuid":null,"builds":[],"short":false,` +
		`"truncated":false,"skipped":0,"recheck":{"kind":"reason","bugs":[],"refs":[],"reason":"<b>","by_bot":false}}`
	if err != nil || string(out) != want {
		t.Errorf("%v\n%s\n%s", err, out, want)
	}
}

// TestTimesOff: where a CI tells no times, what looks like one is a detail's; one
// build with a time, or too few without, and it is the build's.
func TestTimesOff(t *testing.T) {
	build := func(rest string) string { return "- a build/00112233445566778899aabbccddeeff : " + rest + "\n" }
	const detail, message = "NODE_FAILURE gave up in 10m 00s", "Waited in 5s"
	four := build("SUCCESS") + build("SUCCESS") + build("FAILURE") + build("SUCCESS (non-voting)")
	for text, want := range map[string]bool{
		four + build(detail) + build(message):                                true,
		four + build(detail) + build(message) + build("SUCCESS in 3s"):       false,
		build("SUCCESS") + build("FAILURE") + build(detail) + build(message): false,
	} {
		p := Defaults().Parse(Input{Comment: "Build failed.\n\n" + text, Author: ci.Account{Username: "zuul"}})
		node, custom := p.Builds[len(p.Builds)-2], p.Builds[len(p.Builds)-1]
		if !custom.Custom {
			node, custom = p.Builds[len(p.Builds)-3], p.Builds[len(p.Builds)-2]
		}
		if got := node.Detail == "gave up in 10m 00s" && node.Duration == nil && custom.Result == "Waited in 5s" && custom.Duration == nil; got != want {
			t.Errorf("%s\n%+v\n%+v", text, node, custom)
		}
	}
}
