package handlers

import (
	"path"
	"slices"
	"strings"

	"github.com/recheckbot/recheckbot/internal/store"
)

// Group is a named set of jobs, by name or glob.
type Group struct {
	Name string
	Jobs Globs
}

// Names are the names that a question about rates can mean.
type Names struct {
	Groups []Group
	Jobs   []string
	Pairs  []store.ProjectPipeline
}

// Meaning is what a name stands for: exactly one of Group, Job and Pair is set
// when it is known; else Candidates (ambiguous) or Nearest (unknown) may be.
type Meaning struct {
	Group      *Group
	Job        string
	Pair       *store.ProjectPipeline
	Candidates []string
	Nearest    []string
}

// Resolve reads a name: an exact group, an exact job, then project-pipeline
// from the right, the project by its full name or its unique last part.
func (n Names) Resolve(name string) Meaning {
	if i := slices.IndexFunc(n.Groups, func(g Group) bool { return g.Name == name }); i >= 0 {
		return Meaning{Group: &n.Groups[i]}
	}
	if slices.Contains(n.Jobs, name) {
		return Meaning{Job: name}
	}
	if m, ok := n.pair(name); ok {
		return m
	}
	return Meaning{Nearest: n.offer(name)}
}

// offer are up to three known names that are nearest to name, no two of which
// mean the same.
func (n Names) offer(name string) []string {
	var offered []string
	meant := map[string]bool{}
	for _, near := range nearest(name, n.all(), 12) {
		m, isPair := n.pair(near)
		key := near
		switch {
		case slices.Contains(n.Jobs, near): // a job of that name comes first
		case isPair && m.Pair == nil: // ambiguous
			continue
		case isPair:
			key = pairName(*m.Pair)
		}
		if !meant[key] && len(offered) < 3 {
			meant[key] = true
			offered = append(offered, near)
		}
	}
	return offered
}

// pair tries each hyphen from the right as the border of project and pipeline.
func (n Names) pair(name string) (Meaning, bool) {
	for i := strings.LastIndexByte(name, '-'); i > 0; i = strings.LastIndexByte(name[:i], '-') {
		found := n.pairsOf(name[:i], name[i+1:])
		if len(found) == 1 {
			return Meaning{Pair: &found[0]}, true
		}
		if len(found) > 1 {
			return Meaning{Candidates: pairNames(found)}, true
		}
	}
	return Meaning{}, false
}

// pairsOf are the pairs that project (full name, else last part) and pipeline
// can mean.
func (n Names) pairsOf(project, pipeline string) []store.ProjectPipeline {
	var byPart []store.ProjectPipeline
	for _, p := range n.Pairs {
		if p.Pipeline != pipeline {
			continue
		}
		if p.Project == project {
			return []store.ProjectPipeline{p}
		}
		if path.Base(p.Project) == project {
			byPart = append(byPart, p)
		}
	}
	return byPart
}

// JobsOf are the known jobs that belong to g.
func (n Names) JobsOf(g Group) []string {
	var jobs []string
	for _, job := range n.Jobs {
		if g.Jobs.Match(job) {
			jobs = append(jobs, job)
		}
	}
	return jobs
}

// all lists every name that would be understood.
func (n Names) all() []string {
	names := slices.Clone(n.Jobs)
	for _, g := range n.Groups {
		names = append(names, g.Name)
	}
	for _, p := range n.Pairs {
		names = append(names, pairName(p), path.Base(p.Project)+"-"+p.Pipeline)
	}
	return names
}

// pairName is the full name that `!rates` takes: "openstack/nova-gate".
func pairName(p store.ProjectPipeline) string { return p.Project + "-" + p.Pipeline }

func pairNames(pairs []store.ProjectPipeline) []string {
	names := make([]string, len(pairs))
	for i, p := range pairs {
		names[i] = pairName(p)
	}
	slices.Sort(names)
	return names
}
