package queries

import (
	"errors"
	"fmt"
	"path"
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
	tree, notes, err := lucene.ParseNotes(n.Value, r.mapping)
	if err != nil {
		r.queryError(n, err)
		return
	}
	if why := refused(tree); why != "" {
		r.fail(n, "this query %s", why)
		return
	}
	for _, note := range notes {
		place := *n
		place.Line, place.Column = placeOf(r.body, n, note.Offset)
		r.warn(&place, "query: %s", note.Msg)
	}
	for _, msg := range lucene.Lint(tree, PerLine, r.mapping.Analysed) {
		r.warn(n, "%s", msg)
	}
	r.f.Query = effective(n.Value, r.f.AllowNonvoting)
	if r.f.Tree, err = lucene.Parse(r.f.Query, r.mapping); err != nil {
		r.fail(n, "%v", err)
	}
}

// ParseQuery reads a query as a file's one is read. warnings say what is odd.
// An error of its syntax is a *lucene.SyntaxError.
func ParseQuery(query string, m lucene.Mapping) (n lucene.Node, warnings []string, err error) {
	n, notes, err := lucene.ParseNotes(query, m)
	if err != nil {
		return nil, nil, err
	}
	if why := refused(n); why != "" {
		return nil, nil, fmt.Errorf("the query %s", why)
	}
	for _, note := range notes {
		warnings = append(warnings, note.Msg)
	}
	return n, append(warnings, lucene.Lint(n, PerLine, m.Analysed)...), nil
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
	return "(" + strings.TrimSpace(query) + ") AND voting:1"
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
