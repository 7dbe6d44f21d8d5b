package demo

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/recheckbot/recheckbot/internal/fake/gerrit"
)

// life makes things happen at random.
type life struct {
	w       *World
	r       *rand.Rand
	changes []int64 // the newest last
	made    int     // changes, ever
	reports []Reported
}

// How much of the past is kept: changes that still live, and reports whose logs
// are still there.
const (
	liveChanges = 8
	liveReports = 50
)

func newLife(w *World, seed uint64) *life {
	return &life{w: w, r: rand.New(rand.NewPCG(seed, 1))}
}

// wait is how long until the next thing happens.
func (l *life) wait() time.Duration {
	return 2*time.Second + time.Duration(l.r.Int64N(int64(4*time.Second)))
}

// something happens: a failure to begin with, then mostly a report, else a
// recheck.
func (l *life) something() error {
	if l.made == 0 {
		return l.report(true)
	}
	if l.r.IntN(4) == 0 {
		return l.recheck(pick(l.r, l.w.scenery.rechecks))
	}
	return l.report(l.r.IntN(4) > 0)
}

// recheck is a person's comment on the newest change.
func (l *life) recheck(text string) error {
	if len(l.changes) == 0 {
		l.change()
	}
	newest := l.changes[len(l.changes)-1]
	_, err := l.w.Gerrit.Post(newest, pick(l.r, l.w.scenery.people), gerrit.Comment{Message: text})
	return err
}

// change makes one, of each project in turn, and lets the oldest go.
func (l *life) change() {
	project := l.w.scenery.projects[l.made%len(l.w.scenery.projects)]
	l.made++
	l.changes = append(l.changes, l.w.NewChange(gerrit.ChangeSpec{
		Project: project, Owner: pick(l.r, l.w.scenery.people),
		Subject: fmt.Sprintf("Improve things, part %d", l.r.IntN(100)),
	}))
	if len(l.changes) > liveChanges {
		l.changes = l.changes[1:]
	}
}

// report lets Zuul report on a change, a new one as often as not. With fails at
// least one build failed.
func (l *life) report(fails bool) error {
	if len(l.changes) == 0 || l.r.IntN(2) == 0 {
		l.change()
	}
	number := pick(l.r, l.changes)
	r := Report{Change: number, Project: l.w.project(number), Pipeline: pick(l.r, []string{"gate", "gate", "check"})}
	for i, job := range l.jobs() {
		b := Build{Job: job, Result: "SUCCESS"}
		if fails && (i == 0 || l.r.IntN(4) == 0) {
			b.Result, b.Cause = "FAILURE", l.cause()
		}
		r.Builds = append(r.Builds, b)
	}
	reported, err := l.w.Post(r)
	l.reports = append(l.reports, reported)
	if len(l.reports) > liveReports {
		l.w.Forget(l.reports[0])
		l.reports = l.reports[1:]
	}
	return err
}

// jobs are one to all of them, in any order.
func (l *life) jobs() []string {
	jobs := l.w.scenery.jobs
	out := make([]string, 0, len(jobs))
	for _, i := range l.r.Perm(len(jobs))[:1+l.r.IntN(len(jobs))] {
		out = append(out, jobs[i])
	}
	return out
}

// cause is one of the scenery's, by weight.
func (l *life) cause() string {
	all := 0
	for _, c := range l.w.scenery.causes {
		all += c.weight
	}
	n := l.r.IntN(all)
	for _, c := range l.w.scenery.causes {
		if n -= c.weight; n < 0 {
			return c.name
		}
	}
	return ""
}

func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }
