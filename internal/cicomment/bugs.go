package cicomment

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/recheckbot/recheckbot/internal/ci"
)

// Trackers that a comment's words or URLs tell by themselves.
const (
	trackerStoryBoard  = "storyboard"
	trackerBugzilla    = "bugzilla"
	trackerPhabricator = "phabricator"
	trackerGitHub      = "github"
	trackerGitLab      = "gitlab"
	trackerJira        = "jira"
	trackerDebian      = "debian"
)

// maxBugs bounds how many bugs one comment may name.
const maxBugs = 100

// found are the bugs named in a text; others is the text without them.
type found struct {
	bugs   []int64
	refs   []ci.BugRef
	others string
}

// mention matches every form in which a bug is named. Groups: 1 URL; 2
// owner/repo#N; 3 tracker's word and 4 number; 5 Jira key; 6 "bug N"; 7 T N; 8 #N.
var mention = regexp.MustCompile(`(?i)` +
	`((?:https?://|\b(?:bugs\.launchpad\.net|launchpad\.net|pad\.lv|github\.com|storyboard\.openstack\.org|` +
	`phabricator\.wikimedia\.org|bugzilla\.[\w.-]+)/)[^\s<>"'\])]+)` +
	`|\b([\w.-]+/[\w.-]+#\d{1,9})\b` +
	`|\b(lp|launchpad|story[\s-]?board|story|sb|rhbz|bugzilla|bz|github|gh|gitlab|phabricator|phab|maniphest|` +
	`(?:red\s?hat|rh|fedora|centos|kernel|mozilla|gnome|kde|debian)\s+bug)` +
	`(?:[\s:-]*(?:bugs?|issues?|stor(?:y|ies)|tickets?|task))?[\s:#/-]*(?:no\.?\s*)?T?(\d{1,10})\b` +
	`|\bjira[\s:#-]*(?:issue\s+|ticket\s+)?([a-z][a-z0-9]+-\d{1,9})\b` +
	`|\bbugs?(?:\s*(?:report|number|no\.?|nr\.?|id)\b\.?)?[\s:#=/(-]*(\d{1,10})\b` +
	`|\bT(\d{4,7})\b` +
	`|#(\d{5,10})\b`)

// next matches a further number of the same list: ", 1234567", "and #1234568".
var next = regexp.MustCompile(`(?i)^(?:(?:\s*(?:,|;|&|\+|/|\band\b|\bor\b)\s*)+#?|\s+#)(\d{5,10})\b`)

// nextPlain matches a number behind a mere space, as in "bug 1234567 1234568";
// shorter ones are mostly changes.
var nextPlain = regexp.MustCompile(`^\s+(\d{7,10})\b`)

// findBugs reads all bugs of a text, in order, each once.
func findBugs(s string) found {
	f := found{}
	var others strings.Builder
	const maxStatement = 64 << 10
	s = s[:min(len(s), maxStatement)]
	for pos := 0; pos < len(s) && len(f.bugs)+len(f.refs) < maxBugs; {
		m := mention.FindStringSubmatchIndex(s[pos:])
		if m == nil {
			others.WriteString(s[pos:])
			break
		}
		group := func(n int) string {
			if m[2*n] < 0 {
				return ""
			}
			return s[pos+m[2*n] : pos+m[2*n+1]]
		}
		end := pos + m[1]
		tracker, ref := "", ""
		if before := s[:pos+m[0]]; !denied.MatchString(before[max(0, len(before)-maxDenial):]) {
			tracker, ref = f.read(before, s[end:], group)
		}
		if tracker == "" {
			others.WriteString(s[pos:end])
			pos = end
			continue
		}
		others.WriteString(s[pos : pos+m[0]])
		others.WriteByte(' ')
		f.add(tracker, ref)
		pos = f.list(s, end, tracker)
	}
	f.others = others.String()
	return f
}

// denied ends in words that say which bug it is not.
var denied = regexp.MustCompile(`(?i)(?:\b(?:not|never|unrelated\s+to|not\s+(?:related|due)\s+to|nothing\s+to\s+do\s+with|rather\s+than|` +
	`instead\s+of|other\s+than)|n['’]t)\s+(?:(?:a|the|same|as|dup(?:licate)?|of|nova|neutron|cinder)\s+)*$`)

