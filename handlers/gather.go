package handlers

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/recheckbot/recheckbot/internal/ci"
	"github.com/recheckbot/recheckbot/internal/store"
)

// Bounds on what goes into one text, in characters or items.
const (
	maxName  = 120
	maxTitle = 140
	maxURL   = 500
	maxNames = 10
)

// gatherer turns what is known of a report into what may be said of it.
type gatherer struct {
	redact  *Redactor
	excerpt int // characters of a quoted line
	bugURL  func(ci.BugRef) string
}

// gathered is a report as it may be said.
type gathered struct {
	Text
	pending   int  // voting failed builds still being looked at
	hidden    int  // recognized only by what is not said
	uncertain bool // a voting failure is unrecognized, or may become so
}

// gather sorts the failed voting builds of a report: non-voting ones are never
// said. Say tells whether a fingerprint's hits may be said.
func (g gatherer) gather(v store.ReportView, say func(fingerprint string) bool) gathered {
	out := gathered{Text: Text{
		CI: v.CI, Project: oneLine(v.Change.Project), Branch: oneLine(v.Change.Branch),
		Pipeline: oneLine(v.Pipeline), Change: v.Change.Number, Patchset: v.Patchset,
	}}
	for _, b := range v.Builds {
		if b.Voting {
			g.add(&out, b, say)
		}
	}
	out.Count = len(out.Recognized)
	out.Unrecognized, out.Pending = fewNames(out.Unrecognized), fewNames(out.Pending)
	if more := len(out.Undecided) - maxNames; more > 0 {
		out.Undecided = append(out.Undecided[:maxNames], Undecided{Name: fmt.Sprintf("+%d more", more)})
	}
	return out
}

// add puts one build where its state belongs; others than failed ones nowhere.
func (g gatherer) add(out *gathered, b store.BuildView, say func(string) bool) {
	name := cut(oneLine(b.Job), maxName)
	switch b.State {
	case store.BuildRecognized:
		if job, ok := g.job(b, say); ok {
			out.Recognized = append(out.Recognized, job)
		} else {
			out.hidden++
		}
	case store.BuildUnrecognized:
		out.Unrecognized = append(out.Unrecognized, name)
		out.uncertain = true
	case store.BuildLookup, store.BuildSearch:
		out.Pending = append(out.Pending, name)
		out.pending++
		out.uncertain = true
	case store.BuildNoLogs, store.BuildIncomplete, store.BuildUnknown:
		out.Undecided = append(out.Undecided, Undecided{name, undecided(b.State)})
	default:
		return // excluded: not a failure, or not ours to judge
	}
	out.Failed++
}

// undecided is a state in words for readers, where it says more than that;
// the reasons with their addresses and errors stay in the database.
func undecided(state store.BuildState) string {
	switch state {
	case store.BuildNoLogs:
		return "no logs"
	case store.BuildIncomplete:
		return "incomplete logs"
	}
	return ""
}

// job is a recognized build in words; false if none of its hits may be said.
func (g gatherer) job(b store.BuildView, say func(string) bool) (Job, bool) {
	hits := slices.Clone(b.Hits)
	slices.SortStableFunc(hits, func(x, y store.HitView) int {
		return cmp.Or(cmp.Compare(y.OtherChanges, x.OtherChanges), strings.Compare(x.Fingerprint, y.Fingerprint))
	})
	job := Job{Name: cut(oneLine(b.Job), maxName), Result: string(cmp.Or(b.Result, b.Said))}
	for _, h := range hits {
		if h.If != "" || !say(h.Fingerprint) {
			continue
		}
		if len(job.Known) == 0 {
			job.Line = g.redact.Excerpt(h.Excerpt, g.excerpt)
			job.Log = cmp.Or(g.link(h.URL), g.link(b.LogURL), g.link(b.URL))
		}
		job.Known = append(job.Known, g.known(h))
	}
	return job, len(job.Known) > 0
}

// known is one hit's fingerprint in words: its bugs, else its title or name.
func (g gatherer) known(h store.HitView) Known {
	k := Known{Fingerprint: oneLine(h.Fingerprint), Others: h.OtherChanges}
	var labels []string
	for _, b := range h.Bugs {
		bug := g.bug(b)
		k.Bugs = append(k.Bugs, bug)
		labels = append(labels, bug.label())
	}
	k.Label = strings.Join(labels, ", ")
	if k.Label == "" {
		k.Label = quoteTitle(cmp.Or(h.Title, h.Fingerprint))
	}
	return k
}

// bug is a bug in words; the title of a private one is nobody's to read.
func (g gatherer) bug(b store.BugView) Bug {
	bug := Bug{Name: oneLine(b.BugRef.String()), URL: g.link(g.bugURL(b.BugRef))}
	if !b.Private {
		bug.Title = plainTitle(b.Title)
	}
	return bug
}

// label is the title when known and the link, else the link, else the name.
func (b Bug) label() string {
	label := cmp.Or(b.URL, b.Name)
	if b.Title != "" {
		label = quoteTitle(b.Title) + " " + label
	}
	return label
}

// quoteTitle is a title in quotes.
func quoteTitle(title string) string { return `"` + plainTitle(title) + `"` }

// plainTitle is a title of one line that cannot become a link or code where a
// web page renders Markdown.
func plainTitle(title string) string {
	title = strings.NewReplacer("](", "] (", "`", "'", `"`, "'").Replace(oneLine(title))
	return cut(title, maxTitle)
}

// link is address if a person can follow it, without any user information and
// secrets, else "".
func (g gatherer) link(address string) string {
	u, err := url.Parse(address)
	if err != nil || len(address) > maxURL || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return ""
	}
	u.User = nil
	return strings.ReplaceAll(g.redact.Redact(oneLine(u.String())), " ", "%20")
}

// fewNames are the first names, and how many more there are.
func fewNames(names []string) []string {
	if more := len(names) - maxNames; more > 0 {
		return append(names[:maxNames:maxNames], fmt.Sprintf("+%d more", more))
	}
	return names
}
