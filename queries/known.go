package queries

import (
	"fmt"

	"github.com/recheckbot/recheckbot/internal/lucene"
)

// Known tells which values some file of a build may have in the fields that are
// made from its name, and which fields some event may have. A nil function knows
// all.
type Known struct{ Tag, Name, Field func(value string) bool }

// Unknown warns of each fingerprint that asks for a tag or a file name that no
// file ever has, or for a field that no event has, at its place in the
// fingerprint's file.
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
		if why := k.inVain(n); why != "" {
			found = append(found, lucene.Note{Offset: off, Msg: why})
		}
		return true
	})
	return found
}

func (k Known) inVain(n lucene.Node) string {
	lacks := func(knows func(string) bool, value string) bool { return knows != nil && !knows(value) }
	if field := lucene.FieldOf(n); field != "" && lacks(k.Field, field) {
		return fmt.Sprintf("events of the log pipeline have no field %q", field)
	}
	t, _ := n.(lucene.Term)
	switch {
	case t.Field == "tags" && lacks(k.Tag, t.Text):
		return fmt.Sprintf("no file ever has the tag %q", t.Text)
	case t.Field == "filename" && lacks(k.Name, t.Text):
		return fmt.Sprintf("no file ever has the name %q", t.Text)
	}
	return ""
}
