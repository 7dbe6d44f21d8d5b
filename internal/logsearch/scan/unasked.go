package scan

import (
	"fmt"
	"maps"

	"github.com/recheckbot/recheckbot/internal/ci"
	"github.com/recheckbot/recheckbot/internal/joblog"
	"github.com/recheckbot/recheckbot/internal/lucene"
)

// unasked says that a host which does not list its files was asked for none in
// which some fingerprint can match: that it did not match would be a guess. It
// is empty if there is no such fingerprint.
func (s *Searcher) unasked(l joblog.Listing, build ci.Fields) string {
	if l.How != joblog.HowWellKnown {
		return ""
	}
	var asked []*lucene.Doc
	for _, name := range l.Asked {
		known := maps.Clone(build)
		tags, filename := joblog.FileFields(name)
		setDefault(known, "tags", tags)
		setDefault(known, "filename", filename)
		asked = append(asked, newDoc(s.e.o.Mapping, known))
	}
	missed, first := 0, 0
	anyFile := newDoc(s.e.o.Mapping, build)
	for i, tree := range s.trees {
		if tree != nil && s.named[i] && !never(lucene.Fold(tree, anyFile)) && inNone(tree, asked) {
			if missed++; missed == 1 {
				first = i
			}
		}
	}
	switch missed {
	case 0:
		return ""
	case 1:
		return fmt.Sprintf("the host does not list its files, and was not asked for that of fingerprint %s", s.set.Items[first].Name)
	}
	return fmt.Sprintf("the host does not list its files, and was not asked for those of fingerprint %s and %d more", s.set.Items[first].Name, missed-1)
}

// inNone reports whether a tree can match in none of the files.
func inNone(tree lucene.Node, files []*lucene.Doc) bool {
	for _, f := range files {
		if !never(lucene.Fold(tree, f)) {
			return false
		}
	}
	return true
}
