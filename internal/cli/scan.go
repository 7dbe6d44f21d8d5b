package cli

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/recheckbot/recheckbot/bot"
	"github.com/recheckbot/recheckbot/internal/ci"
	"github.com/recheckbot/recheckbot/internal/config"
	"github.com/recheckbot/recheckbot/internal/logsearch"
	"github.com/recheckbot/recheckbot/queries"
)

// scanFlags are what a person says besides where the logs are.
type scanFlags struct {
	fingerprints string
	meta         []string
	keepDebug    bool
	lines        bool
	jsonl        bool
	counts       bool
	stats        bool
	everyByte    bool
	cpu          int
	mapping      string
	keyword      string
}

func (a *app) scanCommand() *cobra.Command {
	var f scanFlags
	c := a.jsonFlag(&cobra.Command{
		Use:   "scan DIR|FILE|URL",
		Short: "Which fingerprints match in these logs",
		Long: "Looks for all fingerprints in a folder of logs, one log file (.gz too) or a URL.\n" +
			"Tags and filename follow from the files' names. What cannot be known, such as build_name, is\n" +
			"unknown, and a hit that depends on it says \"if …\"; --meta sets it.\n" +
			"Ends with 0 if a fingerprint matched, 1 if none did, 2 after an error.\n\n" + mappings,
		Args: arguments(1, 1),
		RunE: func(c *cobra.Command, args []string) error {
			return a.scan(c.Context(), args[0], f, c.Flags().Changed("config"))
		},
	})
	flags := c.Flags()
	flags.StringVar(&f.fingerprints, "fingerprints", "", "the fingerprints in `DIR`, or the queries of FILE.jsonl, lines of {\"id\",\"query\"}; else the configured ones, else the starter set")
	flags.StringArrayVar(&f.meta, "meta", nil, "`KEY=VALUE` of the build, such as build_name=tempest-full; or FILE.jsonl, each line the fields of one file, named by its \"file\", else its \"filename\"; may be repeated")
	flags.BoolVar(&f.keepDebug, "debug-lines", false, "search DEBUG lines too, which the log pipeline left out")
	flags.BoolVar(&f.lines, "lines", false, "take each line for an event, whatever the file is called")
	flags.BoolVar(&f.jsonl, "jsonl", false, "print every hit, one a line, as JSON: fingerprint, file, line, offset, time, text, and if where it depends on what is unknown")
	flags.BoolVar(&f.counts, "counts", false, "print one line a fingerprint and file as JSON: fingerprint, file, count, exact")
	flags.BoolVar(&f.stats, "stats", false, "end with a line of JSON: bytes (plain text that was read), seconds, files, hits, peak_rss_bytes")
	flags.BoolVar(&f.everyByte, "every-byte", false, "read all files for all fingerprints, also where metadata rule them out")
	mappingFlags(c, &f.mapping, &f.keyword, "", "; else, without --fingerprints, the configured one, else historical")
	flags.IntVar(&f.cpu, "cpu", 0, "use `N` processors at most; 0: all")
	return c
}

// scanned is what --json prints.
type scanned struct {
	Complete bool           `json:"complete"`
	Why      string         `json:"why,omitempty"`
	Matches  []scannedMatch `json:"matches"`
	Refused  []string       `json:"refused,omitempty"`
	Files    []scannedFile  `json:"files"`
	// Unindexed is how many files no rule knows: only what names them was looked
	// for there.
	Unindexed int `json:"unindexed,omitempty"`
}

type scannedMatch struct {
	Fingerprint string       `json:"fingerprint"`
	Title       string       `json:"title,omitempty"`
	Bugs        []ci.BugRef  `json:"bugs"`
	Count       int64        `json:"count"`
	If          string       `json:"if,omitempty"`
	Hits        []scannedHit `json:"hits"`
}

type scannedHit struct {
	File  string `json:"file"`
	Line  int64  `json:"line"`
	Text  string `json:"text"`
	quote string
}

type scannedFile struct {
	Name  string `json:"name"`
	Bytes int64  `json:"bytes"`
	Why   string `json:"why,omitempty"`
}

func (a *app) scan(ctx context.Context, where string, f scanFlags, named bool) error {
	began := time.Now()
	fields, ofFiles, err := a.readMeta(f.meta)
	if err != nil {
		return err
	}
	set, err := a.fingerprints(f, named)
	if err != nil {
		return err
	}
	if f.cpu > 0 {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(f.cpu))
	}
	out := &scanOutput{a: a, f: f, set: set, w: bufio.NewWriterSize(a.out, 64<<10)}
	searcher, _, err := bot.Scanner(ctx, set, out.options(ofFiles))
	if err != nil {
		return err
	}
	answer, err := searcher.SearchLocal(ctx, where, fields)
	if err != nil {
		return errors.Join(err, out.w.Flush())
	}
	return out.print(answer, time.Since(began))
}

