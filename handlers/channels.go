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
	full, short := make([]string, len(t.Recognized)), make([]string, len(t.Recognized))
	for i, job := range t.Recognized {
		full[i] = job.Name + ": " + job.Known[0].Label
		short[i] = job.Name + ": " + job.Known[0].short()
	}
	return fitItems(headOf(t)+" failed: ", full, short, t.More, address)
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
	return fitItems(headOf(t)+" failed, nothing recognized in: ", t.Unrecognized, t.Unrecognized, 0, address)
}

// headOf names the change and the pipeline.
func headOf(t Text) string {
	head := fmt.Sprintf("%s %d,%d", cut(t.Project, 60), t.Change, t.Patchset)
	if t.Pipeline != "" {
		head += " (" + cut(t.Pipeline, 30) + ")"
	}
	return head
}

// fitItems writes as many items as fit into one line of IRC, short ones where
// the full ones do not fit, then how many more there are and the address; an
// address is never cut.
func fitItems(head string, full, short []string, more int, address string) string {
	more += len(full)
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
	for i := range full {
		more--
		switch {
		case len(line+sep+full[i]+tail())+len("; +999 more") <= maxIRC:
			line += sep + full[i]
		case len(line+sep+short[i]+tail())+len("; +999 more") <= maxIRC:
			line += sep + short[i]
		default:
			more++
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
