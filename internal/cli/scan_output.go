package cli

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"runtime"
	"strconv"
	"time"

	"github.com/recheckbot/recheckbot/internal/ci"
	"github.com/recheckbot/recheckbot/internal/joblog"
	"github.com/recheckbot/recheckbot/internal/logsearch"
	"github.com/recheckbot/recheckbot/internal/logsearch/scan"
	"github.com/recheckbot/recheckbot/queries"
)

// scanOutput prints what a scan finds.
type scanOutput struct {
	a   *app
	f   scanFlags
	set queries.Set
	w   *bufio.Writer
	err error // of writing the hits
}

// hitLine is a line of --jsonl.
type hitLine struct {
	Fingerprint string     `json:"fingerprint"`
	File        string     `json:"file"`
	Line        int64      `json:"line"`
	Offset      int64      `json:"offset"`
	Time        *time.Time `json:"time"`
	Text        string     `json:"text"`
	If          string     `json:"if,omitempty"`
}

// countLine is a line of --counts.
type countLine struct {
	Fingerprint string `json:"fingerprint"`
	File        string `json:"file"`
	Count       int64  `json:"count"`
	Exact       bool   `json:"exact"`
	If          string `json:"if,omitempty"`
}

// statsLine is the line of --stats. Bytes are of plain text that was read,
// seconds from the command's beginning.
type statsLine struct {
	Bytes   int64   `json:"bytes"`
	Seconds float64 `json:"seconds"`
	Files   int     `json:"files"`
	Hits    int64   `json:"hits"`
	PeakRSS int64   `json:"peak_rss_bytes"`
}

// Bounds for what a person has at hand: packed bombs end, long logs do not.
const (
	maxLocalFile = 64 << 30
	maxLocalAll  = 1 << 40
)

// options are the engine's.
func (o *scanOutput) options(files map[string]ci.Fields) scan.Options {
	bounds := joblog.Options{Hosts: []string{"*"}, AllowPrivate: true}
	local := bounds
	local.MaxUnpacked, local.MaxTotal = maxLocalFile, maxLocalAll
	s := scan.Options{Source: joblog.New(bounds), Local: local, KeepDebug: o.f.keepDebug, Lines: o.f.lines,
		EveryByte: o.f.everyByte, Workers: runtime.GOMAXPROCS(0)}
	if files != nil {
		s.FileFields = func(name string) ci.Fields { return files[name] }
	}
	if o.f.jsonl {
		s.EachHit = o.hit
	}
	return s
}

func (o *scanOutput) hit(fingerprint int, h logsearch.Hit, condition string) {
	line := hitLine{Fingerprint: o.set.Items[fingerprint].Name, File: h.File, Line: h.Line, Offset: h.Offset, Text: h.Text, If: condition}
	if !h.Time.IsZero() {
		line.Time = &h.Time
	}
	o.line(line)
}

// line writes v as one line of JSON.
func (o *scanOutput) line(v any) {
	e := json.NewEncoder(escaped{o.w}) // in front of the buffer, which cuts characters
	e.SetEscapeHTML(false)
	o.err = errors.Join(o.err, e.Encode(v))
}

// print prints in the form that was asked for, and ends with the answer's code.
func (o *scanOutput) print(answer logsearch.Answer, took time.Duration) error {
	s := describe(o.set, answer)
	if o.f.counts {
		o.counts(answer)
	}
	if o.err = errors.Join(o.err, o.w.Flush()); o.err != nil {
		return o.err
	}
	switch {
	case o.a.json:
		if err := o.a.printJSON(s); err != nil {
			return err
		}
	case o.f.jsonl || o.f.counts:
		o.a.printProblems(s)
	default:
		o.a.printMatches(s)
	}
	if o.f.stats {
		o.stats(answer, took)
	}
	return errors.Join(o.err, o.w.Flush(), s.verdict())
}

// counts prints how many hits each fingerprint has in each file, one a line.
func (o *scanOutput) counts(answer logsearch.Answer) {
	for _, m := range answer.Matches {
		for _, n := range m.Files {
			o.line(countLine{o.set.Items[m.Fingerprint].Name, n.File, n.Count, m.Exact, m.If})
		}
	}
}

func (o *scanOutput) stats(answer logsearch.Answer, took time.Duration) {
	s := statsLine{Seconds: took.Seconds(), Files: len(answer.Files), PeakRSS: peakRSS()}
	for _, f := range answer.Files {
		s.Bytes += f.Bytes
	}
	for _, m := range answer.Matches {
		s.Hits += m.Count
	}
	o.line(s)
}

// peakRSS is the most memory that this process had at once, where the system
// tells (Linux: VmHWM); else 0.
func peakRSS() int64 {
	f, err := os.Open("/proc/self/status")
	if err != nil {
		return 0
	}
	defer f.Close()
	text, err := io.ReadAll(f)
	if err != nil {
		return 0
	}
	for line := range bytes.Lines(text) {
		if f := bytes.Fields(line); len(f) > 1 && string(f[0]) == "VmHWM:" {
			kb, _ := strconv.ParseInt(string(f[1]), 10, 64)
			return kb << 10
		}
	}
	return 0
}