// fingerprints are those that were named, else the configured ones, else the
// starter set. Problems are told; the good ones are used.
func (a *app) fingerprints(f scanFlags, named bool) (queries.Set, error) {
	var cfg config.Config
	if named || f.fingerprints == "" { // else a file of this name may be anybody's
		var err error
		if cfg, err = config.Load(a.config); err != nil && (named || !errors.Is(err, fs.ErrNotExist)) {
			return queries.Set{}, err
		}
	}
	m, err := mappingNamed(cmp.Or(f.mapping, cfg.Engine.Mapping, "historical"), f.keyword)
	if err != nil {
		return queries.Set{}, err
	}
	dir := cmp.Or(f.fingerprints, cfg.Engine.Fingerprints)
	if strings.HasSuffix(dir, ".jsonl") {
		return a.queriesOf(dir, m)
	}
	set, problems := bot.LoadFingerprints(dir, m)
	for _, p := range problems {
		fmt.Fprintln(a.complaints(), filepath.Join(dir, p.String()))
	}
	if len(set.Items) == 0 {
		return set, fmt.Errorf("no usable fingerprint in %s", dir)
	}
	return set, nil
}

// describe is an answer in names rather than numbers.
func describe(set queries.Set, answer logsearch.Answer) scanned {
	out := scanned{Complete: answer.Status == logsearch.Complete, Why: answer.Why, Matches: []scannedMatch{}, Files: []scannedFile{},
		Unindexed: answer.Unindexed}
	for _, m := range answer.Matches {
		q := set.Items[m.Fingerprint]
		match := scannedMatch{Fingerprint: q.Name, Title: q.Title, Bugs: append([]ci.BugRef{}, q.Bugs...), Count: m.Count, If: m.If}
		for _, h := range m.Sample {
			match.Hits = append(match.Hits, scannedHit{h.File, h.Line, h.Text, h.Quote})
		}
		out.Matches = append(out.Matches, match)
	}
	for _, p := range answer.Refused {
		out.Refused = append(out.Refused, set.Items[p.Fingerprint].Name+": "+p.Why)
	}
	for _, f := range answer.Files {
		out.Files = append(out.Files, scannedFile{f.Name, f.Bytes, f.Why})
	}
	return out
}

// verdict is the code that the answer has. A certain hit counts also where some
// file could not be read; no hit then is an error.
func (s scanned) verdict() error {
	switch {
	case len(s.Matches) > 0:
		return nil
	case !s.Complete:
		return fmt.Errorf("the logs could not be read to their end: %s", s.Why)
	case len(s.Refused) > 0:
		return errors.New(number(int64(len(s.Refused)), "fingerprint") + " could not be evaluated")
	}
	return exitCode{exitNo, ""}
}

func (a *app) printMatches(s scanned) {
	out := a.text()
	for _, m := range s.Matches {
		fmt.Fprintf(out, "%s%s: %s\n", m.Fingerprint, titleAndBugs(m), times(m))
		for _, h := range m.Hits {
			fmt.Fprintf(out, "    %s:%d: %s\n", printable(h.File), h.Line, printable(h.quote))
		}
	}
	a.printProblems(s)
	var bytes int64
	for _, f := range s.Files {
		bytes += f.Bytes
	}
	fmt.Fprintf(out, "%s matched; %s, %.1f MB read\n", number(int64(len(s.Matches)), "fingerprint"), number(int64(len(s.Files)), "file"), float64(bytes)/1e6)
}

// printProblems tells what was not evaluated and what was not read.
func (a *app) printProblems(s scanned) {
	if s.Unindexed > 0 {
		fmt.Fprintf(a.complaints(), "%s left out, being no log documents by their names: --every-byte looks into them\n", number(int64(s.Unindexed), "file"))
	}
	for _, why := range s.Refused {
		fmt.Fprintln(a.complaints(), "not evaluated:", why)
	}
	for _, f := range s.Files {
		if f.Why != "" {
			fmt.Fprintf(a.complaints(), "%s: %s\n", printable(f.Name), printable(f.Why))
		}
	}
}

func titleAndBugs(m scannedMatch) string {
	var parts []string
	if m.Title != "" {
		parts = append(parts, m.Title)
	}
	for _, b := range m.Bugs {
		if b.Ref != m.Fingerprint {
			parts = append(parts, b.String())
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return " (" + strings.Join(parts, ", ") + ")"
}

func times(m scannedMatch) string {
	text := number(m.Count, "hit")
	if m.If != "" {
		text += ", if " + m.If
	}
	return text
}

// printable is a line as it is quoted: cut where it is long.
func printable(line string) string {
	line = strings.NewReplacer("\n", " ", "\r", " ").Replace(cleaned(line))
	if r := []rune(line); len(r) > 300 {
		return string(r[:300]) + "…"
	}
	return line
}
