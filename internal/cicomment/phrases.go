package cicomment

import (
	"strings"
)

// phrase is how a CI says a kind: the beginning of a line, in lower case. A sure
// one tells a CI's text from a person's without knowing the author.
type phrase struct {
	begins, holds string
	kind          Kind
	sure          bool
}

// phrases are the built-in ones, from the reporters of Zuul 2.6 to 14 and of
// Jenkins Gerrit Trigger. The first that fits wins.
var phrases = []phrase{
	{"starting ", " jobs.", KindStart, true},
	{"starting ", "", KindStart, false},
	{"build started http", "", KindStart, true},
	{"build started", "", KindStart, false},
	{"enqueued ", "", KindEnqueue, true},
	{"no jobs ran", "", KindNoJobs, true},
	{"no jobs ", "", KindNoJobs, false},
	{"no builds executed", "", KindNoJobs, true},
	{"merge failed", "", KindMergeFailure, true},
	{"merge conflict", "", KindMergeFailure, false},
	{"this change was unable to be automatically merged", "", KindMergeFailure, true},
	{"this change or one of its cross-repo dependencies was unable", "", KindMergeFailure, true},
	{"this change was not merged by the code review system", "", KindNotMerged, true},
	{"zuul encountered a", "", KindConfigError, true},
	{"unknown configuration error", "", KindConfigError, true},
	{"unable to freeze job graph", "", KindConfigError, true},
	{"this change depends on a change to a config project", "", KindConfigError, true},
	{"this change depends on a change with an invalid configuration", "", KindConfigError, true},
	{"build canceled", "", KindCancel, true},
	{"build cancelled", "", KindCancel, true},
	{"this change depends on a change that failed to merge", "", KindDependencyFailed, true},
	{"these changes depend on a change that failed to merge", "", KindDependencyFailed, true},
	{"this change is unable to merge due to a missing merge requirement", "", KindMissingRequirement, true},
	{"these changes are unable to merge due to a missing merge requirement", "", KindMissingRequirement, true},
	{"this change is part of a dependency cycle that failed", "", KindCycleFailed, true},
	{"this change is part of a bundle that", "", KindCycleFailed, true},
}

// maxLine bounds how much of a line is looked at for words.
const maxLine = 400

// builtin finds the kind that the first line of a CI's text says, "" for none.
func builtin(first string) (Kind, bool) {
	l := lower(first)
	for _, p := range phrases {
		if strings.HasPrefix(l, p.begins) && (p.holds == "" || strings.Contains(l, p.holds)) {
			return p.kind, p.sure
		}
	}
	return "", false
}

// configured finds a kind by a site's own phrases: any line of the head counts.
func (c *CI) configured(head []string) Kind {
	if len(c.Phrases) == 0 {
		return ""
	}
	const maxHeadLines = 50
	for _, l := range head[:min(len(head), maxHeadLines)] {
		l = lower(strings.TrimSpace(l))
		for _, k := range Kinds() {
			for _, p := range c.Phrases[string(k)] {
				if p != "" && strings.HasPrefix(l, strings.ToLower(p)) {
					return k
				}
			}
		}
	}
	return ""
}

// buildHeader reports whether a line says that a build ended, such as "Build
// succeeded (check pipeline)." or "gate build failed."; sure when it is exactly
// what a reporter writes and no sentence of a person's.
func buildHeader(first string) (is, sure bool) {
	l := strings.TrimSpace(lower(first))
	_, after, ok := strings.Cut(l, "build ")
	if !ok {
		return false, false
	}
	for _, w := range []string{"failed", "succeeded", "successful", "unstable", "aborted"} {
		rest, ok := strings.CutPrefix(after, w)
		if !ok {
			continue
		}
		alone := strings.HasPrefix(l, "build ") && (rest == "" || rest == "." || strings.HasPrefix(rest, ".  for information") ||
			(strings.HasPrefix(rest, " (") && strings.Contains(rest, " pipeline).")))
		return true, alone
	}
	return false, false
}

func firstLine(lines []string) string {
	for _, l := range lines {
		if !blank(l) {
			return strings.TrimSpace(l)
		}
	}
	return ""
}

func lower(s string) string { return strings.ToLower(s[:min(len(s), maxLine)]) }
