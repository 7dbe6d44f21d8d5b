package handlers

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/recheckbot/recheckbot/gerritstream"
	"github.com/recheckbot/recheckbot/internal/ci"
	"github.com/recheckbot/recheckbot/internal/cicomment"
	"github.com/recheckbot/recheckbot/internal/store"
)

// CatchupGerrit is what catching up needs of Gerrit.
type CatchupGerrit interface {
	Lister
	Messages(ctx context.Context, change int64) ([]gerritstream.Comment, error)
	State() gerritstream.State
}

// ListStore takes Gerrit's lists of comments.
type ListStore interface {
	Reconcile(ctx context.Context, change ci.Change, list []store.Comment) (store.Reconciled, error)
	Bury(ctx context.Context, step string, item int64, why string, tries int) error
}

// CatchupStore is what catching up needs of the store.
type CatchupStore interface {
	ListStore
	GapStore
	CursorStore
	ChangesHeard(ctx context.Context, since time.Time, limit int) ([]int64, error)
	AskedStore
}

// GapStore tells of open gaps and closes them.
type GapStore interface {
	Gaps(ctx context.Context) ([]store.Gap, error)
	CloseGaps(ctx context.Context, known []store.Gap, upTo time.Time, by string) (int, error)
}

// CatchupOptions are what the step of catching up works with.
type CatchupOptions struct {
	Gerrit  CatchupGerrit
	Store   CatchupStore
	Rules   cicomment.Rules
	Offset  *Offset       // shared with Ingest
	Every   time.Duration // also without a gap; 0: 1 h
	Overlap time.Duration // asked again each time; 0: 10 min
	Again   time.Duration // once more after a gap: a server that was killed lacks 5 minutes in its index; 0: 6 min
	Back    time.Duration // no further, whatever the gap; 0: 14 days
	Page    int           // changes of one answer; 0: 500
	Pace    time.Duration // between two questions; 0: 100 ms
	Tags    bool          // Gerrit's REST is there to ask for tags
	Logger  *slog.Logger
	Now     func() time.Time
	Wake    Wake
	Next    []Wake // all that work on what was found
}

// Catchup asks Gerrit for what the stream may have missed: after the start,
// after each gap, once more some minutes later, and every hour.
type Catchup struct {
	o    CatchupOptions
	log  *slog.Logger
	list *lists
	last time.Time     // when it last ended well in this run of the program
	used time.Duration // the offset that it was done with

	tooLong bool        // what is to be caught up with is older than it may be
	busy    atomic.Bool // a pass is being made
}

// NewCatchup makes the step.
func NewCatchup(o CatchupOptions) *Catchup {
	o.Every, o.Overlap = cmp.Or(o.Every, time.Hour), cmp.Or(o.Overlap, 10*time.Minute)
	o.Again, o.Back = cmp.Or(o.Again, 6*time.Minute), cmp.Or(o.Back, 14*24*time.Hour)
	o.Page, o.Pace, o.Now = cmp.Or(o.Page, 500), cmp.Or(o.Pace, 100*time.Millisecond), clock(o.Now)
	if o.Offset == nil {
		o.Offset = &Offset{}
	}
	log := logger(o.Logger)
	return &Catchup{o: o, log: log, list: newLists(o, log)}
}

// Run catches up until ctx ends.
func (c *Catchup) Run(ctx context.Context) error {
	return loop{name: "catchup", wake: c.o.Wake, log: c.log}.run(ctx, c.step)
}

// Busy reports whether a catch-up is being made, which may find more of anything.
func (c *Catchup) Busy() bool { return c.busy.Load() }

// step catches up if that is due.
func (c *Catchup) step(ctx context.Context) (bool, error) {
	if err := c.o.Offset.Load(ctx, c.o.Store); err != nil {
		return false, fmt.Errorf("catchup: %w", err)
	}
	gaps, err := c.o.Store.Gaps(ctx)
	if err != nil {
		return false, fmt.Errorf("catchup: gaps: %w", err)
	}
	again, err := c.again(ctx)
	if err != nil {
		return false, fmt.Errorf("catchup: %w", err)
	}
	if why := c.due(gaps, again); why != "" {
		if err := c.catchUp(ctx, gaps, again, why); err != nil {
			return false, fmt.Errorf("catchup (%s): %w", why, err)
		}
	}
	if err := c.readAsked(ctx); err != nil {
		return false, fmt.Errorf("catchup (asked for): %w", err)
	}
	return false, nil
}

// Why to catch up.
const (
	whyGap      = "gap"
	whyStart    = "start"
	whyAgain    = "once more"
	whyClock    = "the clocks' difference is known better"
	whyInterval = "interval"
)

