package handlers

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/recheckbot/recheckbot/internal/logsearch"
	"github.com/recheckbot/recheckbot/internal/store"
)

// Searcher looks for one set of fingerprints in the logs of a build. An error
// is an outage, to be tried again; it is never a verdict.
type Searcher interface {
	Search(ctx context.Context, b logsearch.Build) (logsearch.Answer, error)
}

// Fingerprint is what has to be known of a fingerprint besides its query.
type Fingerprint struct {
	Name      string
	TrackOnly bool     // searched and counted, not said
	TestIDs   []string // counts only if one of these tests failed; while that is unknown: kept, not said
}

// Set is one loaded set of fingerprints, ready to search. It is immutable.
// Fingerprints stand in the order of the logsearch.Set that the Searcher was
// compiled from; those with suppress-notification are in neither: they are not
// searched.
type Set struct {
	ID           int64  // of the store's set
	Engine       string // such as "scan"
	Searcher     Searcher
	Fingerprints []Fingerprint
}

// Sets holds the set that is in use, so that a reload swaps all of it at once;
// a search that runs keeps the set that it began with.
type Sets struct{ current atomic.Pointer[Set] }

// Swap puts set in the place of the one in use.
func (s *Sets) Swap(set *Set) { s.current.Store(set) }

// Current is the set in use, nil before the first Swap.
func (s *Sets) Current() *Set { return s.current.Load() }

// Sayable reports whether hits of a fingerprint may be said: not if it is
// track-only, and not if it was taken away since.
func (s *Sets) Sayable(name string) bool {
	set := s.Current()
	if set == nil {
		return false
	}
	i := slices.IndexFunc(set.Fingerprints, func(f Fingerprint) bool { return f.Name == name })
	return i >= 0 && !set.Fingerprints[i].TrackOnly
}

// name is the name of the i-th fingerprint.
func (s *Set) name(i int) string {
	if i < 0 || i >= len(s.Fingerprints) {
		return "?"
	}
	return s.Fingerprints[i].Name
}

// maxExcerpt bounds in bytes what is kept of a hit's event.
const maxExcerpt = 4096

// hits turns an engine's matches into rows, each with its first sample. What
// counts only if certain tests failed is decided by t.
func (s *Set) hits(matches []logsearch.Match, t tested) []store.Hit {
	var out []store.Hit
	for _, m := range matches {
		if m.Fingerprint < 0 || m.Fingerprint >= len(s.Fingerprints) {
			continue
		}
		f := s.Fingerprints[m.Fingerprint]
		counts, condition := t.of(f)
		if !counts {
			continue
		}
		h := store.Hit{Fingerprint: f.Name, N: m.Count, Exact: m.Exact, If: both(m.If, condition), Line: -1, Offset: -1}
		if len(m.Sample) > 0 {
			hit := m.Sample[0]
			h.File, h.URL, h.Line, h.Offset, h.At = hit.File, hit.URL, hit.Line, hit.Offset, hit.Time
			h.Excerpt = cutBytes(strings.ToValidUTF8(cmp.Or(hit.Quote, hit.Text), "\uFFFD"), maxExcerpt)
		}
		out = append(out, h)
	}
	return out
}

// both joins two conditions that must hold together; either may be empty.
func both(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + " and " + b
}
