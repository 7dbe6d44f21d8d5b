package handlers

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"regexp"
	"sync/atomic"
	"time"

	"github.com/recheckbot/recheckbot/gerritstream"
)

// The alarms about hearing.
const (
	AlarmStream = "stream" // there is no connection
	AlarmDeaf   = "deaf"   // there is one, and it does not bring what it should
	AlarmLate   = "late"   // events come long after they were made
	AlarmGerrit = "gerrit" // Gerrit does not answer questions
)

// DeafGerrit is what watching the stream needs of Gerrit.
type DeafGerrit interface {
	State() gerritstream.State
	Reconnect(why string)
	Version(ctx context.Context) (string, error)
	Query(ctx context.Context, q gerritstream.Query) (gerritstream.Page, error)
}

// DeafStore keeps how long it is usually quiet, and how far all was heard.
type DeafStore interface {
	NoteSilence(ctx context.Context, from, to time.Time) error
	UsualSilence(ctx context.Context, now time.Time) (longest time.Duration, since time.Time, err error)
	OpenGap(ctx context.Context, from time.Time, cause string) error
	CursorStore
}

// DeafOptions are what watching the stream works with.
type DeafOptions struct {
	Gerrit  DeafGerrit
	Store   DeafStore
	Alarms  *Alarms
	Offset  *Offset
	Away    time.Duration // without a connection before it is an alarm; 0: 30 s
	Floor   time.Duration // silence before Gerrit is asked, until Known; 0: 15 min
	Known   time.Duration // how much of the past must be known to be believed; 0: 14 days
	Late    time.Duration // lag of events that is an alarm; 0: 2 min
	Logger  *slog.Logger
	Now     func() time.Time
	Catchup Wake // has a new gap
}

// Deaf watches whether the event stream really brings what happens. It looks for
// three signs, which do not depend on each other: no connection (the keepalive
// ends a dead one), a silence longer than usual in which Gerrit did have
// comments, and events that come late.
type Deaf struct {
	o       DeafOptions
	log     *slog.Logger
	began   time.Time
	session string
	heard   time.Time // when the last event of this session came
	sound   time.Time // when a question to Gerrit last found nothing missing
	mark    time.Time // the newest comment, on Gerrit's clock, when it was last asked
	deaf    bool      // found so, and nothing was heard since
	unasked bool      // Gerrit did not answer the last question
	noted   time.Time // the freshness that is written
	lag     lag
	behind  atomic.Int64 // of the last event, as a time.Duration
	review  *regexp.Regexp
}

// NewDeaf makes the step.
func NewDeaf(o DeafOptions) *Deaf {
	o.Away, o.Floor, o.Late = cmp.Or(o.Away, 30*time.Second), cmp.Or(o.Floor, 15*time.Minute), cmp.Or(o.Late, 2*time.Minute)
	o.Known, o.Now = cmp.Or(o.Known, 14*24*time.Hour), clock(o.Now)
	// Other messages, such as a new topic, come with events that are not subscribed to.
	return &Deaf{o: o, log: logger(o.Logger), began: o.Now(), review: regexp.MustCompile(`^Patch Set \d+:\s*(.*)`)}
}

// Run watches until ctx ends.
func (d *Deaf) Run(ctx context.Context) error {
	return loop{name: "deafness", log: d.log}.run(ctx, d.step)
}

// step looks for each sign.
func (d *Deaf) step(ctx context.Context) (bool, error) {
	st, now := d.o.Gerrit.State(), d.o.Now()
	if err := d.listen(ctx, st, now); err != nil {
		return false, err
	}
	if err := d.away(ctx, st, now); err != nil || !st.Connected {
		return false, err
	}
	return false, d.silent(ctx, st, now)
}

// away is the first sign: the keepalive, or Gerrit, has ended the connection.
func (d *Deaf) away(ctx context.Context, st gerritstream.State, now time.Time) error {
	since := st.Since
	if since.IsZero() {
		since = d.began
	}
	wrong := !st.Connected && now.Sub(since) >= d.o.Away
	if !wrong && !st.Connected {
		return nil // not yet wrong, and not well either
	}
	return d.o.Alarms.Set(ctx, AlarmStream, wrong,
		fmt.Sprintf("event stream not connected since %s: %s", clockTime(since), cmp.Or(st.LastError, "not reached yet")))
}

