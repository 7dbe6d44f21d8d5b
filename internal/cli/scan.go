package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/recheckbot/recheckbot/bot"
	"github.com/recheckbot/recheckbot/internal/ci"
	"github.com/recheckbot/recheckbot/internal/config"
	"github.com/recheckbot/recheckbot/internal/joblog"
	"github.com/recheckbot/recheckbot/internal/logsearch"
	"github.com/recheckbot/recheckbot/internal/logsearch/scan"
	"github.com/recheckbot/recheckbot/queries"
)

// scanFlags are what a person says besides where the logs are.
type scanFlags struct {
	fingerprints string
	meta         []string
	keepDebug    bool
}

func (a *app) scanCommand() *cobra.Command {
	var f scanFlags
	c := a.jsonFlag(&cobra.Command{
		Use:   "scan DIR|FILE|URL",
		Short: "Which fingerprints match in these logs",
		Long: "Looks for all fingerprints in a folder of logs, one log file (.gz too) or a URL.\n" +
			"Tags and filename follow from the files' names. What cannot be known, such as build_name, is\n" +
			"unknown, and a hit that depends on it says \"if …\"; --meta sets it.\n" +
			"Ends with 0 if a fingerprint matched, 1 if none did, 2 after an error.",
		Args: arguments(1, 1),
		RunE: func(c *cobra.Command, args []string) error {
			return a.scan(c.Context(), args[0], f, c.Flags().Changed("config"))
		},
	})
	c.Flags().StringVar(&f.fingerprints, "fingerprints", "", "the fingerprints in `DIR`; else the configured ones, else the starter set")
	c.Flags().StringArrayVar(&f.meta, "meta", nil, "`KEY=VALUE` of the build, such as build_name=tempest-full; may be repeated")
	c.Flags().BoolVar(&f.keepDebug, "debug-lines", false, "search DEBUG lines too, which the log pipeline left out")
	return c
}

// scanned is what --json prints.
type scanned struct {
	Complete bool           `json:"complete"`
	Why      string         `json:"why,omitempty"`
	Matches  []scannedMatch `json:"matches"`
	Refused  []string       `json:"refused,omitempty"`
	Files    []scannedFile  `json:"files"`
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
	fields, err := parseMeta(f.meta)
	if err != nil {
		return err
	}
	set, err := a.fingerprints(f.fingerprints, named)
	if err != nil {
		return err
	}
	bounds := joblog.Options{Hosts: []string{"*"}, AllowPrivate: true}
	searcher, _, err := bot.Scanner(ctx, set, scan.Options{Source: joblog.New(bounds), Local: bounds, KeepDebug: f.keepDebug})
	if err != nil {
		return err
	}
	answer, err := searcher.SearchLocal(ctx, where, fields)
	if err != nil {
		return err
	}
	return a.printScan(describe(set, answer))
}

// parseMeta reads KEY=VALUE; a key given twice has both values.
func parseMeta(list []string) (ci.Fields, error) {
	fields := ci.Fields{}
	for _, item := range list {
		key, value, ok := strings.Cut(item, "=")
		if !ok || key == "" {
			return nil, fmt.Errorf("--meta %q is not KEY=VALUE", item)
		}
		fields[key] = append(fields[key], value)
	}
	return fields, nil
}

// fingerprints are those that were named, else the configured ones, else the
// starter set. Problems are told; the good ones are used.
func (a *app) fingerprints(dir string, named bool) (queries.Set, error) {
	if dir == "" {
		cfg, err := config.Load(a.config)
		if err != nil && (named || !errors.Is(err, fs.ErrNotExist)) {
			return queries.Set{}, err
		}
		dir = cfg.Engine.Fingerprints
	}
	set, problems := bot.LoadFingerprints(dir)
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
	out := scanned{Complete: answer.Status == logsearch.Complete, Why: answer.Why, Matches: []scannedMatch{}, Files: []scannedFile{}}
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

// printScan prints, and ends with the code that the answer has. A certain hit
// counts also where some file could not be read; no hit then is an error.
func (a *app) printScan(s scanned) error {
	if a.json {
		if err := a.printJSON(s); err != nil {
			return err
		}
	} else {
		a.printMatches(s)
	}
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
	out, bad := a.text(), a.complaints()
	for _, m := range s.Matches {
		fmt.Fprintf(out, "%s%s: %s\n", m.Fingerprint, titleAndBugs(m), times(m))
		for _, h := range m.Hits {
			fmt.Fprintf(out, "    %s:%d: %s\n", printable(h.File), h.Line, printable(h.quote))
		}
	}
	for _, why := range s.Refused {
		fmt.Fprintln(bad, "not evaluated:", why)
	}
	var bytes int64
	for _, f := range s.Files {
		bytes += f.Bytes
		if f.Why != "" {
			fmt.Fprintf(bad, "%s: %s\n", printable(f.Name), printable(f.Why))
		}
	}
	fmt.Fprintf(out, "%s matched; %s, %.1f MB read\n", number(int64(len(s.Matches)), "fingerprint"), number(int64(len(s.Files)), "file"), float64(bytes)/1e6)
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
