package handlers

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/recheckbot/recheckbot/internal/irc"
	"github.com/recheckbot/recheckbot/internal/store"
)

// Speaker is what delivering needs of IRC: nil means that the server has
// answered after the line.
type Speaker interface {
	Say(ctx context.Context, target, text string) error
}

// MuteStore tells which channels are muted.
type MuteStore interface {
	Muted(ctx context.Context, channel string, now time.Time) (bool, error)
}

// DeliverIRCOptions are what the step of delivering lines works with.
type DeliverIRCOptions struct {
	Store    OutStore
	Mutes    MuteStore
	IRC      Speaker
	Breaker  *Breaker      // nil: no limit
	Still    *Still        // asked before each announcement; nil: what was composed may be said
	Mode     Mode          // dry-run: answers are said, announcements are not
	Repeat   bool          // an unconfirmed line is said again, perhaps twice, rather than perhaps never
	Timeout  time.Duration // of one line, its turn included; 0: 2 min
	MaxTries int           // of one line; 0: 10. Waiting for a connection is no try.
	Logger   *slog.Logger
	Now      func() time.Time
	Wake     Wake
}

// DeliverIRC says lines, one at a time, in order.
type DeliverIRC struct {
	o       DeliverIRCOptions
	log     *slog.Logger
	trouble *trouble
	graves  *graves
	away    outage
	owed    func(context.Context) error // writes what became of a line, where that failed; nil: nothing is owed
}

// NewDeliverIRC makes the step.
func NewDeliverIRC(o DeliverIRCOptions) *DeliverIRC {
	o.Timeout, o.MaxTries, o.Now = cmp.Or(o.Timeout, 2*time.Minute), cmp.Or(o.MaxTries, 10), clock(o.Now)
	return &DeliverIRC{o: o, log: logger(o.Logger), trouble: newTrouble(o.Logger),
		graves: newGraves(store.StepDeliver, o.Store, o.Logger, o.Now), away: outage{retry: ircRetry()}}
}

// Run delivers until ctx ends.
func (d *DeliverIRC) Run(ctx context.Context) error {
	return loop{name: "deliver to irc", wake: d.o.Wake, every: time.Second, log: d.log}.run(ctx, d.step)
}

// maxLines bounds how many lines are looked at to find those that go first, and
// linesAtOnce how many are said before they are looked for again: an answer does
// not wait behind a flood of announcements.
const (
	maxLines    = 1000
	linesAtOnce = 4
)

// step says what is ready.
func (d *DeliverIRC) step(ctx context.Context) (bool, error) {
	if err := d.settle(ctx); err != nil || d.away.lasts(d.o.Now()) {
		return false, err
	}
	due, err := d.o.Store.DueOut(ctx, store.MediumIRC, d.o.Now(), maxLines)
	if err != nil {
		return false, fmt.Errorf("deliver: due lines: %w", err)
	}
	if due, err = d.allowed(ctx, due); err != nil {
		return false, fmt.Errorf("deliver: %w", err)
	}
	due = slices.DeleteFunc(due, func(out store.Out) bool { return d.graves.waits(out.ID) })
	slices.SortStableFunc(due, answersFirst)
	for i, out := range due {
		if i == linesAtOnce {
			return true, nil
		}
		if err := d.graves.try(ctx, out.ID, func(ctx context.Context) error { return d.one(ctx, out) }); err != nil {
			return false, err
		}
		if ctx.Err() != nil || d.away.lasts(d.o.Now()) {
			break
		}
	}
	return false, nil
}

// news reports whether a line is what the breaker counts and holds back.
func news(out store.Out) bool {
	return announcement(out.Cause) && !strings.HasPrefix(out.Cause, alarmPrefix)
}

// allowed are the lines that the breaker does not hold back: it never holds back
// answers and alarms.
func (d *DeliverIRC) allowed(ctx context.Context, due []store.Out) ([]store.Out, error) {
	if d.o.Mode == ModeDryRun || !slices.ContainsFunc(due, news) {
		return due, nil
	}
	ok, err := d.o.Breaker.allows(ctx, store.MediumIRC)
	if err != nil || ok {
		return due, err
	}
	return slices.DeleteFunc(due, news), nil
}

// settle writes what is owed. Then a line that is still marked as being said was
// so when the program ended, and may have arrived.
func (d *DeliverIRC) settle(ctx context.Context) error {
	if d.owed != nil {
		if err := d.owed(ctx); err != nil {
			return fmt.Errorf("deliver: what became of a line: %w", err)
		}
		d.owed = nil
	}
	rows, err := d.o.Store.Unproven(ctx, store.MediumIRC, outBatch)
	if err != nil {
		return fmt.Errorf("deliver: unproven lines: %w", err)
	}
	for _, out := range rows {
		if err := d.unconfirmed(ctx, out, "the program ended while it was being said"); err != nil {
			return err
		}
	}
	return nil
}

