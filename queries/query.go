package queries

import (
	"cmp"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/recheckbot/recheckbot/internal/lucene"
)

// makeQuery parses the file's query and what is searched of it.
func (r *reader) makeQuery(root *yaml.Node) {
	n := r.query
	if n == nil {
		if !HasErrors(r.problems) {
			r.fail(root, "there is no query")
		}
		return
	}
	if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!str" {
		r.fail(n, "query is a text")
		return
	}
	q, err := lucene.Read(n.Value, r.mapping)
	if err != nil {
		r.queryError(n, err)
		return
	}
	if why := refused(q.Tree); why != "" {
		r.fail(n, "this query %s", why)
		return
	}
	r.warnOf(n, lint(q, r.mapping))
	r.f.Query = effective(n.Value, r.f.AllowNonvoting)
	if r.f.Tree, err = lucene.Parse(r.f.Query, r.mapping); err != nil {
		r.fail(n, "%v", err)
	}
}

// warnOf gives warnings at their places in the file.
func (r *reader) warnOf(n *yaml.Node, notes []lucene.Note) {
	for _, note := range notes {
		place := *n
		place.Line, place.Column = placeOf(r.body, n, note.Offset)
		r.warn(&place, "query: %s", note.Msg)
	}
}

// lint is all that is odd about a query, in the order of its text.
func lint(q lucene.Query, m lucene.Mapping) []lucene.Note {
	notes := slices.Concat(q.Notes, q.Lint(PerLine, m.Analysed))
	slices.SortStableFunc(notes, func(a, b lucene.Note) int { return cmp.Compare(a.Offset, b.Offset) })
	return notes
}

// ParseQuery reads a query as a file's one is read. Warnings say what is odd,
// at their places in the query. An error of its syntax is a *lucene.SyntaxError.
func ParseQuery(query string, m lucene.Mapping, k Known) (n lucene.Node, warnings []Problem, err error) {
	q, err := lucene.Read(query, m)
	if err != nil {
		return nil, nil, err
	}
	if why := refused(q.Tree); why != "" {
		return nil, nil, fmt.Errorf("the query %s", why)
	}
	for _, note := range append(lint(q, m), k.lint(q)...) {
		row, col := lucene.Place(query, note.Offset)
		warnings = append(warnings, Problem{Row: row, Col: col, Warning: true, Msg: note.Msg})
	}
	return q.Tree, warnings, nil
}

// ParseFile reads one fingerprint file, whose name (with .yaml) is its
// fingerprint's. If one of the problems is an error, there is no tree.
func ParseFile(file string, body []byte, m lucene.Mapping) (Fingerprint, []Problem) {
	f, problems, ok := parseFile(strings.TrimSuffix(path.Base(file), suffix), body, m)
	if !ok {
		f.Tree = nil
	}
	return f, problems
}

// maxTerms bounds what one fingerprint may look for, in all of its groups
// together: Lucene's bound on one group is as high.
const maxTerms = 1024

// refused says why a query that Lucene takes is none for a fingerprint.
func refused(n lucene.Node) string {
	terms := 0
	lucene.Walk(n, func(n lucene.Node) bool {
		if lucene.FieldOf(n) != "" {
			terms++
		}
		return true
	})
	switch {
	case empty(n):
		return "can match nothing: there is no word in it"
	case terms > maxTerms:
		return fmt.Sprintf("has %d terms, more than %d: it would slow all others", terms, maxTerms)
	}
	return ""
}

// empty reports whether analysis left nothing of a query.
func empty(n lucene.Node) bool {
	b, ok := n.(lucene.Bool)
	return n == lucene.None{} || ok && len(b.Must)+len(b.Should)+len(b.Not) == 0
}

// PerLine tells the fields that differ from line to line; all others belong to
// a whole file.
func PerLine(field string) bool {
	switch strings.TrimSuffix(field, lucene.KeywordSuffix) {
	case "message", "module", "loglevel", "pid":
		return true
	}
	return false
}

// effective is what is searched: elastic-recheck appended its condition to the
// text, so that of `a OR b` only b was bound by it; the brackets bind all.
func effective(query string, nonvoting bool) string {
	if nonvoting {
		return query
	}
	text := strings.TrimSpace(query)
	if strings.HasSuffix(text, `\`) { // what it escapes was the space
		text = query
	}
	return "(" + text + ") AND voting:1"
}

// queryError reports an error of the query at its place in the file.
func (r *reader) queryError(n *yaml.Node, err error) {
	place, msg := &yaml.Node{Line: n.Line, Column: n.Column}, err.Error()
	if e, ok := errors.AsType[*lucene.SyntaxError](err); ok {
		place.Line, place.Column = placeOf(r.body, n, e.Offset)
		msg = e.Msg
	}
	r.fail(place, "query: %s", fmt.Sprint(msg))
}
