package handlers

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/recheckbot/recheckbot/gerritstream"
	"github.com/recheckbot/recheckbot/internal/cicomment"
	"github.com/recheckbot/recheckbot/internal/store"
)

// BackfillStore is what backfilling needs of the store.
type BackfillStore interface {
	ReconcileAll(ctx context.Context, all []store.Listed) ([]store.Reconciled, error)
	Bury(ctx context.Context, step string, item int64, why string, tries int) error
	CursorStore
}

// BackfillOptions are what backfilling works with.
type BackfillOptions struct {
	Gerrit Lister
	Store  BackfillStore
	Rules  cicomment.Rules
	Since  time.Time                                  // comments from before are left out
	Where  string                                     // further conditions of the query, such as `project:{a}`
	Late   time.Duration                              // what the bot heard of, or will, within that time is left to it; 0: 2 h
	Page   int                                        // changes of one answer; 0: 500
	Pace   time.Duration                              // between two questions
	Batch  func() (comments int, pause time.Duration) // of one transaction, and after it; nil: 4000, none
	Anew   bool                                       // do not go on where an earlier run was
	Told   func(BackfillProgress)                     // called after each transaction; may be nil
	Logger *slog.Logger
	Now    func() time.Time
}

// BackfillProgress is how far a backfill is.
type BackfillProgress struct {
	Changes  int       `json:"changes"`
	Comments int       `json:"comments"` // that were not known
	GivenUp  int       `json:"given_up"` // changes; `recheckbot dead list` names them
	Since    time.Time `json:"since"`
	Next     time.Time `json:"next"` // every change that was updated before is done
	Until    time.Time `json:"until"`
}

// Share is how much of the time is done, from 0 to 1.
func (p BackfillProgress) Share() float64 {
	all := p.Until.Sub(p.Since)
	if all <= 0 {
		return 1
	}
	return min(max(float64(p.Next.Sub(p.Since))/float64(all), 0), 1)
}

// Backfill reads history: it takes Gerrit's lists like a catching-up, but
// nothing that it finds is looked up, searched or said, and texts are not kept.
// It may be stopped at any instant; the next one goes on where it was.
type Backfill struct {
	o     BackfillOptions
	log   *slog.Logger
	off   Offset
	begin time.Time // first start of the bot; zero: not yet
	p     BackfillProgress
}

// NewBackfill makes a backfill.
func NewBackfill(o BackfillOptions) *Backfill {
	o.Late, o.Page, o.Now = cmp.Or(o.Late, 2*time.Hour), cmp.Or(o.Page, 500), clock(o.Now)
	if o.Batch == nil {
		o.Batch = func() (int, time.Duration) { return 4000, 0 }
	}
	if o.Told == nil {
		o.Told = func(BackfillProgress) {}
	}
	return &Backfill{o: o, log: logger(o.Logger)}
}

// Run backfills until now and says what it did.
func (b *Backfill) Run(ctx context.Context) (BackfillProgress, error) {
	if err := b.start(ctx); err != nil {
		return b.p, fmt.Errorf("backfill: %w", err)
	}
	group, all := errgroup.WithContext(ctx)
	pipe := newPipe()
	for range max(runtime.GOMAXPROCS(0), 2) {
		group.Go(func() error { pipe.read(all, b.listed); return nil })
	}
	group.Go(func() error { return b.write(all, pipe) })
	group.Go(func() error { return b.walk(all, pipe) })
	if err := group.Wait(); err != nil {
		return b.p, fmt.Errorf("backfill: %w", err)
	}
	return b.p, b.save(ctx, nil)
}

// start finds out where to begin.
func (b *Backfill) start(ctx context.Context) error {
	if err := b.off.Load(ctx, b.o.Store); err != nil {
		return err
	}
	now := b.off.Gerrits(b.o.Now())
	b.p = BackfillProgress{Since: b.o.Since.Truncate(time.Second), Next: b.o.Since.Truncate(time.Second), Until: now}
	value, _, err := b.o.Store.Cursor(ctx, store.CursorBegin)
	if err == nil && value != "" {
		b.begin, err = time.Parse(time.RFC3339, value)
	}
	if err != nil || b.o.Anew {
		return err
	}
	old, err := b.saved(ctx)
	if err == nil && !old.Since.IsZero() && !old.Since.After(b.p.Since) && old.Next.After(b.p.Since) {
		old.Until, b.p = now, old
		b.log.Info("going on where the last backfill was", "at", old.Next, "since", old.Since)
	}
	return err
}

// walk asks for the windows and puts their rows into the pipe.
func (b *Backfill) walk(ctx context.Context, p *pipe) error {
	defer p.close()
	w := walk{
		gerrit: b.o.Gerrit, where: b.o.Where, limit: b.o.Page, pace: b.o.Pace,
		now:  func() time.Time { return b.off.Gerrits(b.o.Now()) },
		each: p.put,
		done: func(ctx context.Context, upTo time.Time) error { return p.mark(ctx, upTo) },
	}
	_, err := w.run(ctx, b.p.Next)
	return err
}

