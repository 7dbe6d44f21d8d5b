package testresults

import (
	"bufio"
	"io"
	"regexp"
	"strconv"
	"strings"
)

// The lines of a console that tell results. subunit-trace (stestr, tempest)
// writes `{worker} id [1.2s] ... FAILED` as tests end, and totals at the end of
// a run; testr and unittest write `FAIL: id` below a rule and then
// `FAILED (failures=1, errors=2)`, or `OK` or `PASSED`.
var (
	colours = regexp.MustCompile(`\x1b\[[0-9;]*m`)
	traced  = regexp.MustCompile(`^\{\d+\} (.+?) (?:\[[^\]]*\] )?\.\.\. (ok|FAILED|SKIPPED|[a-z]+)(?::.*)?$`)
	totals  = regexp.MustCompile(`^ - (Failed|Unexpected Success): (\d+)$`)
	ran     = regexp.MustCompile(`^Ran:? \d+ tests?\b`)
	blamed  = regexp.MustCompile(`^(?:FAIL|ERROR|UNEXPECTED SUCCESS): (\S.*)$`)
	verdict = regexp.MustCompile(`^(OK|PASSED|FAILED)(?: \((.*)\))?$`)
	counted = regexp.MustCompile(`\b(?:failures|errors|unexpected successes)=(\d+)`)
	unitest = regexp.MustCompile(`^(\w+) \(([\w.]+)\)$`)
	rule    = strings.Repeat("=", 70)
)

// console is what was read of one. Runs follow each other, each with its own
// count of failed tests at its end.
type console struct {
	list     *list
	last     string // the line before
	listed   int    // failed tests of the current run, with repetitions
	promised int    // failed tests by the run's totals
	open     bool   // a run has begun and not ended
	totals   bool   // within the totals of a run
	ended    int    // runs that ended
	doubt    bool   // a run's count is not what was listed
}

func readConsole(r io.Reader, l *list) (bool, error) {
	c := &console{list: l}
	in := bufio.NewReaderSize(r, maxLine)
	for {
		line, err := in.ReadSlice('\n')
		if err == bufio.ErrBufferFull {
			err = skipLine(in)
			line = nil
		}
		c.line(string(line))
		if err == io.EOF {
			break
		}
		if err != nil {
			return false, err
		}
	}
	c.close()
	return c.ended > 0 && !c.open && !c.doubt, nil
}

// skipLine reads to the end of a line that is too long to hold a result.
func skipLine(in *bufio.Reader) error {
	for {
		if _, err := in.ReadSlice('\n'); err != bufio.ErrBufferFull {
			return err
		}
	}
}

// line reads one line. Lines of a test's own output cannot be told from the
// runner's: what is forged there is believed, but the counts rarely agree then.
func (c *console) line(line string) {
	text := bare(line)
	switch {
	case strings.HasPrefix(text, "{"):
		c.trace(text)
	case ran.MatchString(text):
		c.ran(text)
	case c.totals && strings.HasPrefix(text, " - "):
		if m := totals.FindStringSubmatch(text); m != nil {
			c.promised += number(m[2])
		}
	case c.totals && strings.HasPrefix(text, "Sum of execute time"):
		c.close()
	case c.last == rule:
		if m := blamed.FindStringSubmatch(text); m != nil {
			c.failed(unittestID(m[1]))
		}
	default:
		c.verdict(text)
	}
	c.last = text
}

// trace reads a line of subunit-trace.
func (c *console) trace(text string) {
	m := traced.FindStringSubmatch(text)
	if m == nil {
		return
	}
	c.close()
	c.open = true
	switch m[2] {
	case "FAILED":
		c.failed(m[1])
	case "inprogress":
		c.doubt = true
	}
}

// ran begins the totals of subunit-trace (`Ran: N tests`), or says that
// unittest's verdict follows.
func (c *console) ran(text string) {
	c.open = true
	c.totals = strings.HasPrefix(text, "Ran:")
}

func (c *console) failed(id string) {
	c.open = true
	c.listed++
	c.list.add(id)
}

// verdict reads the last line of testr or unittest. Without a run before it,
// it is somebody else's word.
func (c *console) verdict(text string) {
	m := verdict.FindStringSubmatch(text)
	if m == nil || !c.open || c.totals {
		return
	}
	for _, n := range counted.FindAllStringSubmatch(m[2], -1) {
		c.promised += number(n[1])
	}
	if m[1] == "FAILED" && c.promised == 0 {
		c.doubt = true
	}
	c.end()
}

// close ends a run whose totals were read.
func (c *console) close() {
	if c.totals {
		c.end()
	}
}

func (c *console) end() {
	c.doubt = c.doubt || c.listed != c.promised
	c.open, c.totals, c.listed, c.promised = false, false, 0, 0
	c.ended++
}

// bare is a line without its end, colours, and the pipeline's `time | host | `.
func bare(line string) string {
	line = strings.TrimRight(line, "\r\n")
	if strings.ContainsRune(line, '\x1b') {
		line = colours.ReplaceAllString(line, "")
	}
	for range 2 {
		if before, after, ok := strings.Cut(line, " | "); ok && prefix(before) {
			line = after
		}
	}
	return line
}

// prefix tells a time or a host from a line's own text.
func prefix(s string) bool {
	return len(s) < 100 && !strings.ContainsAny(s, "{[") && strings.Count(s, " ") < 2
}

// unittestID turns unittest's `test (module.Class)` into an id.
func unittestID(s string) string {
	m := unitest.FindStringSubmatch(s)
	switch {
	case m == nil || m[1] == "setUpClass" || m[1] == "setUpModule":
		return s
	case strings.HasSuffix(m[2], "."+m[1]):
		return m[2]
	}
	return m[2] + "." + m[1]
}

// number reads digits; what is too large is as wrong as any other number.
func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil || n > 1<<30 {
		return 1 << 30
	}
	return n
}
