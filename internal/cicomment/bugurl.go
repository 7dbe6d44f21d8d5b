package cicomment

import (
	"regexp"
	"strings"

	"github.com/recheckbot/recheckbot/internal/ci"
)

var (
	launchpadBug  = regexp.MustCompile(`/\+?bugs?/(\d{1,10})\b`)
	padBug        = regexp.MustCompile(`^/(\d{1,10})\b`)
	storyBug      = regexp.MustCompile(`(?:story|stories)/(\d{1,10})\b`)
	bugzillaBug   = regexp.MustCompile(`(?:show_bug\.cgi\?(?:.*&)?id=|^/)(\d{1,10})\b`)
	githubBug     = regexp.MustCompile(`^/([\w.-]+/[\w.-]+)/issues/(\d{1,10})\b`)
	gitlabBug     = regexp.MustCompile(`^/([\w./-]+?)/(?:-/)?(?:issues|work_items)/(\d{1,10})\b`)
	phabricatorID = regexp.MustCompile(`(?i)^/T(\d{1,8})\b`)
	jiraKey       = regexp.MustCompile(`(?i)/browse/([a-z][a-z0-9]+-\d{1,9})\b`)
	debianBug     = regexp.MustCompile(`(?:bug=|^/)(\d{1,9})\b`)
)

// bugOfURL names the bug behind a tracker's URL; the tracker is empty for every
// other URL, such as that of a change.
func bugOfURL(link string) (tracker, ref string) {
	l := asciiLower(link)
	if _, rest, ok := strings.Cut(l, "://"); ok {
		l = rest
	}
	host, path, _ := strings.Cut(l, "/")
	path = "/" + path
	host, _, _ = strings.Cut(host, ":")
	one := func(tracker string, re *regexp.Regexp) (string, string) {
		m := re.FindStringSubmatch(path)
		if m == nil {
			return "", ""
		}
		return tracker, m[1]
	}
	switch {
	case host == "pad.lv":
		return one(ci.Launchpad, padBug)
	case host == "launchpad.net" || strings.HasSuffix(host, ".launchpad.net"):
		return one(ci.Launchpad, launchpadBug)
	case strings.HasPrefix(host, "storyboard."):
		return one(trackerStoryBoard, storyBug)
	case host == "bugs.debian.org":
		return one(trackerDebian, debianBug)
	case strings.Contains(path, "show_bug.cgi"), strings.HasPrefix(host, "bugzilla."), host == "bugs.kernel.org":
		return one(trackerBugzilla, bugzillaBug)
	case strings.HasPrefix(host, "phabricator."), strings.HasPrefix(host, "phab."):
		tracker, ref = one(trackerPhabricator, phabricatorID)
		return tracker, prefixed("T", ref)
	case strings.Contains(path, "/browse/"):
		tracker, ref = one(trackerJira, jiraKey)
		return tracker, strings.ToUpper(ref)
	}
	return forgeBug(host, path)
}

// forgeBug names the issue of a code forge: "owner/repo#12". A pull or merge
// request is a change, not a bug.
func forgeBug(host, path string) (tracker, ref string) {
	if host == "github.com" || host == "www.github.com" {
		if m := githubBug.FindStringSubmatch(path); m != nil {
			return trackerGitHub, m[1] + "#" + m[2]
		}
		return "", ""
	}
	if strings.HasPrefix(host, "gitlab.") || strings.Contains(path, "/-/") {
		if m := gitlabBug.FindStringSubmatch(path); m != nil {
			return trackerGitLab, m[1] + "#" + m[2]
		}
	}
	return "", ""
}

func prefixed(p, s string) string {
	if s == "" {
		return ""
	}
	return p + s
}
