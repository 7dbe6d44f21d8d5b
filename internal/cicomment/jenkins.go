package cicomment

import (
	"net/url"
	"strings"

	"github.com/recheckbot/recheckbot/internal/ci"
)

// readJenkins reads `URL : RESULT` lines as the Gerrit Trigger plugin writes
// them. Everything else in the text comes from other plugins and is ignored. The
// plugin marks a build whose vote it leaves out with "(skipped)", and opens a
// job's own message with "<<<".
func readJenkins(lines []string) []Build {
	var builds []Build
	quoted := false
	for _, l := range lines {
		l = strings.TrimSpace(l)
		if quoted {
			quoted = l != ">>>"
			continue
		}
		b, ok := jenkinsLine(l)
		if !ok {
			continue
		}
		quoted = strings.HasSuffix(l, "<<<")
		builds = append(builds, b)
	}
	return builds
}

func jenkinsLine(l string) (Build, bool) {
	if !strings.HasPrefix(l, "http") {
		return Build{}, false
	}
	link, rest, ok := strings.Cut(l, sep)
	if !ok || strings.ContainsAny(link, " \t") || !strings.Contains(link, "://") {
		return Build{}, false
	}
	f := strings.Fields(strings.TrimSuffix(rest, "<<<"))
	if len(f) == 0 || len(f) > 2 || !ci.Result(f[0]).Known() {
		return Build{}, false
	}
	b := Build{Job: jobFromJenkinsURL(link), URL: link, Result: ci.Result(f[0]), Voting: true}
	if len(f) == 2 {
		b.Voting = false
		if f[1] != "(skipped)" && f[1] != "(non-voting)" {
			return Build{}, false
		}
	}
	return b, true
}

// jobFromJenkinsURL reads the job out of …/job/FOLDER/job/NAME/12/: folders and
// name joined by slashes, a matrix cell behind it; "" when the URL has no job.
func jobFromJenkinsURL(link string) string {
	path := pathOf(link)
	var names []string
	parts := strings.Split(strings.Trim(path, "/"), "/")
	for i := 0; i < len(parts); i++ {
		if parts[i] == "job" && i+1 < len(parts) {
			i++
			names = append(names, unescape(parts[i]))
			continue
		}
		if len(names) == 0 {
			continue
		}
		if !strings.Contains(parts[i], "=") {
			break
		}
		names = append(names, unescape(parts[i]))
	}
	return strings.Join(names, "/")
}

// jobFromLogURL reads the job out of an old Zuul log URL, …/PIPELINE/JOB/SHORT
// UUID: the element before the short uuid; "" when the URL is of another shape.
func jobFromLogURL(link string) string {
	parts := strings.Split(strings.Trim(pathOf(link), "/"), "/")
	for i := len(parts) - 1; i > 0; i-- {
		if n := len(parts[i]); n >= 7 && n <= 32 && isHex(parts[i]) {
			return unescape(parts[i-1])
		}
	}
	return jobFromJenkinsURL(link)
}

func pathOf(link string) string {
	_, rest, ok := strings.Cut(link, "://")
	if !ok {
		return ""
	}
	_, path, _ := strings.Cut(rest, "/")
	path, _, _ = strings.Cut(path, "?")
	path, _, _ = strings.Cut(path, "#")
	return path
}

func unescape(s string) string {
	if u, err := url.PathUnescape(s); err == nil {
		return u
	}
	return s
}
