package cicomment

import (
	"strings"

	"github.com/recheckbot/recheckbot/internal/ci"
)

// layout is where things stand in a body.
type layout struct {
	bullets  []buildLine // one a line, formNone where there is none
	buildset int         // line of the buildset's URL, -1 without
	start    int         // first build line, -1 without
	last     int         // last line that is surely a build
	end      int         // first line that is no build line any more: a count or a footer
	named    bool
}

// survey finds the block of build lines. It begins behind a blank line, so the
// first sure line pulls in the bullets above it in its own paragraph; bullets of
// the site's own words stand in earlier paragraphs.
func survey(lines []string) layout {
	s := layout{bullets: readBullets(lines), buildset: -1, start: -1, last: -1, end: len(lines)}
	for i, l := range lines {
		if isFooter(lines, i, s.start >= 0) {
			s.end = i
			break
		}
		if s.start < 0 && isBuildsetURL(l) {
			s.buildset = i
		}
		if s.bullets[i].form != formNone {
			s.consider(i, &s.bullets[i])
		}
	}
	if s.start < 0 {
		s.start = s.likelyStart(lines)
		s.last = s.start
	}
	for s.start > 0 && s.joins(s.start-1) {
		s.start--
	}
	return s
}

// readBullets reads each line by itself. Where lines begin with their URL, as in
// old Zuuls that do not name jobs, a URL further on stands in a job's message.
func readBullets(lines []string) []buildLine {
	bullets := make([]buildLine, len(lines))
	nameless, named := 0, 0
	for i, l := range lines {
		if isFooter(lines, i, false) {
			break
		}
		b, ok := readBuildLine(l)
		if !ok {
			continue
		}
		bullets[i] = b
		switch {
		case b.form == formURL && b.job == "":
			nameless++
		case b.form == formURL && (b.uuid != "" || logFolder(b.url)):
			named++
		}
	}
	for i := range bullets {
		if b := &bullets[i]; nameless > named && b.form == formURL && b.job != "" {
			*b, _ = bareLine(lines[i][len("- "):])
		}
	}
	return bullets
}

// consider notes a sure line. Where builds have names or URLs, a bare bullet is
// none; where none has (an old Zuul), a bare bullet with a result is one.
func (s *layout) consider(i int, b *buildLine) {
	if !b.confident || (s.named && b.form == formBare) {
		return
	}
	if b.form != formBare && b.job != "" && !s.named {
		s.named = true
		if s.start >= 0 && s.bullets[s.start].form == formBare {
			s.start = -1
		}
	}
	if s.start < 0 {
		s.start = i
	}
	s.last = i
}

// joins reports whether line i is one of the block's bullets.
func (s *layout) joins(i int) bool {
	f := s.bullets[i].form
	return f != formNone && (f != formBare || !s.named)
}

// likelyStart is for builds that all carry messages of their own: the first
// bullet with a URL or a doubled name that opens a paragraph.
func (s *layout) likelyStart(lines []string) int {
	for i := range s.end {
		b := &s.bullets[i]
		if b.form > formBare && i > s.buildset && i > 0 && blank(lines[i-1]) {
			s.named = b.job != ""
			return i
		}
	}
	return -1
}

// collect reads the builds. A line that is no build line continues the one
// above it: details may span lines, and the time then stands on a later one.
func (s *layout) collect(lines []string) (builds []Build, stop int) {
	builds = make([]Build, 0, min(s.end-s.start, 64))
	var rests []string
	i := s.start
	for i < s.end && s.joins(i) {
		line := &s.bullets[i]
		var rest string
		rest, i = s.whole(lines, i)
		rests = append(rests, rest)
		b := readResult(rest, true)
		b.Job, b.URL, b.UUID = line.job, line.url, line.uuid
		if b.Job == "" {
			b.Job = jobFromLogURL(b.URL)
		}
		builds = append(builds, b)
	}
	if timesOff(builds) {
		for n := range builds {
			b := readResult(rests[n], false)
			builds[n].Result, builds[n].Detail, builds[n].Duration = b.Result, b.Detail, nil
		}
	}
	for i < s.end && blank(lines[i]) {
		i++
	}
	return builds, i
}

// timesOff reports whether a CI that tells no times wrote these builds: none that
// ran to an end and says no more than its result has one. What looks like a time
// behind a detail or a message is then a part of it.
func timesOff(builds []Build) bool {
	const enough = 4 // that ran to an end
	untimed := 0
	for _, b := range builds {
		if b.Custom || b.Detail != "" {
			continue
		}
		if b.Duration != nil {
			return false
		}
		if b.Result == ci.Success || b.Result == ci.Failure {
			untimed++
		}
	}
	return untimed >= enough
}

// whole joins a build line at i with the lines that continue it, and says where
// they end.
func (s *layout) whole(lines []string, i int) (rest string, next int) {
	rest = s.bullets[i].rest
	from := i + 1
	for next = from; next < s.end && !s.joins(next); next++ {
		if blank(lines[next]) && next > s.last && !s.goesOn(lines[next:s.end], lines[next-1]) {
			break
		}
	}
	if next > from {
		rest += "\n" + strings.Join(lines[from:next], "\n")
	}
	return rest, next
}

// goesOn decides at a blank line behind the last sure build: the text goes on
// when its time does not stand on the line above and is still to come.
func (s *layout) goesOn(rest []string, above string) bool {
	head, _ := cutVoting(strings.TrimRight(above, " "))
	if _, secs := cutElapsed(head); secs != nil {
		return false
	}
	last := ""
	for _, l := range rest[1:] {
		if blank(l) {
			break
		}
		last = l
	}
	head, _ = cutVoting(last)
	_, secs := cutElapsed(head)
	return secs != nil
}

// isFooter reports whether builds end at line i. Zuul puts a blank line before
// each footer; a site's own "Warning: …" counts only behind builds.
func isFooter(lines []string, i int, inBuilds bool) bool {
	l := lines[i]
	if l == "" || l[0] == '-' {
		return false
	}
	switch l {
	case "Warning:", "Debug information:", "Related changes:", omitted:
		return true
	}
	if _, ok := skippedJobs(l); ok {
		return true
	}
	return inBuilds && blank(lines[i-1]) &&
		(strings.HasPrefix(l, "Warning:") || strings.HasPrefix(l, "Debug information:"))
}

func isBuildsetURL(l string) bool {
	return strings.Contains(l, "://") && strings.HasPrefix(l, "http") && uuidAfter(l, "buildset/") != ""
}

func isBullet(l string) bool {
	return l == "-" || l == "*" || strings.HasPrefix(l, "- ") || strings.HasPrefix(l, "* ")
}

func blank(l string) bool { return strings.TrimSpace(l) == "" }
