package handlers

import (
	"fmt"
	"slices"
	"strings"
)

// The kinds of announcements that a channel can want.
const (
	KindRecognized   = "recognized"
	KindUnrecognized = "unrecognized"
	KindUntrackedBug = "untracked-bug"
	KindAlarms       = "alarms"
)

// Channel is an IRC channel and what it wants to hear. No patterns match all;
// Kinds has no default.
type Channel struct {
	Name                          string
	Projects, Pipelines, Branches Globs
	Kinds                         []string
}

// wantsReport reports whether the channel wants word of that kind on a report.
func (c Channel) wantsReport(kind string, t Text) bool {
	return slices.Contains(c.Kinds, kind) && c.Projects.orAll(t.Project) &&
		c.Pipelines.orAll(t.Pipeline) && c.Branches.orAll(t.Branch)
}

// wantsBug reports whether the channel wants to hear of untracked bugs that are
// named in a project; they belong to no pipeline and to no branch.
func (c Channel) wantsBug(project string) bool {
	return slices.Contains(c.Kinds, KindUntrackedBug) && c.Projects.orAll(project)
}

// maxIRC is how many bytes a line of ours has: 512 of RFC 2812, less what the
// server puts in front when it relays it.
const maxIRC = 400

// recognizedLine announces a report in which something was recognized.
func recognizedLine(t Text, address string) string {
	var full, short []string
	var jobs []int
	for _, c := range causes(t.Recognized) {
		names := strings.Join(c.jobs[:min(len(c.jobs), maxTogether)], ", ")
		if more := len(c.jobs) - maxTogether; more > 0 {
			names += fmt.Sprintf(" and %d more", more)
		}
		full = append(full, names+": "+c.known.Label)
		short = append(short, names+": "+c.known.short())
		jobs = append(jobs, len(c.jobs))
	}
	return fitItems(headOf(t)+" failed: ", items{full, short, jobs}, t.More, address)
}

// maxTogether is how many jobs that failed of one cause are named in a line.
const maxTogether = 3

// cause is what several jobs of a report failed of.
type cause struct {
	known Known
	jobs  []string
}

// causes puts jobs with the same first cause together, in the report's order.
func causes(jobs []Job) []cause {
	var list []cause
	at := map[string]int{}
	for _, job := range jobs {
		k := job.Known[0]
		i, seen := at[k.Label]
		if !seen {
			i, at[k.Label] = len(list), len(list)
			list = append(list, cause{known: k})
		}
		list[i].jobs = append(list[i].jobs, job.Name)
	}
	return list
}

// short is the link of a known cause, else its label.
func (k Known) short() string {
	if len(k.Bugs) > 0 && k.Bugs[0].URL != "" {
		return k.Bugs[0].URL
	}
	return cut(k.Label, 60)
}

// unrecognizedLine announces a report with failures that nothing recognized.
func unrecognizedLine(t Text, address string) string {
	ones := slices.Repeat([]int{1}, len(t.Unrecognized))
	return fitItems(headOf(t)+" failed, nothing recognized in: ", items{t.Unrecognized, t.Unrecognized, ones}, 0, address)
}

// headOf names the change and the pipeline.
func headOf(t Text) string {
	head := fmt.Sprintf("%s %d,%d", cut(t.Project, 60), t.Change, t.Patchset)
	if t.Pipeline != "" {
		head += " (" + cut(t.Pipeline, 30) + ")"
	}
	return head
}

// items are the parts of a line: each in full, short, and for how many jobs it
// stands.
type items struct {
	full, short []string
	jobs        []int
}

// fitItems writes as many items as fit into one line of IRC, short ones where
// the full ones do not fit, then for how many more jobs there are others and the
// address; an address is never cut.
func fitItems(head string, of items, more int, address string) string {
	for _, n := range of.jobs {
		more += n
	}
	tail := func() string {
		end := ""
		if more > 0 {
			end = fmt.Sprintf("; +%d more", more)
		}
		if address != "" {
			end += " - " + address
		}
		return end
	}
	line, sep := head, ""
	for i, full := range of.full {
		more -= of.jobs[i]
		switch {
		case len(line+sep+full+tail())+len("; +999 more") <= maxIRC:
			line += sep + full
		case len(line+sep+of.short[i]+tail())+len("; +999 more") <= maxIRC:
			line += sep + of.short[i]
		default:
			more += of.jobs[i]
			return cutBytes(line, maxIRC-len(tail())) + tail()
		}
		sep = "; "
	}
	return cutBytes(line, maxIRC-len(tail())) + tail()
}

// cutBytes is text of at most limit bytes of whole characters.
func cutBytes(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	return strings.ToValidUTF8(text[:max(limit-len("…"), 0)], "") + "…"
}
