package handlers

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf16"

	"github.com/recheckbot/recheckbot/internal/cicomment"
)

// MaxReview is how many characters a review may have: Gerrit's default
// change.commentSizeLimit of 16 KiB counts UTF-16 units, not bytes.
const MaxReview = 16384

// WordingOptions say how reviews are worded.
type WordingOptions struct {
	Template string            // text/template over Text; empty: DefaultTemplate
	Hints    map[string]string // CI name to how to recheck there; empty or absent: a default that fires nothing
	CIs      []cicomment.CI    // whose triggers no text of ours may fire
	MaxLines int               // of one review; 0: 25
}

// Wording turns decisions into the texts of reviews.
type Wording struct {
	template *Template
	hints    map[string]string
	triggers []*regexp.Regexp
	maxLines int
}

// NewWording reads the template and refuses one that would start a recheck on
// any of the CIs, write nothing, or fail: with sample data, each CI's hint
// with it and without it.
func NewWording(o WordingOptions) (*Wording, error) {
	tmpl, err := ParseTemplate(o.Template)
	if err != nil {
		return nil, err
	}
	w := &Wording{template: tmpl, maxLines: o.MaxLines, hints: map[string]string{}}
	if w.maxLines <= 0 {
		w.maxLines = 25
	}
	for _, c := range o.CIs {
		w.triggers = append(w.triggers, triggersOf(c)...)
	}
	for _, c := range o.CIs {
		w.hints[c.Name] = w.hintFor(c, o.Hints[c.Name])
	}
	return w, w.check()
}

// CheckTemplate is NewWording for those who only want to know.
func CheckTemplate(o WordingOptions) error {
	_, err := NewWording(o)
	return err
}

// triggersOf are the CI's own trigger expressions, else those of its dialect.
func triggersOf(c cicomment.CI) []*regexp.Regexp {
	if len(c.Triggers) > 0 {
		return c.Triggers
	}
	var list []*regexp.Regexp
	for _, expr := range cicomment.DefaultTriggers(c.Dialect) {
		list = append(list, regexp.MustCompile(expr)) // constants, tested where they stand
	}
	return list
}

// The default hints: how Zuul's users ask again, and one that says less where
// the word itself would start the tests ("comment contains recheck").
const (
	hintZuul    = `If these are the causes, comment "recheck" with the reason to run the tests again.`
	hintNeutral = `If these are the causes, the tests may be run again.`
)

// hintFor is the configured hint, else the first default that fires nowhere.
func (w *Wording) hintFor(c cicomment.CI, configured string) string {
	if configured != "" {
		return oneLine(configured)
	}
	if c.Dialect != "jenkins" && w.fires(hintZuul) == "" {
		return hintZuul
	}
	return hintNeutral
}

// fires is the trigger that text would fire, or "".
func (w *Wording) fires(text string) string {
	trigger, fires := cicomment.Fires(text, w.triggers)
	if !fires {
		return ""
	}
	return trigger
}

// check renders samples with every hint.
func (w *Wording) check() error {
	hints := append(slices.Sorted(maps.Values(w.hints)), "")
	for _, sample := range samples() {
		for _, sample.Hint = range hints {
			if _, err := w.Review(sample, "rb-0123456789ab"); err != nil {
				return err
			}
		}
	}
	return nil
}

// FiresError is the refusal of a text that would start a recheck.
type FiresError struct{ Trigger string }

// Error names the trigger that the text would fire.
func (e *FiresError) Error() string {
	return fmt.Sprintf("the text would start a recheck: it fires the trigger %q", e.Trigger)
}

// Review words a report and ends with its reference ref, which no template can
// drop. It leaves away excerpts, then titles, where they would start a recheck,
// and shortens until the text fits. The error is final: *FiresError, or the
// template's.
func (w *Wording) Review(t Text, ref string) (string, error) {
	var fired string
	for _, less := range []func(*Job){func(*Job) {}, dropLine, dropTitles} {
		text, err := w.fit(t, ref, less)
		if err != nil {
			return "", err
		}
		if fired = w.fires(text); fired == "" {
			return text, nil
		}
	}
	return "", &FiresError{fired}
}

