package queries

import (
	"fmt"

	"github.com/recheckbot/recheckbot/internal/lucene"
)

// Known tells which values some file of a build may have in the fields that are
// made from its name.
type Known struct{ Tag, Name func(value string) bool }

// Unknown warns of each fingerprint that asks for a tag or a file name that no
// file ever has.
func (k Known) Unknown(items []Fingerprint) []Problem {
	var list []Problem
	for _, f := range items {
		for _, why := range k.Lint(f.Tree) {
			list = append(list, Problem{File: f.Name + suffix, Row: 1, Col: 1, Warning: true, Msg: why})
		}
	}
	return list
}

// Lint says, for people, what a tree asks for in vain.
func (k Known) Lint(n lucene.Node) []string {
	var found []string
	lucene.Walk(n, func(n lucene.Node) bool {
		t, ok := n.(lucene.Term)
		switch {
		case !ok:
		case t.Field == "tags" && !k.Tag(t.Text):
			found = append(found, fmt.Sprintf("no file ever has the tag %q", t.Text))
		case t.Field == "filename" && !k.Name(t.Text):
			found = append(found, fmt.Sprintf("no file ever has the name %q", t.Text))
		}
		return true
	})
	return found
}
