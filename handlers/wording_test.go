package handlers

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/recheckbot/recheckbot/internal/cicomment"
	"github.com/recheckbot/recheckbot/internal/store"
)

// sites are CIs with triggers as they are in use.
func sites() map[string][]cicomment.CI {
	contains := []*regexp.Regexp{regexp.MustCompile(`recheck`)}
	greedy := []*regexp.Regexp{regexp.MustCompile(`(?i)^(Patch Set [0-9]+:)?( [\w\\+-]*)*(\n\n)?\s*recheck`)}
	anyLine := []*regexp.Regexp{regexp.MustCompile(`(?im)^\s*(recheck|reverify)\b`)}
	d := cicomment.Defaults().CIs
	return map[string][]cicomment.CI{
		"zuul":     {d[0]},
		"jenkins":  {d[1]},
		"both":     d,
		"greedy":   {{Name: "zuul", Dialect: "zuul", Triggers: greedy}},
		"contains": {{Name: "jenkins", Dialect: "jenkins", Triggers: contains}},
		"any line": {{Name: "zuul", Dialect: "zuul", Triggers: anyLine}},
	}
}

// TestDefaultFiresNowhere: the default template and hints start no recheck,
// whatever the site's triggers are.
func TestDefaultFiresNowhere(t *testing.T) {
	for name, cis := range sites() {
		w, err := NewWording(WordingOptions{CIs: cis})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		c := composer(t, func(o *ComposeOptions, _ *WordingOptions) { o.Wording = w })
		v := view(func(v *store.ReportView) { v.CI = cis[0].Name })
		body := of(c.decide(v, noon()), store.MediumGerrit).Body
		for _, ci := range cis {
			if expr, fires := cicomment.Fires(body, triggersOf(ci)); fires {
				t.Errorf("%s: %q fires in:\n%s", name, expr, body)
			}
		}
		if name == "contains" && !strings.Contains(body, hintNeutral) {
			t.Errorf("no hint without the word:\n%s", body)
		}
	}
}

// TestTemplateRefused: at load, each with its reason.
func TestTemplateRefused(t *testing.T) {
	zuul := sites()["greedy"]
	for _, c := range []struct {
		name string
		o    WordingOptions
		why  string
	}{
		{"fires", WordingOptions{Template: "Recheckbot: {{len .Recognized}} known", CIs: zuul}, "would start a recheck"},
		{"fires without a hint", WordingOptions{Template: "{{if not .Hint}}recheck{{else}}x{{end}}", CIs: zuul}, "would start a recheck"},
		{"fires with pending jobs", WordingOptions{Template: "{{if .Pending}}recheck{{else}}x{{end}}", CIs: zuul}, "would start a recheck"},
		{"hint fires", WordingOptions{Template: "{{.Hint}}", Hints: map[string]string{"zuul": "recheck now"}, CIs: zuul}, "would start a recheck"},
		{"another CI's trigger", WordingOptions{Template: "to recheck, ask", CIs: append(sites()["zuul"], sites()["contains"]...)}, "would start a recheck"},
		{"says nothing", WordingOptions{Template: "{{if .More}}{{end}}", CIs: zuul}, "wrote nothing"},
		{"syntax", WordingOptions{Template: "{{.Recognized", CIs: zuul}, "report template"},
		{"unknown field", WordingOptions{Template: "{{.Nope}}", CIs: zuul}, "Nope"},
		{"endless", WordingOptions{Template: `{{define "a"}}xxxxxxxxxxxxxxxxxxxxxxxxxxxxx{{template "a" .}}{{end}}{{template "a" .}}`, CIs: zuul}, "report template"},
	} {
		if err := CheckTemplate(c.o); err == nil || !strings.Contains(err.Error(), c.why) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.why)
		}
	}
}

// TestTextRefusedAtOutbox: a text that would fire is tried without excerpts, then
// without titles, then refused with the trigger.
func TestTextRefusedAtOutbox(t *testing.T) {
	cis := sites()["any line"]
	make := func(change func(*store.ReportView)) decision {
		return composer(t, func(_ *ComposeOptions, w *WordingOptions) { w.CIs = cis }).decide(view(change), noon())
	}
	d := make(func(v *store.ReportView) { v.Builds[0].Hits[0].Excerpt = "recheck everything" })
	body := of(d, store.MediumGerrit).Body
	if d.state != store.ReportSaid || strings.Contains(body, "recheck everything") || !strings.Contains(body, "1234567") {
		t.Errorf("with an excerpt that fires: %s\n%s", d.state, body)
	}
	cis = sites()["contains"]
	d = make(func(v *store.ReportView) { v.Builds[0].Hits[0].Bugs[0].Title = "a recheck does not help" })
	body = of(d, store.MediumGerrit).Body
	if !strings.Contains(body, "tempest-full: https://bugs.launchpad.net/bugs/1234567 ") {
		t.Errorf("with a title that fires: %s\n%s", d.state, body)
	}
	d = make(func(v *store.ReportView) { v.Builds[0].Job = "recheck-job" })
	if d.state != store.ReportRefused || of(d, store.MediumGerrit) != nil || !strings.Contains(d.why, `fires the trigger "recheck"`) {
		t.Errorf("with a job that fires: %s (%s)", d.state, d.why)
	}
	if of(d, store.MediumIRC) == nil {
		t.Error("IRC has no triggers")
	}
}

// TestFiresError is told apart from a broken template.
func TestFiresError(t *testing.T) {
	err := CheckTemplate(WordingOptions{Template: "recheck", CIs: sites()["zuul"]})
	if fires, ok := errors.AsType[*FiresError](err); !ok || fires.Trigger == "" {
		t.Errorf("got %v", err)
	}
}

// TestReferenceCannotBeDropped: whatever the template says.
func TestReferenceCannotBeDropped(t *testing.T) {
	for _, template := range []string{"x", "(rb-ffffffffffff)", strings.Repeat("\n", 100) + "x" + strings.Repeat(" \n", 100), "{{.Hint}}x"} {
		c := composer(t, func(_ *ComposeOptions, w *WordingOptions) { w.Template = template })
		out := of(c.decide(view(nil), noon()), store.MediumGerrit)
		if !strings.HasSuffix(out.Body, "\n\n("+out.Ref+")") {
			t.Errorf("%q: %q", template, out.Body)
		}
		p := cicomment.Defaults().Parse(cicomment.Input{Comment: "Patch Set 2:\n\n" + out.Body, Author: us()})
		if p.Ref != out.Ref || p.Role != cicomment.RoleUs {
			t.Errorf("%q: read back as %q by %s", template, p.Ref, p.Role)
		}
	}
}
