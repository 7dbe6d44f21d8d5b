package queries

import (
	"fmt"

	"github.com/recheckbot/recheckbot/internal/lucene"
)

// Known tells which values some file of a build may have in the fields that are
// made from its name.
type Known struct{ Tag, Name func(value string) bool }

// Unknown warns of each fingerprint that asks for a tag or a file name that no
// file ever has, at its place in the fingerprint's file.
func (k Known) Unknown(set Set) []Problem {
	var list []Problem
	for _, f := range set.Items {
		if len(k.lint(lucene.Query{Tree: f.Tree})) > 0 {
			list = append(list, k.unknown(f, set.Mapping)...)
		}
	}
	return list
}

// unknown reads the file again, for its places.
func (k Known) unknown(f Fingerprint, m lucene.Mapping) []Problem {
	r := &reader{file: f.Name + suffix, mapping: m, body: f.YAML}
	root := r.root()
	if root == nil {
		return nil
	}
	r.keys(root)
	r.problems = nil // told when the file was loaded
	if r.query == nil {
		return nil
	}
	q, err := lucene.Read(r.query.Value, m)
	if err != nil {
		return nil
	}
	r.warnOf(r.query, k.lint(q))
	return r.problems
}

// lint says, for people, what a tree asks for in vain.
func (k Known) lint(q lucene.Query) []lucene.Note {
	var found []lucene.Note
	q.Walk(func(n lucene.Node, off int) bool {
		t, ok := n.(lucene.Term)
		switch {
		case !ok:
		case t.Field == "tags" && !k.Tag(t.Text):
			found = append(found, lucene.Note{Offset: off, Msg: fmt.Sprintf("no file ever has the tag %q", t.Text)})
		case t.Field == "filename" && !k.Name(t.Text):
			found = append(found, lucene.Note{Offset: off, Msg: fmt.Sprintf("no file ever has the name %q", t.Text)})
		}
		return true
	})
	return found
}
