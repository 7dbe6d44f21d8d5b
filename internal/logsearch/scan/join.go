package scan

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/recheckbot/recheckbot/internal/joblog"
	"github.com/recheckbot/recheckbot/internal/logsearch"
)

// maxReasons bounds how many files an answer's Why names.
const maxReasons = 5

// join makes one answer of the files' results, which are in the files' order.
func (s *Searcher) join(l joblog.Listing, results []result) logsearch.Answer {
	a := s.answer(logsearch.Complete, "")
	var reasons []string
	if l.Short != "" {
		reasons = append(reasons, l.Short)
	}
	for _, r := range results {
		a.Files = append(a.Files, r.file)
		if r.file.Why == "" {
			continue
		}
		reasons = append(reasons, r.file.Name+": "+r.file.Why)
		if r.again {
			a.RetryAfter = max(a.RetryAfter, s.e.o.Retry, r.rest)
		}
	}
	if len(reasons) > 0 {
		a.Status, a.Why = logsearch.Incomplete, reason(reasons)
	}
	for _, i := range allFound(results) {
		if m, ok := s.match(int(i), results); ok {
			a.Matches = append(a.Matches, m)
		}
	}
	a.Refused = append(slices.Clip(a.Refused), overBudget(results)...)
	return a
}

// allFound are the fingerprints that have hits in any file, in their order.
func allFound(results []result) []int32 {
	all := map[int32]bool{}
	for _, r := range results {
		for i := range r.found {
			all[i] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// overBudget tells of each fingerprint that was too costly in which file first.
func overBudget(results []result) []logsearch.Problem {
	var all []logsearch.Problem
	told := map[int32]bool{}
	for _, r := range results {
		for _, i := range slices.Sorted(maps.Keys(r.over)) {
			if !told[i] {
				told[i] = true
				why := fmt.Sprintf("%s: too costly: not evaluated from line %d on", r.file.Name, r.over[i])
				all = append(all, logsearch.Problem{Fingerprint: int(i), Why: why})
			}
		}
	}
	return all
}

func reason(all []string) string {
	if more := len(all) - maxReasons; more > 0 {
		all = append(all[:maxReasons:maxReasons], fmt.Sprintf("and %d more", more))
	}
	return strings.Join(all, "; ")
}

// match adds up one fingerprint's hits. Where some are certain, those that
// depend on unknown fields are left out.
func (s *Searcher) match(i int, results []result) (logsearch.Match, bool) {
	var sure, maybe hits
	var ifs []string
	exact := true
	for _, r := range results {
		if _, over := r.over[int32(i)]; over {
			exact = false
		}
		f := r.found[int32(i)]
		if f == nil {
			continue
		}
		s.add(&sure, f.sure)
		s.add(&maybe, f.maybe)
		for _, c := range f.ifs {
			ifs = addOnce(ifs, c)
		}
	}
	ofFile := func(f *found) int64 { return f.sure.n }
	m := logsearch.Match{Fingerprint: i, Exact: exact, Count: sure.n, Sample: sure.sample}
	if sure.n == 0 {
		m.Count, m.Sample, m.If = maybe.n, maybe.sample, oneOf(ifs)
		ofFile = func(f *found) int64 { return f.maybe.n }
	}
	for _, r := range results {
		if f := r.found[int32(i)]; f != nil && ofFile(f) > 0 {
			m.Files = append(m.Files, logsearch.Hits{File: r.file.Name, Count: ofFile(f)})
		}
	}
	return m, m.Count > 0
}

func (s *Searcher) add(to *hits, h hits) {
	to.n += h.n
	room := s.e.o.MaxSample - len(to.sample)
	to.sample = append(to.sample, h.sample[:min(room, len(h.sample))]...)
}

// oneOf joins conditions of which one must hold.
func oneOf(ifs []string) string {
	if len(ifs) < 2 {
		return strings.Join(ifs, "")
	}
	return "(" + strings.Join(ifs, ") or (") + ")"
}
