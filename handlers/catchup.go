package handlers

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"time"

	"github.com/recheckbot/recheckbot/gerritstream"
	"github.com/recheckbot/recheckbot/internal/ci"
	"github.com/recheckbot/recheckbot/internal/cicomment"
	"github.com/recheckbot/recheckbot/internal/store"
)

// cursorCatchup is the cursor whose value says up to when (our clock, RFC 3339)
// Gerrit was asked for what the stream may have missed.
const cursorCatchup = "catchup"

// CatchupGerrit is what catching up needs of Gerrit.
type CatchupGerrit interface {
	Query(ctx context.Context, q gerritstream.Query) (gerritstream.Page, error)
	Messages(ctx context.Context, change int64) ([]gerritstream.Comment, error)
	State() gerritstream.State
}

// CatchupStore is what catching up needs of the store.
type CatchupStore interface {
	Reconcile(ctx context.Context, change ci.Change, list []store.Comment) (store.Reconciled, error)
	Gaps(ctx context.Context) ([]store.Gap, error)
	CloseGaps(ctx context.Context, upTo time.Time) (int, error)
	CursorStore
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
	Page    int           // changes of one query; 0: 100
	Logger  *slog.Logger
	Now     func() time.Time
	Wake    Wake
	Next    []Wake // all that work on what was found
}

// Catchup asks Gerrit for what the stream may have missed: after the start,
// after each gap and every hour.
type Catchup struct {
	o    CatchupOptions
	log  *slog.Logger
	last time.Time      // when it last ended well in this run of the program
	redo time.Time      // when to ask once more; zero: not
	bad  map[int64]int  // change to how often it failed
	more *regexp.Regexp // the line by which Gerrit says that there are more texts
}

// NewCatchup makes the step.
func NewCatchup(o CatchupOptions) *Catchup {
	o.Every, o.Overlap = cmp.Or(o.Every, time.Hour), cmp.Or(o.Overlap, 10*time.Minute)
	o.Again, o.Back = cmp.Or(o.Again, 6*time.Minute), cmp.Or(o.Back, 14*24*time.Hour)
	o.Page, o.Now = cmp.Or(o.Page, 100), clock(o.Now)
	if o.Offset == nil {
		o.Offset = &Offset{}
	}
	return &Catchup{o: o, log: logger(o.Logger), bad: map[int64]int{},
		more: regexp.MustCompile(`(?m)^\(\d+ comments?\)\s*$`)}
}

// Run catches up until ctx ends.
func (c *Catchup) Run(ctx context.Context) error {
	return loop{name: "catchup", wake: c.o.Wake, log: c.log}.run(ctx, c.step)
}

// step catches up if that is due.
func (c *Catchup) step(ctx context.Context) (bool, error) {
	gaps, err := c.o.Store.Gaps(ctx)
	if err != nil {
		return false, fmt.Errorf("catchup: gaps: %w", err)
	}
	why := c.due(gaps)
	if why == "" {
		return false, nil
	}
	if err := c.catchUp(ctx, gaps, why); err != nil {
		return false, fmt.Errorf("catchup (%s): %w", why, err)
	}
	return false, nil
}

// due says why to catch up now, or "". Without a stream a gap stays open, so
// only the hourly look is worth it then.
func (c *Catchup) due(gaps []store.Gap) string {
	connected, now := c.o.Gerrit.State().Connected, c.o.Now()
	switch {
	case connected && len(gaps) > 0:
		return "gap"
	case connected && c.last.IsZero():
		return "start"
	case !c.redo.IsZero() && !now.Before(c.redo):
		return "once more"
	case !c.last.IsZero() && now.Sub(c.last) >= c.o.Every:
		return "interval"
	}
	return ""
}

// tally is what one catching-up found.
type tally struct{ changes, joined, found int }

// catchUp asks for everything since the last time and notes how far it came.
func (c *Catchup) catchUp(ctx context.Context, gaps []store.Gap, why string) error {
	began, before := c.o.Now(), c.o.Gerrit.State()
	since, err := c.since(ctx, gaps, began)
	if err != nil {
		return err
	}
	sum, err := c.pages(ctx, c.o.Offset.Gerrits(since))
	if sum.joined+sum.found > 0 {
		wakeAll(c.o.Next)
	}
	if err != nil {
		return err
	}
	if err := c.o.Store.SetCursor(ctx, cursorCatchup, began.UTC().Format(time.RFC3339Nano)); err != nil {
		return err
	}
	closed, err := c.closeGaps(ctx, began, before)
	if err != nil {
		return err
	}
	c.last, c.redo = c.o.Now(), time.Time{}
	if why == "gap" || why == "start" {
		c.redo = c.last.Add(c.o.Again)
	}
	c.log.Info("caught up", "why", why, "since", since, "changes", sum.changes,
		"comments_joined", sum.joined, "comments_found", sum.found, "gaps_closed", closed)
	return nil
}

