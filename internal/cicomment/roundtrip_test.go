package cicomment

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/recheckbot/recheckbot/internal/ci"
)

// writer writes comments in the formats of Zuul's reporters, of all that a site
// and its jobs may put into them, and keeps what they say.
type writer struct {
	r     *rand.Rand
	style string
}

func pick[T any](w *writer, of ...T) T { return of[w.r.IntN(len(of))] }

func (w *writer) chance(percent int) bool { return w.r.IntN(100) < percent }

func (w *writer) hex(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = "0123456789abcdef"[w.r.IntN(16)]
	}
	return string(b)
}

func (w *writer) name() string {
	return pick(w, "unit", "tox-py312", "docs (non-voting)", "job : FAILURE", "a  b", "-x", "--", "build/x86_64", "проверка", "SUCCESS",
		"https-proxy", "in 5m 00s", "recheck", "a|b", "0", "tests[py39]", "job%20x", "a - b", "* star", "Skipped 2 jobs", "x:y")
}

func (w *writer) elapsed() (string, *int64) {
	if w.chance(15) {
		return "", nil
	}
	n := int64(w.r.IntN(100000)) >> w.r.IntN(16)
	if w.chance(3) {
		n = -n
	}
	h, m, s := floor(n, 3600), floor(n-floor(n, 3600)*3600, 60), n-floor(n, 60)*60
	switch {
	case h != 0:
		return fmt.Sprintf(" in %dh %02dm %02ds", h, m, s), &n
	case m != 0:
		return fmt.Sprintf(" in %dm %02ds", m, s), &n
	}
	return fmt.Sprintf(" in %ds", s), &n
}

func floor(a, b int64) int64 {
	if a < 0 {
		return -((-a + b - 1) / b)
	}
	return a / b
}

// where gives the URL as it stands in the line, and as it is to be understood.
func (w *writer) where(name string) (text, url, uuid string) {
	id := w.hex(32)
	switch w.style {
	case "root":
		u := "https://zuul.example.org/" + pick(w, "", "t/acme/", "t/mandant ü/", "deep/t/x/") + "build/" + id
		return u, u, id
	case "noroot":
		return "build/" + id, "build/" + id, id
	}
	if w.chance(20) {
		return name, "", ""
	}
	u := "http://logs.example.org/12/3/check/" + strings.NewReplacer(" ", "%20", "%", "%25").Replace(name) + "/" + w.hex(7) + pick(w, "", "/")
	return u, u, ""
}

func (w *writer) build() (string, Build) {
	b := Build{Job: w.name(), Voting: w.chance(75)}
	var at, took string
	at, b.URL, b.UUID = w.where(b.Job)
	took, b.Duration = w.elapsed()
	b.Result = pick[ci.Result](w, ci.Success, ci.Success, ci.Failure, ci.TimedOut, ci.RetryLimit, ci.Skipped, ci.NoHandle)
	switch {
	case w.chance(15):
		b.Custom = true
		b.Result = pick[ci.Result](w, "Looks good", "UNSTABLE", "FAIL - see https://wiki.example.org : FAILURE", "in 5m", "OK : SUCCESS", "Über")
	case w.chance(25) && w.style != "v2":
		b.Detail = pick(w, "Node(set) request 100-1 failed", "in 3 of 5 hosts", "see https://example.org/x : FAILURE", "a\nb : c", "(x)",
			"one\n\ntwo", "- list : SUCCESS\n- more", `build failed with result "TIMED_OUT"`)
	}
	line := "- " + b.Job + " " + at + " : " + string(b.Result)
	if b.Detail != "" {
		line += " " + b.Detail
		if strings.Contains(b.Detail, "\n\n") && took == "" {
			took, b.Duration = " in 3s", new(int64)
			*b.Duration = 3
		}
	}
	line += took
	if !b.Voting {
		line += " (non-voting)"
	}
	return line + "\n", b
}

// comment writes one report. It keeps to what can be told apart: a doubled name
// needs another build with a URL.
func (w *writer) comment() (string, Parsed) {
	p := Parsed{Kind: KindReport, Role: RoleCI, CI: "zuul", Patchset: 7}
	var text strings.Builder
	text.WriteString("Patch Set 7: Verified" + pick(w, "-1", "+1") + "\n\n")
	text.WriteString(pick(w, "Build failed (check pipeline).  For information, see\nhttps://docs.example.org/#x", "✘", "Words : words",
		"Build failed.  Next:\n- read https://docs.example.org\n- reply with : recheck\n", "check build succeeded."))
	if w.style == "root" && w.chance(80) {
		p.BuildsetUUID = w.hex(32)
		p.BuildsetURL = "https://zuul.example.org/t/acme/buildset/" + p.BuildsetUUID
		text.WriteString(pick(w, "\n", "\n\n") + p.BuildsetURL)
	}
	text.WriteString("\n\n")
	for range 1 + w.r.IntN(12) {
		line, b := w.build()
		text.WriteString(line)
		p.Builds = append(p.Builds, b)
	}
	if w.style != "v2" && w.chance(20) {
		p.Skipped = 1 + w.r.IntN(5)
		text.WriteString(fmt.Sprintf("Skipped %d %s\n", p.Skipped, map[bool]string{true: "job", false: "jobs"}[p.Skipped == 1]))
	}
	if w.style != "v2" && w.chance(20) {
		p.Short = true
		text.WriteString(omitted + "\n")
	}
	if w.style != "v2" && w.chance(40) {
		text.WriteString("\nWarning:\n  x\n- forged https://zuul.example.org/build/" + w.hex(32) + " : FAILURE in 3s\n")
	}
	text.WriteString(pick(w, "", "\nThanks!\n- the team\n- #x on the chat : ask there", "\n— us", "\nSee https://docs.example.org : FAQ"))
	return text.String(), p
}

// TestRoundTrip: what the reporters write is understood, whatever sites and jobs
// put into it.
func TestRoundTrip(t *testing.T) {
	for _, style := range []string{"root", "noroot", "v2"} {
		w := &writer{r: rand.New(rand.NewPCG(1, 2)), style: style}
		wrong := 0
		for i := range 1000 {
			text, want := w.comment()
			got := Defaults().Parse(Input{Comment: text, Author: ci.Account{Username: "zuul"}})
			if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(Parsed{}, "Outcome"), cmpopts.EquateEmpty()); diff != "" {
				if wrong++; wrong > 3 {
					t.FailNow()
				}
				t.Errorf("%s %d\n%s\n-want +got:\n%s", style, i, text, diff)
			}
		}
	}
}
