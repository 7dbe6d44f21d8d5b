package handlers

import (
	"cmp"
	"time"
)

// Deadlines are counted from an event's own time, never from when a worker came
// round to it. They end only after a few tries of ours: what was found late
// would otherwise be over before it began.
type Deadlines struct {
	Logs     time.Duration // how long logs may be "not there" after the report; 0: 20 min
	Outage   time.Duration // how long Zuul or a log host may be unreachable; 0: 2 h
	Tries    int           // at least; 0: 3
	Over     time.Duration // that lie at least so far apart, first to last; 0: 60 s
	Complete int           // tries of logs that cannot be read to their end; 0: 5
}

// withDefaults fills in what is not set.
func (d Deadlines) withDefaults() Deadlines {
	return Deadlines{
		Logs:     cmp.Or(d.Logs, 20*time.Minute),
		Outage:   cmp.Or(d.Outage, 2*time.Hour),
		Tries:    cmp.Or(d.Tries, 3),
		Over:     cmp.Or(d.Over, time.Minute),
		Complete: cmp.Or(d.Complete, 5),
	}
}

// outageOver reports whether to give up on what cannot be reached, after so
// many tries.
func (d Deadlines) outageOver(own, firstSeen, now time.Time, tries int) bool {
	return !now.Before(own.Add(d.Outage)) && tries >= d.Tries && now.Sub(firstSeen) >= d.Over
}

// absence is how long the log host has been saying "not there" of one build. It
// is kept in memory: after a restart it begins anew, which can only make the
// wait longer.
type absence struct {
	since  time.Time     // of the first such answer
	tries  int           // such answers
	last   time.Time     // of the last try of any kind
	outage time.Duration // time spent without an answer: the deadline does not run then
}

// note takes the answer of one try: there is an answer that says "not there",
// or none at all.
func (a *absence) note(now time.Time, answered bool) {
	switch {
	case answered && a.tries == 0:
		a.since, a.tries = now, 1
	case answered:
		a.tries++
	case !a.last.IsZero():
		a.outage += now.Sub(a.last)
	}
	a.last = now
}

// logsOver reports whether logs that are not there will not come any more.
func (d Deadlines) logsOver(own, now time.Time, a absence) bool {
	return !now.Before(own.Add(d.Logs+a.outage)) && a.tries >= d.Tries && now.Sub(a.since) >= d.Over
}
