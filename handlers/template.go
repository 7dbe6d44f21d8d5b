package handlers

import (
	"errors"
	"fmt"
	"strings"
	"text/template"
)

// Text is what a template of reviews sees. Everything in it is cleaned: one
// line each, no control codes, no secrets.
type Text struct {
	CI, Project, Branch, Pipeline string
	Change                        int64
	Patchset                      int
	Failed                        int         // voting jobs that failed
	Count                         int         // of them recognized, listed or not
	Recognized                    []Job       // in the report's order
	More                          int         // recognized jobs that are not listed
	Unrecognized                  []string    // names of jobs; the last item may be "+N more"
	Pending                       []string    // likewise, those still being looked at
	Undecided                     []Undecided // neither recognized nor unrecognized
	Hint                          string      // how to recheck; empty when the reader should look first
}

// Job is a failed job that was recognized.
type Job struct {
	Name   string
	Result string
	Known  []Known // what it was, in a fixed order
	More   int     // further fingerprints that matched and are not listed
	Line   string  // the first matching line; may be empty
	Log    string  // where to read it
}

// Known is one fingerprint that matched.
type Known struct {
	Fingerprint string
	Label       string // a title in quotes and links, as far as known; never empty
	Bugs        []Bug
	Others      int // other changes on which it was seen in the 24 h before
}

// Bug is a bug that a fingerprint stands for.
type Bug struct{ Name, Title, URL string } // Name is "tracker:ref"

// Undecided is a failed job of which nothing can be said, with the reason.
type Undecided struct{ Name, Why string } // Why may be empty

// DefaultTemplate reads well in Gerrit's web page: an item is one line that
// begins with "- ", quoted log lines stand alone and indented.
const DefaultTemplate = `Known causes found for {{.Count}} of {{.Failed}} failed {{plural .Failed "job"}}{{with .Pipeline}} ({{.}}){{end}}:
{{range .Recognized}}
- {{.Name}}: {{range $i, $k := .Known}}{{if $i}}; {{end}}{{$k.Label}}{{with $k.Others}} (seen on {{.}} other {{plural . "change"}} in 24 h){{end}}{{end}}{{with .More}}; +{{.}} more{{end}}{{with .Log}} - log: {{.}}{{end}}{{with .Line}}

      {{.}}
{{end}}{{end}}{{with .More}}
- +{{.}} more {{plural . "job"}}{{end}}

{{with .Unrecognized}}Nothing recognized in: {{join .}}.
{{end}}{{with .Undecided}}Could not be checked: {{range $i, $u := .}}{{if $i}}, {{end}}{{$u.Name}}{{with $u.Why}} ({{.}}){{end}}{{end}}.
{{end}}{{with .Pending}}Still being looked at: {{join .}}.
{{end}}
{{.Hint}}`

// Template turns a Text into the words of a review.
type Template struct{ tree *template.Template }

// ParseTemplate reads a text/template; the empty text is DefaultTemplate.
func ParseTemplate(text string) (*Template, error) {
	if strings.TrimSpace(text) == "" {
		text = DefaultTemplate
	}
	tree, err := template.New("report").Option("missingkey=error").Funcs(template.FuncMap{
		"plural": plural,
		"join":   func(names []string) string { return strings.Join(names, ", ") },
	}).Parse(text)
	if err != nil {
		return nil, fmt.Errorf("report template: %w", err)
	}
	return &Template{tree}, nil
}

// maxRendered bounds in bytes what a template may write before it is stopped.
const maxRendered = 1 << 20

// Render executes the template and tidies what it wrote: no control codes, no
// spaces at the ends, at most one empty line between two others.
func (t *Template) Render(data Text) (string, error) {
	var b bounded
	if err := t.tree.Execute(&b, data); err != nil {
		return "", fmt.Errorf("report template: %w", err)
	}
	return tidy(manyLines(b.String())), nil
}

// tidy leaves no space at line ends and one empty line where there were more.
func tidy(text string) string {
	var b strings.Builder
	empty := 0
	for line := range strings.Lines(text) {
		if line = strings.TrimRight(line, " \n"); line == "" {
			empty++
			continue
		}
		if empty > 0 && b.Len() > 0 {
			b.WriteByte('\n')
		}
		empty = 0
		b.WriteString(line)
		b.WriteByte('\n')
	}
	return strings.TrimRight(b.String(), "\n")
}

// bounded is a builder that refuses to grow past maxRendered.
type bounded struct{ strings.Builder }

// Write appends p, or fails when that would be too much.
func (b *bounded) Write(p []byte) (int, error) {
	if b.Len()+len(p) > maxRendered {
		return 0, errors.New("writes more than 1 MiB")
	}
	return b.Builder.Write(p)
}

// plural is word for one, and with an "s" for any other number.
func plural(n int, word string) string {
	if n == 1 {
		return word
	}
	return word + "s"
}
