package queries

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"slices"

	"github.com/recheckbot/recheckbot/internal/ci"
	"github.com/recheckbot/recheckbot/internal/lucene"
)

// Fingerprint is one file.
type Fingerprint struct {
	Name  string // the file's name without .yaml
	SHA   [sha256.Size]byte
	YAML  []byte      // the file
	Query string      // effective: bound to voting:1 unless AllowNonvoting
	Tree  lucene.Node // Query, parsed

	Title string      // ours: one line for people; empty when the file has none
	Bugs  []ci.BugRef // what it stands for; none for a general fingerprint

	SuppressGraph        bool // left out of graphs only
	SuppressNotification bool // neither searched nor said, as elastic-recheck did
	AllowNonvoting       bool
	TrackOnly            bool     // ours: searched and counted, never said
	TestIDs              []string // counts only if one of these tests failed
	ResolvedAt           string   // for people only
}

// Searched reports whether the fingerprint is to be searched at all.
func (f Fingerprint) Searched() bool { return !f.SuppressNotification }

// Set is what a directory held at one time, sorted by name. It is immutable.
type Set struct {
	SHA     [sha256.Size]byte // over names and hashes
	Items   []Fingerprint
	Mapping lucene.Mapping // that the trees were made for
}

// newSet sorts items and hashes them.
func newSet(items []Fingerprint, m lucene.Mapping) Set {
	slices.SortFunc(items, func(a, b Fingerprint) int { return cmp.Compare(a.Name, b.Name) })
	h := sha256.New()
	for _, f := range items {
		h.Write([]byte(f.Name + "\x00"))
		h.Write(f.SHA[:])
	}
	return Set{SHA: [sha256.Size]byte(h.Sum(nil)), Items: items, Mapping: m}
}

// Problem is what is wrong with a file, or with the directory if File is empty.
// Row and Col count from 1, Col in characters; 0 when there is no place.
type Problem struct {
	File     string
	Row, Col int
	Warning  bool // the file is used all the same
	Msg      string
}

// String is `file:row:col: message`.
func (p Problem) String() string {
	place := p.File
	if p.Row > 0 {
		place += fmt.Sprintf(":%d:%d", p.Row, p.Col)
	}
	if p.Warning {
		return place + ": warning: " + p.Msg
	}
	return place + ": " + p.Msg
}

// HasErrors reports whether one of the problems is more than a warning: who
// reloads keeps the last good set then.
func HasErrors(problems []Problem) bool {
	return slices.ContainsFunc(problems, func(p Problem) bool { return !p.Warning })
}
