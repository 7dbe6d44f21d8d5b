package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/recheckbot/recheckbot/bot"
	"github.com/recheckbot/recheckbot/internal/lucene"
	"github.com/recheckbot/recheckbot/queries"
)

func (a *app) fingerprintExplain() *cobra.Command {
	var mapping string
	c := a.jsonFlag(&cobra.Command{
		Use:   "explain QUERY|FILE.yaml|-",
		Short: "Show how a query is read, and what decides whether a line matches",
		Long: "Shows the tree that a query is read as, which fields decide it, what must stand in a line, and\n" +
			"what is odd about it. Reads a query, a fingerprint file, or with - a query from standard input.\n" +
			"Ends with 2 if the query is refused.",
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			m, err := lucene.MappingNamed(mapping)
			if err != nil {
				return fmt.Errorf("--mapping: %w", err)
			}
			e, err := a.explanationOf(args[0], m)
			if err != nil {
				return err
			}
			return a.printExplanation(e)
		},
	})
	c.Flags().StringVar(&mapping, "mapping", "historical", "how fields are indexed: historical or dynamic")
	return c
}

// explanation is what --json prints.
type explanation struct {
	Query    string          `json:"query"` // as it is searched
	Tree     json.RawMessage `json:"tree,omitempty"`
	ByFile   []string        `json:"by_file"` // fields that are known of a whole file
	ByLine   []string        `json:"by_line"` // fields that differ from line to line
	Anchors  []string        `json:"anchors"` // every hit has one of these
	Warnings []string        `json:"warnings"`
	Errors   []string        `json:"errors,omitempty"`
	tree     lucene.Node
	mapping  lucene.Mapping
}

// explanationOf reads the argument: a file if its name says so.
func (a *app) explanationOf(arg string, m lucene.Mapping) (explanation, error) {
	switch {
	case arg == "-":
		text, err := io.ReadAll(io.LimitReader(a.in, lucene.MaxQuery+1))
		if err != nil {
			return explanation{}, err
		}
		return explainQuery(string(text), m), nil
	case strings.HasSuffix(arg, ".yaml"):
		body, err := os.ReadFile(arg)
		if err != nil {
			return explanation{}, err
		}
		return explainFile(arg, body, m), nil
	}
	return explainQuery(arg, m), nil
}

func explainQuery(query string, m lucene.Mapping) explanation {
	n, warnings, err := queries.ParseQuery(query, m, bot.KnownFiles())
	e := explanation{Query: strings.TrimSpace(query), tree: n, mapping: m}
	for _, w := range warnings {
		e.Warnings = append(e.Warnings, fmt.Sprintf("row %d, column %d: %s", w.Row, w.Col, w.Msg))
	}
	if err != nil {
		e.Errors = []string{err.Error()}
	}
	return e.complete()
}

func explainFile(name string, body []byte, m lucene.Mapping) explanation {
	f, problems := queries.ParseFile(name, body, m)
	if f.Tree != nil {
		problems = append(problems, bot.KnownFiles().Unknown(queries.Set{Items: []queries.Fingerprint{f}, Mapping: m})...)
	}
	e := explanation{Query: f.Query, tree: f.Tree, mapping: m}
	for _, p := range problems {
		if p.Warning {
			e.Warnings = append(e.Warnings, p.String())
		} else {
			e.Errors = append(e.Errors, p.String())
		}
	}
	return e.complete()
}

// complete fills in what follows from the tree.
func (e explanation) complete() explanation {
	e.ByFile, e.ByLine, e.Anchors = []string{}, []string{}, []string{}
	if e.Warnings == nil {
		e.Warnings = []string{}
	}
	if e.tree == nil || len(e.Errors) > 0 {
		return e
	}
	e.Tree = lucene.DumpJSON(e.tree)
	for _, f := range lucene.Fields(e.tree) {
		if queries.PerLine(f) {
			e.ByLine = append(e.ByLine, f)
		} else {
			e.ByFile = append(e.ByFile, f)
		}
	}
	for _, n := range lucene.Anchors(e.tree, e.mapping.Analysed) {
		e.Anchors = append(e.Anchors, n.String())
	}
	return e
}

func (a *app) printExplanation(e explanation) error {
	if a.json {
		if err := a.printJSON(e); err != nil {
			return err
		}
	} else {
		a.printTree(e)
	}
	if len(e.Errors) > 0 {
		return errors.New(strings.Join(e.Errors, "\n"))
	}
	return nil
}

func (a *app) printTree(e explanation) {
	for _, w := range e.Warnings {
		fmt.Fprintln(a.complaints(), "warning:", w)
	}
	if len(e.Errors) > 0 {
		return
	}
	fmt.Fprintf(a.text(), "searched: %s\n\n", printable(e.Query))
	for _, line := range treeLines(e.tree, e.mapping) {
		fmt.Fprintln(a.text(), line)
	}
	fmt.Fprintln(a.text())
	if len(e.ByFile) > 0 {
		fmt.Fprintf(a.text(), "decided for a whole file: %s\n", strings.Join(e.ByFile, ", "))
	}
	if len(e.ByLine) > 0 {
		fmt.Fprintf(a.text(), "decided line by line: %s\n", strings.Join(e.ByLine, ", "))
	}
	if len(e.Anchors) > 0 {
		fmt.Fprintf(a.text(), "every hit has: %s\n", strings.Join(e.Anchors, "\n            or "))
	} else {
		fmt.Fprintln(a.text(), "no word that every hit has: each line is looked at, which is slow")
	}
}
