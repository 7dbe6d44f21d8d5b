package cicomment

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/recheckbot/recheckbot/internal/ci"
)

// reporter is one way in which Zuul's reporters name builds.
type reporter string

const (
	pages    reporter = "build pages"         // 3.19 to 14, with a web root
	relative reporter = "relative pages"      // 14 without a web root
	folders  reporter = "log folders"         // 2.6 and 3.x: where the logs are
	nameless reporter = "folders, no names"   // 2.6 unless it is told to name jobs
	timeless reporter = "pages without times" // report_times switched off
)

var reporters = []reporter{pages, relative, folders, nameless, timeless}

func (r reporter) old() bool { return r == folders || r == nameless }

// writer writes comments in the formats of Zuul's reporters, with what sites and
// jobs put into them, and keeps what they say.
type writer struct {
	r  *rand.Rand
	by reporter
	// lines are those of the builds of the comment at hand
	lines []string
	// long says that the comment may be cut: a bullet in a detail that is cut
	// off there looks like the next build
	long bool
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

var oddNames = []string{"docs (non-voting)", "job : FAILURE", "a  b", "-x", "--", "build/x86_64", "проверка", "SUCCESS", "FAILURE",
	"https-proxy", "in 5m 00s", "build in 3m 12s", "recheck", "a|b", "0", "tests[py39]", "job%20x", "a - b", "* star", "Skipped 2 jobs",
	"x:y", "non-voting", "job,comma", "it's", "C++17", "job#1", "test=1", "build", "测试-单元", "unit : a : b", "Warning: x", "Start"}

func (w *writer) name() string {
	if w.chance(40) {
		return pick(w, oddNames...)
	}
	return pick(w, "unit", "tox-py312", "gate-tempest-dsvm-full", "lint", "docs") + fmt.Sprintf("-%d", w.r.IntN(100))
}

// elapsed writes a duration as Python does, whose division goes down.
func elapsedText(n int64) string {
	m, s := floorDiv(n, 60)
	h, m := floorDiv(m, 60)
	switch {
	case h != 0:
		return fmt.Sprintf(" in %dh %02dm %02ds", h, m, s)
	case m != 0:
		return fmt.Sprintf(" in %dm %02ds", m, s)
	}
	return fmt.Sprintf(" in %ds", s)
}

func floorDiv(a, b int64) (div, mod int64) {
	div, mod = a/b, a%b
	if mod < 0 {
		return div - 1, mod + b
	}
	return div, mod
}

func (w *writer) took() (string, *int64) {
	if w.by == timeless || w.chance(6) {
		return "", nil
	}
	n := int64(w.r.IntN(110000)) >> w.r.IntN(16)
	if w.chance(4) {
		n = -n
	}
	return elapsedText(n), &n
}

// where gives the URL as it stands in the line, and as it is to be understood.
func (w *writer) where(name string) (text, url, uuid string) {
	id := w.hex(32)
	switch w.by {
	case pages, timeless:
		u := pick(w, "https://zuul.example.org/", "http://zuul.example.org:9000/t/acme/", "https://ci.example.org/t/mandant ü/",
			"https://ci.example.org/deep/path/t/x/") + "build/" + id
		return u, u, id
	case relative:
		return "build/" + id, "build/" + id, id
	}
	if w.chance(15) {
		return name, "", ""
	}
	root := pick(w, "http://logs.example.org/12/3412/3/check/", "https://storage.example.net/v1/AUTH_0f/logs_12/3/test%20prio/")
	u := root + strings.NewReplacer("%", "%25", " ", "%20", "#", "%23", "?", "%3F").Replace(name) + "/" + w.hex(7) + pick(w, "", "/")
	return u, u, ""
}

// details are what Zuul and jobs put behind a result. Those of the second list
// can be told from the rest of the line by the time only.
var (
	details = []string{"Node(set) request 100-0023456789 failed", "Node request 300-0017871234 failed", "in 3 of 5 hosts",
		"see https://example.org/x : FAILURE", "a\nb : c", "(x)", "one\n\ntwo", "- list : SUCCESS\n- more", "Unable to merge",
		`Job a requires artifact(s) log provided by build 0123456789abcdef0123456789abcdef (triggered by change 1 on project p), but that build failed with result "TIMED_OUT"`,
		"Erreur : échec (non-voting?)", "Skipped due to failed job unit-1", "Early failure and indeterminate result", "in", "SUCCESS",
		"see build/00112233445566778899aabbccddeeff", "https://logs.example.org/1/2/unit/1234567 : SUCCESS in 3s, or so", "5s"}
	timedDetails = []string{"(non-voting)", "gave up in 10m 00s", "no answer in 3s", "a (non-voting)", "x\n\ny in 3s", "failed in 0s"}
	customs      = []ci.Result{"Looks good", "UNSTABLE", "FAIL - see https://wiki.example.org : FAILURE", "in 5m", "OK : SUCCESS", "Über",
		"This job is expected to fail", "Success: all fine", `Missing "Depends-On"`, "I don't care", "Erfolg ✔", "success", "Failure"}
	plain = []ci.Result{ci.Success, ci.Success, ci.Success, ci.Failure, ci.TimedOut, ci.RetryLimit, ci.Skipped, ci.NoHandle, ci.NodeFailure,
		ci.PostFailure, ci.Canceled, ci.Retry, ci.DiskFull, ci.MergerFailure, ci.Aborted, ci.Dequeued, ci.ConfigError, ci.SecretExposure}
)

func (w *writer) result(b *Build) {
	b.Result = pick(w, plain...)
	switch {
	case w.chance(15):
		b.Result, b.Custom = pick(w, customs...), true
	case w.by.old():
	case w.chance(20):
		if b.Detail = pick(w, details...); w.long {
			b.Detail = strings.ReplaceAll(b.Detail, "\n- ", " ")
		}
	case w.chance(8) && w.by != timeless:
		b.Detail = pick(w, timedDetails...)
	}
}

// build writes one line. What only a time could tell apart has one.
func (w *writer) build() (string, Build) {
	b := Build{Job: w.name(), Voting: w.chance(75)}
	if w.by == nameless {
		b.Job = strings.ReplaceAll(b.Job, "/", "-") // a nameless line tells the last part of the path only
	}
	at, took := "", ""
	at, b.URL, b.UUID = w.where(b.Job)
	w.result(&b)
	if w.by == nameless && b.URL == "" && (strings.Contains(b.Job, sep) || b.Result == "OK : SUCCESS") {
		b.Result, b.Custom = ci.Failure, false // "- a : b : c" may mean two things
	}
	took, b.Duration = w.took()
	if took == "" && (strings.Contains(b.Detail, "\n\n") || strings.HasSuffix(b.Detail, "s") || strings.HasSuffix(b.Detail, ")")) {
		if w.by == timeless {
			b.Detail = "Unable to merge"
		} else {
			took, b.Duration = " in 3s", new(int64(3))
		}
	}
	line := "- "
	if w.by != nameless {
		line += b.Job + " "
	}
	line += at + " : " + string(b.Result)
	if b.Detail != "" {
		line += " " + b.Detail
	}
	line += took
	if !b.Voting {
		line += " (non-voting)"
	}
	return line + "\n", b
}