// since is from when on to ask, on our clock: the end of the last catching-up
// or the first gap, whichever is earlier, less the overlap. Before the very
// first start there was nothing to hear.
func (c *Catchup) since(ctx context.Context, gaps []store.Gap, now time.Time) (time.Time, error) {
	first, err := c.cursorTime(ctx, store.CursorBegin, now)
	if err != nil {
		return first, err
	}
	since, err := c.cursorTime(ctx, cursorCatchup, first)
	if err != nil {
		return since, err
	}
	for _, g := range gaps {
		if g.From.Before(since) {
			since = g.From
		}
	}
	if since.Before(first) {
		since = first
	}
	if bound := now.Add(-c.o.Back); since.Before(bound) {
		c.log.Error("too long ago to catch up with all of it", "since", since, "from", bound)
		since = bound
	}
	return since.Add(-c.o.Overlap), nil
}

// cursorTime is the time that a cursor holds, or otherwise.
func (c *Catchup) cursorTime(ctx context.Context, name string, otherwise time.Time) (time.Time, error) {
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

// closeGaps closes the gaps that the catching-up that began then has covered,
// if the stream was there all the time: else more may have been missed since.
func (c *Catchup) closeGaps(ctx context.Context, began time.Time, before gerritstream.State) (int, error) {
	after := c.o.Gerrit.State()
	if !before.Connected || !after.Connected || before.Session != after.Session {
		return 0, nil
	}
	return c.o.Store.CloseGaps(ctx, began)
}

// maxPages bounds one catching-up; beyond it something is wrong with the query.
const maxPages = 2000

// pages asks for all changes that were updated since (Gerrit's clock). One that
// fails does not keep the others from being read.
func (c *Catchup) pages(ctx context.Context, since time.Time) (sum tally, err error) {
	var errs []error
	q := gerritstream.Query{
		// Braces quote in Gerrit's query language and mean nothing to its shell.
		Text:  "after:{" + since.UTC().Format("2006-01-02 15:04:05 -0700") + "}",
		Limit: c.o.Page, Comments: true,
	}
	for range maxPages {
		page, err := c.o.Gerrit.Query(ctx, q)
		if err != nil {
			return sum, err
		}
		for _, change := range page.Changes {
			if err := c.patiently(ctx, change, since, &sum); err != nil {
				errs = append(errs, err)
			}
		}
		if !page.More || len(page.Changes) == 0 {
			return sum, errors.Join(errs...)
		}
		q.Start += len(page.Changes)
	}
	return sum, fmt.Errorf("more than %d pages", maxPages)
}

// patience is how often one change may fail before it is left out: for ever it
// would keep every gap open.
const patience = 5

// patiently reconciles one change, or gives it up after several failures.
func (c *Catchup) patiently(ctx context.Context, change gerritstream.QueriedChange, since time.Time, sum *tally) error {
	err := c.change(ctx, change, since, sum)
	if err == nil || ctx.Err() != nil {
		delete(c.bad, change.Number)
		return err
	}
	if c.bad[change.Number]++; c.bad[change.Number] < patience {
		return fmt.Errorf("change %d: %w", change.Number, err)
	}
	delete(c.bad, change.Number)
	c.log.Error("change left out of catching up", "change", change.Number, "tries", patience, "error", err)
	return nil
}

// change reconciles one change if it has comments since then. Only those are
// given to the store: what was written before is known, or is not ours to know.
func (c *Catchup) change(ctx context.Context, change gerritstream.QueriedChange, since time.Time, sum *tally) error {
	list := recent(change.Comments, since)
	if len(list) == 0 {
		return nil
	}
	if slices.ContainsFunc(list, c.hasTexts) {
		all, err := c.o.Gerrit.Messages(ctx, change.Number)
		if _, gone := errors.AsType[*gerritstream.NotFoundError](err); err != nil && !gone {
			return err
		}
		if err == nil {
			list = recent(all, since)
		}
	}
	done, err := c.o.Store.Reconcile(ctx, change.Change, c.comments(list))
	if err != nil {
		return err
	}
	sum.changes++
	sum.joined += done.Joined
	sum.found += done.New
	return nil
}

// recent are the comments since then; the list is oldest first. The border is a
// whole second, so that equal comments of one second stay together.
func recent(list []gerritstream.Comment, since time.Time) []gerritstream.Comment {
	since = since.Truncate(time.Second)
	i := slices.IndexFunc(list, func(m gerritstream.Comment) bool { return !m.Time.Before(since) })
	if i < 0 {
		return nil
	}
	return list[i:]
}

// hasTexts reports whether there are texts besides the message: "(2 comments)"
// stands for inline and patchset-level ones.
func (c *Catchup) hasTexts(m gerritstream.Comment) bool {
	return len(m.PatchsetLevel) == 0 && c.more.MatchString(m.Message)
}

// comments turns Gerrit's list into the store's comments, each with its meaning.
func (c *Catchup) comments(list []gerritstream.Comment) []store.Comment {
	out := make([]store.Comment, len(list))
	for i, m := range list {
		parsed := c.o.Rules.Parse(cicomment.Input{
			Comment: m.Message, Tag: m.Tag, Author: m.Author,
			PatchsetLevel: m.PatchsetLevel, ServiceUser: m.ServiceUser,
		})
		out[i] = store.Comment{
			Author: m.Author, GerritTime: m.Time, MessageID: m.MessageID, Tag: m.Tag, Body: m.Message,
			PatchsetLevel: m.PatchsetLevel, Patchset: cmp.Or(parsed.Patchset, m.Patchset), Parsed: parsed,
			Own: c.o.Offset.Own(m.Time), FirstSeen: c.o.Now(),
		}
	}
	return out
}