// due says why to catch up now, or "". Without a stream a gap stays open, so
// only the hourly look is worth it then.
func (c *Catchup) due(gaps []store.Gap, again secondLook) string {
	connected, now := c.o.Gerrit.State().Connected, c.o.Now()
	switch {
	case connected && len(gaps) > 0:
		return whyGap
	case connected && c.last.IsZero():
		return whyStart
	case again.due(now, c.o.Again):
		return whyAgain
	case !c.last.IsZero() && (c.o.Offset.Value()-c.used).Abs() > c.o.Overlap/2:
		return whyClock
	case !c.last.IsZero() && (now.Sub(c.last) >= c.o.Every || now.Before(c.last)): // or our clock was set back
		return whyInterval
	}
	return ""
}

// catchUp asks for everything since the last time and notes how far it came.
func (c *Catchup) catchUp(ctx context.Context, gaps []store.Gap, again secondLook, why string) error {
	began, before := c.o.Now(), c.o.Gerrit.State()
	if err := c.lookAtClock(ctx); err != nil {
		return err
	}
	used := c.o.Offset.Value()
	p, err := c.plan(ctx, gaps, again, began)
	if err != nil {
		return err
	}
	defer c.wakeNext()
	c.busy.Store(true)
	defer c.busy.Store(false)
	c.list.begin(p.Floor, p.From)
	asked, err := c.walk(ctx, p)
	if err == nil && why == whyAgain {
		err = c.known(ctx, again)
	}
	if err = c.list.ended(err); err != nil {
		return err
	}
	by := fmt.Sprintf("catch-up (%s) at %s: %s", why, began.UTC().Format(time.RFC3339), c.list.sum)
	closed, err := c.finish(ctx, finished{gaps, began, earlier(asked, c.list.newest), before, by})
	if err != nil {
		return err
	}
	if err := c.plan2nd(ctx, p, again, why); err != nil {
		return err
	}
	c.last, c.used = c.o.Now(), used
	c.log.Info("caught up", "why", why, "since", p.From, "found", c.list.sum.String(), "gaps_closed", closed)
	return nil
}

// wakeNext wakes those that work on what was found, also when not all was.
func (c *Catchup) wakeNext() {
	if c.list.sum.joined+c.list.sum.found > 0 {
		wakeAll(c.o.Next)
	}
}

// lookAtClock asks, while nothing is known of Gerrit's clock, for the change
// that was updated last: a time in our future shows that Gerrit's is ahead, and
// what was written before the first start is not to be taken for new.
func (c *Catchup) lookAtClock(ctx context.Context) error {
	if c.o.Offset.Known() {
		return nil
	}
	q := gerritstream.Query{Text: "after:1970-01-02", Limit: 1}
	_, err := c.o.Gerrit.Each(ctx, q, func(row gerritstream.Row, bad error) error {
		if bad != nil {
			return nil // the walk will say so
		}
		change, err := row.Change()
		c.o.Offset.ObserveList(c.o.Now(), change.Updated)
		return err
	})
	return err
}

// walk reads the windows of a pass, and keeps how far it came.
func (c *Catchup) walk(ctx context.Context, p pass) (asked time.Time, err error) {
	w := walk{
		gerrit: c.o.Gerrit, limit: c.o.Page, pace: c.o.Pace,
		now:  func() time.Time { return c.o.Offset.Gerrits(c.o.Now()) },
		each: c.list.row,
		done: func(ctx context.Context, upTo time.Time) error {
			if c.list.failing() { // it is to be read again
				return nil
			}
			p.Next = upTo
			return c.savePass(ctx, p)
		},
	}
	return w.run(ctx, p.Next)
}

// finished is a pass that read everything.
type finished struct {
	gaps   []store.Gap // that were open before
	began  time.Time   // on our clock
	upTo   time.Time   // on Gerrit's, by what it showed and not by our clock; zero: nothing
	before gerritstream.State
	by     string
}

// finish notes how far a pass came and closes the gaps that it covered, if the
// stream was there all the time: else more may have been missed since.
func (c *Catchup) finish(ctx context.Context, f finished) (closed int, err error) {
	if !f.upTo.IsZero() {
		if err := c.setTime(ctx, cursorCatchup, f.upTo); err != nil {
			return 0, err
		}
	}
	after := c.o.Gerrit.State()
	if f.before.Connected && after.Connected && f.before.Session == after.Session {
		if closed, err = c.o.Store.CloseGaps(ctx, f.gaps, f.began, f.by); err != nil {
			return 0, err
		}
	}
	return closed, c.savePass(ctx, pass{})
}