// answersFirst: somebody waits for an answer, and an alarm is news for minutes.
func answersFirst(a, b store.Out) int {
	rank := func(out store.Out) int {
		switch {
		case !announcement(out.Cause):
			return 0
		case strings.HasPrefix(out.Cause, alarmPrefix):
			return 1
		}
		return 2
	}
	return cmp.Compare(rank(a), rank(b))
}

// mutedFor is when a line to a muted channel is looked at again.
const mutedFor = 30 * time.Second

// one says one line, or puts it off.
func (d *DeliverIRC) one(ctx context.Context, out store.Out) error {
	if announcement(out.Cause) {
		if d.o.Mode == ModeDryRun {
			d.log.Info("line not said", "mode", d.o.Mode, "target", out.Target, "cause", out.Cause, "text", out.Body)
			return d.o.Store.Withhold(ctx, out.ID, "mode "+string(d.o.Mode))
		}
		if news(out) { // the lines before it may have reached the limit
			if ok, err := d.o.Breaker.allows(ctx, store.MediumIRC); err != nil || !ok {
				return err
			}
		}
		muted, err := d.o.Mutes.Muted(ctx, out.Target, d.o.Now())
		if err != nil {
			return err
		}
		if muted {
			return d.o.Store.RetryOut(ctx, out.ID, d.o.Now().Add(mutedFor), "the channel is muted")
		}
		if may, err := still(ctx, d.o.Still, d.o.Store, d.log, out); err != nil || !may {
			return err
		}
	}
	if err := d.o.Store.Sending(ctx, out.ID); err != nil {
		return ignoreState(err)
	}
	said, cancel := context.WithTimeout(ctx, d.o.Timeout)
	defer cancel()
	err := d.o.IRC.Say(said, out.Target, out.Body)
	d.owed = func(ctx context.Context) error { return ignoreState(d.said(ctx, out, err)) }
	return d.settleNow(context.WithoutCancel(ctx))
}

// settleNow writes what became of the line that was just said. Where that fails
// it stays owed: it is known, and must not become a guess.
func (d *DeliverIRC) settleNow(ctx context.Context) error {
	if err := d.owed(ctx); err != nil {
		return err
	}
	d.owed = nil
	return nil
}

// said writes what became of a line. Also a program that is being stopped
// writes it: it knows, and the next one would not.
func (d *DeliverIRC) said(ctx context.Context, out store.Out, err error) error {
	refused, isRefused := errors.AsType[*irc.RefusedError](err)
	switch {
	case err == nil:
		d.trouble.note("irc", nil)
		d.away.over()
		return d.o.Store.Proven(ctx, out.ID, "the server answered after it")
	case errors.Is(err, irc.ErrUnconfirmed):
		return d.unconfirmed(ctx, out, err.Error())
	case isRefused:
		d.log.Warn("line refused", "target", out.Target, "cause", out.Cause, "why", refused)
		return d.o.Store.Refuse(ctx, out.ID, refused.Error())
	}
	d.trouble.note("irc", err) // nothing was sent
	if errors.Is(err, irc.ErrNotJoined) {
		return d.o.Store.Unsent(ctx, out.ID, d.o.Now().Add(ircRetry().Most), err.Error())
	}
	if !d.away.lasts(d.o.Now()) {
		d.away.begin(d.o.Now())
	}
	return d.o.Store.Unsent(ctx, out.ID, d.o.Now(), err.Error())
}

// ircRetry is how often a missing connection is looked at.
func ircRetry() Retry { return Retry{First: time.Second, Most: 10 * time.Second} }

// unconfirmed is a line that may or may not have arrived.
func (d *DeliverIRC) unconfirmed(ctx context.Context, out store.Out, why string) error {
	if d.o.Repeat && out.Tries < d.o.MaxTries {
		d.log.Warn("line is said again", "target", out.Target, "cause", out.Cause, "why", why)
		return ignoreState(d.o.Store.RetryOut(ctx, out.ID, d.o.Now().Add(ircRetry().After(out.Tries+1)), why))
	}
	d.log.Warn("line unconfirmed", "target", out.Target, "cause", out.Cause, "why", why)
	return ignoreState(d.o.Store.Unconfirmed(ctx, out.ID, why))
}