const maxDenial = 60 // bytes looked at before a bug

// read names tracker and bug of one match; an empty tracker means that it is no
// bug after all. before and after are the text around it.
func (f *found) read(before, after string, group func(int) string) (tracker, ref string) {
	if u := group(1); u != "" {
		return bugOfURL(u)
	}
	if r := group(2); r != "" {
		return trackerGitHub, strings.ToLower(r)
	}
	if w := group(3); w != "" {
		if measured(after) || !namesBug(w, group(4), group(0)) {
			return "", ""
		}
		return trackerOf(w, group(4))
	}
	if k := group(5); k != "" {
		return trackerJira, strings.ToUpper(k)
	}
	if n := group(6); n != "" {
		if measured(after) && len(n) < 6 {
			return "", ""
		}
		return ci.Launchpad, n
	}
	if n := group(7); n != "" {
		return trackerPhabricator, "T" + n
	}
	if countsOther.MatchString(before) {
		return "", ""
	}
	return ci.Launchpad, group(8)
}

// countsOther ends in a word whose "#N" is no bug.
var countsOther = regexp.MustCompile(`(?i)(?:\b(?:change|review|patch|patch\s?set|ps|pr|pull|request|issue|test|build|run|attempt|` +
	`task|line|step|job|comment|ticket|mr|cl|try|time|number)s?\s*|[\w/&])$`)

// measured reports whether a number goes on as another kind of number: a
// fraction, a date, an amount of something, or a change that has merged.
func measured(after string) bool {
	return amountOf.MatchString(after)
}

var amountOf = regexp.MustCompile(`(?i)^(?:[.-]\d|,\d{3}\b|\s*%|\s+(?:(?:has|have|is|was)\s+)?(?:merged|landed)\b|\s*(?:s|secs?|seconds?|ms|mins?|minutes?|hours?|days?|times?|tests?|failures?|jobs?|runs?|changes?)\b)`)

// namesBug reports whether a tracker's word with a number means a bug there:
// "github 502" and "launchpad 503" are errors, "github issue 502" is not.
func namesBug(word, number, whole string) bool {
	const surelyBug = 5 // digits
	switch w := strings.ToLower(word); w {
	case "lp", "story", "rhbz", "bz":
		return true
	case "gh", "phab", "maniphest":
		return len(whole) > len(w)+len(number)
	}
	between := asciiLower(whole[len(word) : len(whole)-len(number)])
	return len(number) >= surelyBug || strings.Contains(word, " ") || strings.ContainsAny(between, "#:abcdefghijklmnopqrstuvwxyz")
}

func trackerOf(word, number string) (tracker, ref string) {
	w := strings.ToLower(word)
	switch {
	case w == "lp", w == "launchpad":
		return ci.Launchpad, number
	case strings.HasPrefix(w, "story"), w == "sb":
		return trackerStoryBoard, number
	case w == "github", w == "gh":
		return trackerGitHub, number
	case w == "gitlab":
		return trackerGitLab, number
	case strings.HasPrefix(w, "phab"), w == "maniphest":
		return trackerPhabricator, "T" + number
	case strings.HasPrefix(w, "debian"):
		return trackerDebian, number
	}
	return trackerBugzilla, number
}

func (f *found) add(tracker, ref string) {
	if tracker != ci.Launchpad {
		if r := (ci.BugRef{Tracker: tracker, Ref: ref}); !slices.Contains(f.refs, r) {
			f.refs = append(f.refs, r)
		}
		return
	}
	n, err := strconv.ParseInt(ref, 10, 64)
	if err == nil && n > 0 && !slices.Contains(f.bugs, n) {
		f.bugs = append(f.bugs, n)
	}
}

// list reads the further numbers of a list and returns where it ends.
func (f *found) list(s string, pos int, tracker string) int {
	if tracker != ci.Launchpad && tracker != trackerStoryBoard && tracker != trackerBugzilla {
		return pos
	}
	for range maxBugs {
		m := next.FindStringSubmatchIndex(s[pos:])
		if m == nil {
			m = nextPlain.FindStringSubmatchIndex(s[pos:])
		}
		if m == nil || measured(s[pos+m[1]:]) {
			return pos
		}
		f.add(tracker, s[pos+m[2]:pos+m[3]])
		pos += m[1]
	}
	return pos
}
