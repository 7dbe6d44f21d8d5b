package main

import (
	"context"
	"fmt"
	"time"

	"github.com/recheckbot/recheckbot/internal/demo"
	"github.com/recheckbot/recheckbot/internal/fake/gerrit"
)

// load is people and a CI at work. Rechecks have changes of their own: a report
// that somebody has answered with a recheck is not answered by the bot.
type load struct {
	a       *arena
	failed  []int64 // changes with reports
	talked  []int64 // changes with rechecks
	lastBug int
}

const project = "openstack/nova"

// run does things at the arena's rate until ctx ends.
func (l *load) run(ctx context.Context) error {
	every := time.Duration(float64(time.Second) / l.a.o.rate)
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if err := l.one(); err != nil {
			return err
		}
	}
}

// one is the next thing that happens.
func (l *load) one() error {
	switch n := l.a.n(100); {
	case n < 30:
		return l.a.fail(l.change(&l.failed, true), l.pipeline())
	case n < 40: // the same failure again, on the same patchset
		return l.a.fail(l.change(&l.failed, false), l.pipeline())
	case n < 65:
		return l.recheck()
	case n < 75: // said twice is two
		return l.twice()
	}
	change := l.change(&l.failed, false)
	return l.post(change, gerrit.Comment{Message: fmt.Sprintf("I have looked at it, line %d is odd.", l.a.n(1000))})
}

func (l *load) pipeline() string {
	if l.a.n(3) == 0 {
		return "check"
	}
	return "gate"
}

// change is a new change, or one of those that are there.
func (l *load) change(list *[]int64, fresh bool) int64 {
	if fresh || len(*list) == 0 {
		*list = append(*list, l.a.NewChange(gerrit.ChangeSpec{Project: project, Owner: "alice", Subject: "A change"}))
		return (*list)[len(*list)-1]
	}
	return (*list)[l.a.n(len(*list))]
}

// fail reports failed builds, one or two of them, that fingerprints recognize.
func (a *arena) fail(change int64, pipeline string) error {
	builds := []demo.Build{
		{Job: "tempest-full-py3", Cause: []string{"rpc-timeout", "mirror", "lock-wait"}[a.n(3)]},
		{Job: "openstack-tox-py312", Result: "SUCCESS"},
	}
	if a.n(2) == 0 {
		builds = append(builds, demo.Build{Job: "grenade", Cause: "mirror"})
	}
	return a.failBy(change, pipeline, builds...)
}

// failBy reports builds of which some have failed.
func (a *arena) failBy(change int64, pipeline string, builds ...demo.Build) error {
	a.mu.Lock()
	a.reports = append(a.reports, report{change: change, builds: len(builds)})
	if pipeline == "gate" {
		a.lines++
	}
	a.mu.Unlock()
	_, err := a.World.Post(demo.Report{Change: change, Project: project, Pipeline: pipeline, Builds: builds})
	return err
}

// recheck names a bug that nobody has named before, in one of the forms in
// which people write.
func (l *load) recheck() error {
	l.lastBug++
	l.a.mu.Lock()
	l.a.bugs++
	l.a.mu.Unlock()
	text := fmt.Sprintf("recheck bug %d", 2000000+l.lastBug)
	change := l.change(&l.talked, l.a.n(5) == 0)
	switch l.a.n(4) {
	case 0:
		return l.post(change, gerrit.Comment{PatchsetLevel: []string{text}})
	case 1:
		return l.post(change, gerrit.Comment{PatchsetLevel: []string{text}, Inline: 1, Votes: map[string]int{"Code-Review": -1}})
	}
	return l.post(change, gerrit.Comment{Message: text})
}

// twice posts one text twice.
func (l *load) twice() error {
	change := l.change(&l.talked, false)
	m := gerrit.Comment{Message: "Thank you, done."}
	if err := l.post(change, m); err != nil {
		return err
	}
	return l.post(change, m)
}

func (l *load) post(change int64, m gerrit.Comment) error {
	_, err := l.a.Gerrit.Post(change, []string{"alice", "bob", "chandra"}[l.a.n(3)], m)
	return err
}
