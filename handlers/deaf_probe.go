package handlers

import (
	"context"
	"strings"
	"time"

	"github.com/recheckbot/recheckbot/gerritstream"
)

const (
	// probeSlack is how much a comment's time may be off, and how long its event
	// may be on its way.
	probeSlack = 15 * time.Second
	// probeLimit bounds the changes that are looked at to find what is missing.
	probeLimit = 25
)

// FreshCursor is the cursor whose value (RFC 3339) says up to when, on our
// clock, the stream is known to have brought everything.
const FreshCursor = "fresh"

// ask asks Gerrit for its version, then for comments since then, and counts
// those that the stream should have brought.
func (d *Deaf) ask(ctx context.Context, since, now time.Time) (missing int, err error) {
	if _, err := d.o.Gerrit.Version(ctx); err != nil {
		return 0, err
	}
	page, err := d.o.Gerrit.Query(ctx, gerritstream.Query{
		Text:  "after:{" + d.o.Offset.Gerrits(since.Add(-time.Minute)).UTC().Format("2006-01-02 15:04:05 -0700") + "}",
		Limit: probeLimit, Comments: true,
	})
	if err != nil {
		return 0, err
	}
	mark := d.mark
	for _, change := range page.Changes {
		for _, m := range change.Comments {
			if d.unheard(m, since, now, mark) {
				missing++
			}
			d.mark = latest(d.mark, m.Time)
		}
	}
	return missing, nil
}

// unheard reports whether a comment was made after all that was heard. While no
// event has shown how Gerrit's clock stands to ours, only what is newer than at
// the last question is surely so.
func (d *Deaf) unheard(m gerritstream.Comment, since, now, mark time.Time) bool {
	if found := d.review.FindStringSubmatch(m.Message); found == nil || strings.HasPrefix(found[1], "Reverted") {
		return false // no comment-added: old Gerrits write "Patch Set 1: Reverted" on the change that is reverted
	}
	if _, known := d.o.Offset.Last(); !known {
		return !mark.IsZero() && m.Time.After(mark.Add(probeSlack))
	}
	own := d.o.Offset.Own(m.Time)
	return own.After(since.Add(probeSlack)) && own.Before(now.Add(-probeSlack))
}

// freshEvery is how often freshness is written at most.
const freshEvery = 10 * time.Second

// freshness writes up to when all was heard.
func (d *Deaf) freshness(ctx context.Context) error {
	fresh := latest(d.heard, d.sound)
	if d.deaf || !fresh.After(d.noted.Add(freshEvery)) {
		return nil
	}
	if err := d.o.Store.SetCursor(ctx, FreshCursor, fresh.UTC().Format(time.RFC3339)); err != nil {
		return err
	}
	d.noted = fresh
	return nil
}

// latest is the last of some times.
func latest(times ...time.Time) time.Time {
	var t time.Time
	for _, u := range times {
		if u.After(t) {
			t = u
		}
	}
	return t
}

// lag knows by how much events came later than the promptest of a day. The
// difference of the clocks is in each of them and falls out.
type lag struct {
	least [24]time.Duration // by hour of the day
	hour  [24]int64         // which hour that was; 0: none
	wall  time.Time         // at the last look
}

// add takes received minus created of an event and says how late it came.
func (l *lag) add(now time.Time, diff time.Duration) time.Duration {
	// A clock of ours that was set shows as the wall clock's difference from the
	// monotonic one: what was seen before says nothing any more.
	if step := now.Round(0).Sub(l.wall.Round(0)) - now.Sub(l.wall); !l.wall.IsZero() && step.Abs() > offsetNoise {
		*l = lag{}
	}
	l.wall = now
	hour := now.Unix()/3600 + 1
	if i := hour % 24; l.hour[i] != hour || diff < l.least[i] {
		l.hour[i], l.least[i] = hour, diff
	}
	least := diff
	for i := range l.least {
		if l.hour[i] > hour-24 {
			least = min(least, l.least[i])
		}
	}
	return diff - least
}