// listen learns from the events that came since the last look.
func (d *Deaf) listen(ctx context.Context, st gerritstream.State, now time.Time) error {
	if st.Session != d.session {
		d.session, d.heard = st.Session, time.Time{}
	}
	if st.LastEvent.After(d.heard) {
		before := d.heard
		if before.IsZero() {
			before = st.Since
		}
		if st.Connected && !d.deaf && before.Before(st.LastEvent) {
			if err := d.o.Store.NoteSilence(ctx, before, st.LastEvent); err != nil {
				return err
			}
		}
		d.heard, d.deaf = st.LastEvent, false
		if err := d.late(ctx, now); err != nil {
			return err
		}
	}
	return d.freshness(ctx)
}

// late is the third sign: the lag between an event's own time and its arrival.
func (d *Deaf) late(ctx context.Context, now time.Time) error {
	last, ok := d.o.Offset.Last()
	if !ok {
		return nil
	}
	behind := d.lag.add(now, last)
	d.behind.Store(int64(behind))
	return d.o.Alarms.Set(ctx, AlarmLate, behind >= d.o.Late,
		fmt.Sprintf("events come %s after they were made, or Gerrit's clock was set", span(behind)))
}

// Behind is by how much the last event was later than the promptest of a day.
func (d *Deaf) Behind() time.Duration { return time.Duration(d.behind.Load()) }

// silent is the second sign: a silence longer than is usual at this hour makes
// us ask Gerrit what there was to hear.
func (d *Deaf) silent(ctx context.Context, st gerritstream.State, now time.Time) error {
	since := latest(d.heard, d.sound, st.Since)
	patience := d.patience(ctx, now)
	if now.Sub(since) < patience && !d.unasked {
		return d.well(ctx)
	}
	missing, err := d.ask(ctx, since, now)
	if ctx.Err() != nil {
		return nil
	}
	d.unasked = err != nil
	if err != nil {
		if aerr := d.o.Alarms.Set(ctx, AlarmGerrit, true, "Gerrit does not answer questions: "+cut(err.Error(), 200)); aerr != nil {
			return aerr
		}
		return fmt.Errorf("deafness: silent since %s: %w", clockTime(since), err)
	}
	if err := d.o.Alarms.Set(ctx, AlarmGerrit, false, ""); err != nil {
		return err
	}
	if missing == 0 {
		d.sound, d.deaf = now, false
		d.log.Debug("silence, and there was nothing to hear", "since", since)
		return d.freshness(ctx)
	}
	return d.found(ctx, since, missing)
}

// well ends the alarms that nothing speaks for any more. Where events come there
// is no silence in which Gerrit would be asked again.
func (d *Deaf) well(ctx context.Context) error {
	if err := d.o.Alarms.Set(ctx, AlarmGerrit, false, ""); err != nil || d.deaf {
		return err
	}
	return d.o.Alarms.Set(ctx, AlarmDeaf, false, "")
}

// found tells that the stream is deaf, and connects again.
func (d *Deaf) found(ctx context.Context, since time.Time, missing int) error {
	why := fmt.Sprintf("event stream deaf since %s: connected, but it did not bring %d %s that Gerrit has; connecting again",
		clockTime(since), missing, plural(missing, "comment"))
	if err := d.o.Store.OpenGap(ctx, since, "the stream was deaf"); err != nil {
		return err
	}
	d.deaf = true
	d.o.Gerrit.Reconnect("the stream was deaf")
	d.o.Catchup.Now()
	return d.o.Alarms.Set(ctx, AlarmDeaf, true, why)
}

// soonAgain is how long a stream that was deaf is trusted before Gerrit is asked
// again.
const soonAgain = time.Minute

// longestTrust bounds a silence that is not asked about, so that numbers are not
// called old in a quiet night.
const longestTrust = freshWithin - 5*time.Minute

// patience is how long a silence is usual now. What is learned counts double,
// since the past is short: to ask once too often costs one query.
func (d *Deaf) patience(ctx context.Context, now time.Time) time.Duration {
	if d.deaf {
		return soonAgain
	}
	longest, since, err := d.o.Store.UsualSilence(ctx, now)
	if err != nil || since.IsZero() || now.Sub(since) < d.o.Known {
		return d.o.Floor
	}
	return min(max(2*longest, soonAgain), longestTrust)
}
