package handlers

import (
	"cmp"
	"time"

	"github.com/recheckbot/recheckbot/internal/logsearch"
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

// account is what the log host has said of one build so far. It is kept in
// memory: after a restart it begins anew, which can only make the wait longer.
type account struct {
	since  time.Time     // of the first "not there"
	tries  int           // such answers
	cut    int           // answers of which a part was missing
	last   time.Time     // of the last try of any kind
	outage time.Duration // time spent without an answer: the deadline does not run then
}

// note takes the answer of one try.
func (p *account) note(now time.Time, status logsearch.Status, outage error) {
	switch {
	case outage != nil && !p.last.IsZero():
		p.outage += now.Sub(p.last)
	case outage != nil:
	case status == logsearch.Incomplete:
		p.cut++
	case status == logsearch.NotReady:
		if p.tries++; p.tries == 1 {
			p.since = now
		}
	}
	p.last = now
}

// logsOver reports whether logs that are not there will not come any more.
func (d Deadlines) logsOver(own, now time.Time, p account) bool {
	return !now.Before(own.Add(d.Logs+p.outage)) && p.tries >= d.Tries && now.Sub(p.since) >= d.Over
}
