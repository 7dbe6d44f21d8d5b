package cicomment

import (
	"strconv"
	"strings"
)

const (
	truncation = "... (truncated)"
	omitted    = "Successful jobs omitted due to length restrictions"
)

// body is the text of a CI's comment, in lines, with what length took away.
type body struct {
	lines     []string
	truncated bool
	cut       bool // the last line was cut off in the middle
}

func newBody(text string) body {
	text = strings.TrimRight(text, " \t\n")
	b := body{}
	if t, ok := strings.CutSuffix(text, truncation); ok {
		text, b.truncated = t, true
		b.cut = !strings.HasSuffix(t, "\n")
	}
	b.lines = strings.Split(text, "\n")
	return b
}

// report is what the lines of Zuul's reporter say.
type report struct {
	head        []string // the site's own words, before everything else
	buildsetURL string
	uuid        string
	builds      []Build
	skipped     int
	counts      int // lines of counts behind the builds
	short       bool
	cut         bool // builds are missing since the text was cut among them
}

// readZuul reads the body of a Zuul comment: the site's words, perhaps the
// buildset's URL, a block of build lines, counts, footers. Everything from the
// first footer on is not the CI's: a warning may forge a build line.
func readZuul(b body) report {
	lines := b.lines
	r := report{}
	cutOwn := b.cut && (isBullet(lines[len(lines)-1]) || beginsCount(lines[len(lines)-1]))
	if cutOwn {
		lines = lines[:len(lines)-1]
	}
	s := survey(lines)
	headEnd := s.end
	if s.start >= 0 {
		headEnd = s.start
		r.readBlock(&s, lines, b.truncated, b.cut && !cutOwn)
	} else {
		r.readCounts(lines[s.end:])
	}
	if s.buildset >= 0 && s.buildset < headEnd {
		headEnd = s.buildset
		r.buildsetURL = lines[s.buildset]
		r.uuid = uuidAfter(r.buildsetURL, "buildset/")
	}
	r.head = lines[:headEnd]
	return r
}

// readBlock reads the builds and the counts behind them. Zuul leaves successes
// out, with a note, before it cuts a text: where neither the note nor a footer is
// left, the cut fell among the builds, and what it fell into is no whole build.
func (r *report) readBlock(s *layout, lines []string, truncated, cutInLast bool) {
	var stop int
	r.builds, stop = s.collect(lines)
	if stop == s.end {
		r.readCounts(lines[s.end:])
	}
	r.cut = truncated && !r.short && s.end+r.counts == len(lines)
	if r.cut && (cutInLast || stop < s.end) {
		r.builds = r.builds[:len(r.builds)-1]
	}
}

// readCounts reads "Skipped N jobs" and the note on left-out successes, which
// stand right behind the build lines.
func (r *report) readCounts(lines []string) {
	for _, l := range lines {
		if n, ok := skippedJobs(l); ok {
			r.skipped = n
		} else if l == omitted {
			r.short = true
		} else {
			return
		}
		r.counts++
	}
}

// beginsCount reports whether a line that was cut off is one of the counts
// behind the builds, and so does not go on with the last build.
func beginsCount(l string) bool {
	return l != "" && (strings.HasPrefix(omitted, l) || strings.HasPrefix("Skipped ", l) || strings.HasPrefix(l, "Skipped "))
}

func skippedJobs(l string) (int, bool) {
	rest, ok := strings.CutPrefix(l, "Skipped ")
	if !ok {
		return 0, false
	}
	digits, unit, _ := strings.Cut(rest, " ")
	n, err := strconv.Atoi(digits)
	return n, err == nil && n >= 0 && (unit == "job" || unit == "jobs")
}
