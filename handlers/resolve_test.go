package handlers

import (
	"slices"
	"strings"
	"testing"

	"github.com/recheckbot/recheckbot/internal/store"
)

func sampleNames() Names {
	return Names{
		Groups: []Group{{"tempest", Globs{"tempest-*", "grenade"}}},
		Jobs:   []string{"tempest-full", "tempest-slow", "grenade", "tox-py312", "nova-gate-hook"},
		Pairs: pairs(
			"openstack/nova gate", "openstack/nova check-arm64", "x/nova check", "openstack/oslo.db gate",
			"a/dup gate", "b/dup gate", "openstack/python-novaclient gate"),
	}
}

// pairs reads "project pipeline" texts.
func pairs(texts ...string) []store.ProjectPipeline {
	var list []store.ProjectPipeline
	for _, text := range texts {
		project, pipeline, _ := strings.Cut(text, " ")
		list = append(list, store.ProjectPipeline{Project: project, Pipeline: pipeline})
	}
	return list
}

func TestResolve(t *testing.T) {
	for _, c := range []struct{ name, want string }{
		{"tempest", "group tempest"},
		{"tempest-full", "job tempest-full"},
		{"nova-gate-hook", "job nova-gate-hook"},
		{"nova-gate", "pair openstack/nova-gate"},
		{"openstack/nova-gate", "pair openstack/nova-gate"},
		{"nova-check-arm64", "pair openstack/nova-check-arm64"},
		{"python-novaclient-gate", "pair openstack/python-novaclient-gate"},
		{"dup-gate", "candidates a/dup-gate b/dup-gate"},
		{"a/dup-gate", "pair a/dup-gate"},
		{"tempest-ful", "nearest tempest-full"},
		{"grenad", "nearest grenade"},
		{"zzzzzz", "nearest"},
		{"-", "nearest"},
		{strings.Repeat("a-", 5000), "nearest"},
	} {
		if got := describe(sampleNames().Resolve(c.name)); got != c.want {
			t.Errorf("%.40q: got %q, want %q", c.name, got, c.want)
		}
	}
}

func describe(m Meaning) string {
	switch {
	case m.Group != nil:
		return "group " + m.Group.Name
	case m.Job != "":
		return "job " + m.Job
	case m.Pair != nil:
		return "pair " + pairName(*m.Pair)
	case m.Candidates != nil:
		return "candidates " + strings.Join(m.Candidates, " ")
	}
	return strings.TrimSpace("nearest " + strings.Join(m.Nearest, " "))
}

func TestJobsOfAGroup(t *testing.T) {
	n := sampleNames()
	if got, want := n.JobsOf(n.Groups[0]), []string{"tempest-full", "tempest-slow", "grenade"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"a", "", 1}, {"kitten", "sitting", 3}, {"flaw", "lawn", 2}, {"same", "same", 0}} {
		if got := distance(c.a, c.b); got != c.want {
			t.Errorf("distance(%q, %q) = %d, want %d", c.a, c.b, got, c.want)
		}
	}
}