// fit renders with less and less until the text is short enough; a template
// that writes too much all the same is cut.
func (w *Wording) fit(t Text, ref string, less func(*Job)) (string, error) {
	tail := "\n\n(" + ref + ")"
	var body string
	for _, p := range plans(len(t.Recognized), less) {
		var err error
		if body, err = w.template.Render(p.apply(t)); err != nil {
			return "", err
		}
		if body == "" {
			return "", errors.New("report template: it wrote nothing")
		}
		if units(body+tail) <= MaxReview && strings.Count(body+tail, "\n") < w.maxLines {
			return body + tail, nil
		}
	}
	return cutUnits(body, MaxReview-units(tail)) + tail, nil
}

// plan is how much of a report is told.
type plan struct {
	jobs, known int // recognized jobs; fingerprints for each
	less        func(*Job)
}

// dropLine and dropTitles leave away of a job what others wrote; a title gives
// way to the bug's link or the fingerprint's name.
func dropLine(j *Job) { j.Line = "" }

func dropTitles(j *Job) {
	dropLine(j)
	j.Known = slices.Clone(j.Known)
	for i := range j.Known {
		k := &j.Known[i]
		k.Label, k.Bugs = k.Fingerprint, slices.Clone(k.Bugs)
		for n := range k.Bugs {
			k.Bugs[n].Title = ""
		}
		if len(k.Bugs) > 0 {
			k.Label = k.Bugs[0].label()
		}
	}
}

// plans go from everything to a single job: first fewer fingerprints for each,
// then no excerpts, then fewer jobs, always the first ones.
func plans(jobs int, less func(*Job)) []plan {
	list := []plan{{jobs, 3, less}, {jobs, 1, less}}
	for n := jobs; n > 0; n /= 2 {
		list = append(list, plan{n, 1, func(j *Job) { dropLine(j); less(j) }})
	}
	return list
}

// apply leaves out what is beyond the plan and counts it.
func (p plan) apply(t Text) Text {
	shown := min(p.jobs, len(t.Recognized))
	t.More += len(t.Recognized) - shown
	t.Recognized = slices.Clone(t.Recognized[:shown])
	for i, job := range t.Recognized {
		known := min(p.known, len(job.Known))
		job.More += len(job.Known) - known
		job.Known = job.Known[:known]
		p.less(&job)
		t.Recognized[i] = job
	}
	return t
}

// units is the length of text as Gerrit counts it.
func units(text string) int {
	n := 0
	for _, r := range text {
		n += max(utf16.RuneLen(r), 1)
	}
	return n
}

// cutUnits is text of at most limit units, ending in an ellipsis if it was longer.
func cutUnits(text string, limit int) string {
	if units(text) <= limit {
		return text
	}
	n := 0
	for i, r := range text {
		if n += max(utf16.RuneLen(r), 1); n > limit-1 {
			return text[:i] + "…"
		}
	}
	return text
}

// samples are what templates are tried with.
func samples() []Text {
	bug := Bug{"launchpad:1234567", "Connection refused by the mirror", "https://bugs.example.org/1234567"}
	job := Job{
		Name: "tempest-full", Result: "FAILURE", Line: "E: Failed to fetch http://mirror.example.org",
		Known: []Known{{"1234567", `"` + bug.Title + `" ` + bug.URL, []Bug{bug}, 12}},
		Log:   "https://logs.example.org/1/job-output.txt",
	}
	one := Text{
		CI: "zuul", Project: "example/project", Branch: "master", Pipeline: "gate",
		Change: 12345, Patchset: 2, Failed: 1, Count: 1, Recognized: []Job{job},
	}
	many := one
	many.Failed, many.More, many.Recognized = 9, 1, []Job{job, job}
	many.Unrecognized, many.Pending = []string{"grenade"}, []string{"pep8"}
	many.Undecided = []Undecided{{"docs", "no logs"}, {"unit", ""}}
	return []Text{one, many}
}