// listed turns one row into what the store takes.
func (b *Backfill) listed(row gerritstream.Row) (store.Listed, error) {
	change, err := row.Change()
	if err != nil {
		return store.Listed{Change: change.Change}, err
	}
	out := store.Listed{Change: change.Change}
	now := b.o.Now()
	for _, m := range recent(change.Comments, b.p.Since) {
		own := earlier(b.off.Own(m.Time), now)
		if !b.begin.IsZero() && own.After(b.begin) && now.Sub(own) < b.o.Late {
			break // the bot may still have to say something of it
		}
		c := listedComment(b.o.Rules, m)
		c.Own, c.FirstSeen, c.Quiet, c.Bare = own, now, "found by a backfill", true
		out.Comments = append(out.Comments, c)
	}
	return out, nil
}

// write puts what was read into the store, in the order it came, and notes how
// far it is when all of a window is there.
func (b *Backfill) write(ctx context.Context, p *pipe) error {
	var batch []store.Listed
	size := 0
	for j := range p.order {
		select {
		case <-j.ready:
		case <-ctx.Done():
			return ctx.Err()
		}
		if j.bad != nil {
			if err := b.giveUp(ctx, j.out.Change.Number, j.bad); err != nil {
				return err
			}
		} else if len(j.out.Comments) > 0 {
			batch, size = append(batch, j.out), size+len(j.out.Comments)
		}
		most, rest := b.o.Batch()
		if size < most && j.upTo.IsZero() {
			continue
		}
		if err := b.flush(ctx, batch); err != nil {
			return err
		}
		batch, size = nil, 0
		if !j.upTo.IsZero() {
			b.p.Next = j.upTo
			if err := b.save(ctx, &b.p); err != nil {
				return err
			}
		}
		b.o.Told(b.p)
		if rest > 0 {
			pause(ctx, nil, rest)
		}
	}
	return nil
}

// flush stores a batch. One that fails is tried change by change, so that one
// bad change costs no other.
func (b *Backfill) flush(ctx context.Context, batch []store.Listed) error {
	done, err := b.o.Store.ReconcileAll(ctx, batch)
	if err != nil {
		if ctx.Err() != nil || isFault(err) {
			return err
		}
		return b.oneByOne(ctx, batch)
	}
	return b.count(ctx, batch, done)
}

func (b *Backfill) oneByOne(ctx context.Context, batch []store.Listed) error {
	for i := range batch {
		one := batch[i : i+1]
		done, err := b.o.Store.ReconcileAll(ctx, one)
		switch {
		case err == nil:
			err = b.count(ctx, one, done)
		case ctx.Err() == nil && !isFault(err):
			err = b.giveUp(ctx, one[0].Change.Number, err)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// count counts what was stored, and asks for the texts that the lists hide.
func (b *Backfill) count(ctx context.Context, batch []store.Listed, done []store.Reconciled) error {
	var wordless []int64
	for i, r := range done {
		b.p.Changes++
		b.p.Comments += r.New
		if r.Wordless > 0 && !batch[i].Comments[0].Whole {
			wordless = append(wordless, batch[i].Change.Number)
		}
	}
	return b.texts(ctx, wordless)
}

// texts reads changes once more with their patchset-level texts, in which most
// of what people write stands.
func (b *Backfill) texts(ctx context.Context, numbers []int64) error {
	for _, q := range byNumber(numbers, 20) {
		q.PatchSets = true
		_, err := b.o.Gerrit.Each(ctx, q, func(row gerritstream.Row, bad error) error {
			if bad != nil {
				return b.giveUp(ctx, tooLong(bad), bad)
			}
			number, err := b.text(ctx, row)
			if err == nil || ctx.Err() != nil || isFault(err) {
				return err
			}
			return b.giveUp(ctx, number, err)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// text stores one change once more, with all its texts.
func (b *Backfill) text(ctx context.Context, row gerritstream.Row) (int64, error) {
	l, err := safeListed(b.listed, row)
	if err != nil || len(l.Comments) == 0 {
		return l.Change.Number, err
	}
	for i := range l.Comments {
		l.Comments[i].Whole = true
	}
	_, err = b.o.Store.ReconcileAll(ctx, []store.Listed{l})
	return l.Change.Number, err
}

// giveUp leaves one change out, aloud.
func (b *Backfill) giveUp(ctx context.Context, change int64, why error) error {
	b.p.GivenUp++
	b.log.Error("change left out of the backfill", "change", change, "error", why)
	return b.o.Store.Bury(ctx, store.StepCatchup, change, why.Error(), 1)
}

// tooLong is the change that was too long, 0 when that is not known.
func tooLong(err error) int64 {
	if e, ok := errors.AsType[*gerritstream.TooLongError](err); ok {
		return e.Change
	}
	return 0
}
