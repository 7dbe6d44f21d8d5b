package handlers

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/recheckbot/recheckbot/internal/store"
)

// The cursors of catching up. Times of Gerrit's lists are kept on Gerrit's
// clock: ours may be set.
const (
	cursorCatchup = "catchup"       // up to when everything was read (RFC 3339)
	cursorPass    = "catchup-pass"  // a pass that is under way (JSON)
	cursorAgain   = "catchup-again" // the second look that is still to come (JSON)
)

// pass is one catching-up, as it is kept while it goes on. On Gerrit's clock.
type pass struct {
	From  time.Time `json:"from"`  // every change that was updated since is read
	Next  time.Time `json:"next"`  // up to here they have been
	Floor time.Time `json:"floor"` // comments from before are not ours to know
	// Known are the gaps that were open when it began: id to how often they were
	// seen. What is missed by another one has not been read, be it of earlier.
	Known map[int64]int `json:"known,omitempty"`
}

// resume is where a pass goes on that was interrupted.
func (c *Catchup) resume(old pass, gaps []store.Gap, now time.Time) time.Time {
	next := earlier(old.Next, c.o.Offset.Gerrits(now))
	for _, g := range gaps {
		if old.Known[g.ID] != g.Count {
			next = earlier(next, c.o.Offset.Gerrits(g.From).Add(-c.o.Overlap))
		}
	}
	return next.Truncate(time.Second)
}

// plan is the pass to be made: from the end of the last one or the first gap
// on, whichever is earlier, less the overlap. Before the very first start there
// was nothing to hear. A pass that was interrupted goes on where it was.
func (c *Catchup) plan(ctx context.Context, gaps []store.Gap, again secondLook, now time.Time) (p pass, err error) {
	gerrits := c.o.Offset.Gerrits
	first, err := c.time(ctx, store.CursorBegin, now)
	if err != nil {
		return p, err
	}
	bound := gerrits(now.Add(-c.o.Back))
	p.Floor = later(gerrits(first).Truncate(time.Second), bound)
	since, err := c.time(ctx, cursorCatchup, p.Floor)
	if err != nil {
		return p, err
	}
	for _, g := range gaps {
		since = earlier(since, gerrits(g.From))
	}
	since = earlier(since, gerrits(now)).Add(-c.o.Overlap)
	if again.due(now, c.o.Again) {
		since = earlier(since, again.Since)
	}
	tooLong := since.Before(bound) && p.Floor.Equal(bound)
	if tooLong && !c.tooLong { // once while it lasts
		c.log.Error("too long ago to catch up with all of it", "since", since, "from", bound)
	}
	c.tooLong = tooLong
	p.From = later(since, p.Floor).Truncate(time.Second)
	p.Next = p.From
	old, err := c.savedPass(ctx)
	if err == nil && !old.From.IsZero() && !old.From.After(p.From) && old.Next.After(p.From) && !old.Floor.After(p.Floor) {
		p.Next = later(c.resume(old, gaps, now), p.From)
	}
	p.Known = map[int64]int{}
	for _, g := range gaps {
		p.Known[g.ID] = g.Count
	}
	return p, err
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// time is the time that a cursor holds, or otherwise.
func (c *Catchup) time(ctx context.Context, name string, otherwise time.Time) (time.Time, error) {
	value, _, err := c.o.Store.Cursor(ctx, name)
	if err != nil || value == "" {
		return otherwise, err
	}
	at, err := time.Parse(time.RFC3339Nano, value)
	if err != nil {
		return otherwise, fmt.Errorf("cursor %s: %w", name, err)
	}
	return at, nil
}

func (c *Catchup) setTime(ctx context.Context, name string, at time.Time) error {
	return c.o.Store.SetCursor(ctx, name, at.UTC().Format(time.RFC3339Nano))
}

func (c *Catchup) savedPass(ctx context.Context) (p pass, err error) {
	err = c.load(ctx, cursorPass, &p)
	return p, err
}

func (c *Catchup) savePass(ctx context.Context, p pass) error { return c.save(ctx, cursorPass, p) }

func (c *Catchup) load(ctx context.Context, name string, into any) error {
	value, _, err := c.o.Store.Cursor(ctx, name)
	if err != nil || value == "" {
		return err
	}
	if err := json.Unmarshal([]byte(value), into); err != nil {
		return fmt.Errorf("cursor %s: %w", name, err)
	}
	return nil
}

func (c *Catchup) save(ctx context.Context, name string, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return c.o.Store.SetCursor(ctx, name, string(b))
}

// secondLook is what is read once more some minutes after a gap: a server that
// was killed does not find its last minutes at once. It outlives a restart.
type secondLook struct {
	At    time.Time `json:"at"`    // when, on our clock; zero: there is none
	Since time.Time `json:"since"` // from when on, on Gerrit's
}

// due reports whether it is time. One that lies further away than any is planned
// was planned by a clock that has been set back since.
func (s secondLook) due(now time.Time, again time.Duration) bool {
	return !s.At.IsZero() && (!now.Before(s.At) || s.At.Sub(now) > 2*again)
}

func (c *Catchup) again(ctx context.Context) (s secondLook, err error) {
	err = c.load(ctx, cursorAgain, &s)
	return s, err
}

// plan2nd plans the second look after a gap, or forgets the one just made. A
// gap that comes while one is planned puts it off and does not shorten it.
func (c *Catchup) plan2nd(ctx context.Context, p pass, old secondLook, why string) error {
	switch {
	case why == whyGap || why == whyStart:
		next := secondLook{At: c.o.Now().Add(c.o.Again), Since: p.From}
		if !old.At.IsZero() {
			next.Since = earlier(next.Since, old.Since)
		}
		return c.save(ctx, cursorAgain, next)
	case why == whyAgain:
		return c.save(ctx, cursorAgain, secondLook{})
	}
	return nil
}
