package handlers

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
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
}

// NewDeliverIRC makes the step.
func NewDeliverIRC(o DeliverIRCOptions) *DeliverIRC {
	o.Timeout, o.MaxTries, o.Now = cmp.Or(o.Timeout, 2*time.Minute), cmp.Or(o.MaxTries, 10), clock(o.Now)
	return &DeliverIRC{o: o, log: logger(o.Logger), trouble: newTrouble(o.Logger)}
}

// Run delivers until ctx ends.
func (d *DeliverIRC) Run(ctx context.Context) error {
	return loop{name: "deliver to irc", wake: d.o.Wake, every: time.Second, log: d.log}.run(ctx, d.step)
}

// step says what is ready. A line that was being said when the program ended
// may have arrived.
func (d *DeliverIRC) step(ctx context.Context) (bool, error) {
	rows, err := d.o.Store.Unproven(ctx, store.MediumIRC)
	if err != nil {
		return false, fmt.Errorf("deliver: unproven lines: %w", err)
	}
	for _, out := range rows {
		if err := d.unconfirmed(ctx, out, "the program ended while it was being said"); err != nil {
			return false, err
		}
	}
	due, err := d.o.Store.DueOut(ctx, store.MediumIRC, d.o.Now(), outBatch)
	if err != nil {
		return false, fmt.Errorf("deliver: due lines: %w", err)
	}
	slices.SortStableFunc(due, answersFirst)
	for _, out := range due {
		if err := d.one(ctx, out); err != nil {
			return false, fmt.Errorf("deliver: %s to %s: %w", out.Cause, out.Target, err)
		}
		if ctx.Err() != nil {
			break
		}
	}
	return len(due) == outBatch, nil
}

// answersFirst: somebody waits for an answer.
func answersFirst(a, b store.Out) int {
	rank := map[bool]int{false: 0, true: 1}
	return cmp.Compare(rank[announcement(a.Cause)], rank[announcement(b.Cause)])
}

// mutedFor is when a line to a muted channel is looked at again.
const mutedFor = 30 * time.Second

// one says one line, or puts it off.
func (d *DeliverIRC) one(ctx context.Context, out store.Out) error {
	if announcement(out.Cause) {
		if d.o.Mode == ModeDryRun {
			d.log.Info("line not said", "mode", d.o.Mode, "target", out.Target, "cause", out.Cause, "text", out.Body)
			return d.o.Store.Refuse(ctx, out.ID, string(d.o.Mode))
		}
		muted, err := d.o.Mutes.Muted(ctx, out.Target, d.o.Now())
		if err != nil {
			return err
		}
		if muted {
			return d.o.Store.RetryOut(ctx, out.ID, d.o.Now().Add(mutedFor), "the channel is muted")
		}
	}
	if err := d.o.Store.Sending(ctx, out.ID); err != nil {
		return ignoreState(err)
	}
	said, cancel := context.WithTimeout(ctx, d.o.Timeout)
	defer cancel()
	err := d.o.IRC.Say(said, out.Target, out.Body)
	return d.said(context.WithoutCancel(ctx), out, err)
}

// said writes what became of a line. Also a program that is being stopped
// writes it: it knows, and the next one would not.
func (d *DeliverIRC) said(ctx context.Context, out store.Out, err error) error {
	refused, isRefused := errors.AsType[*irc.RefusedError](err)
	switch {
	case err == nil:
		d.trouble.note("irc", nil)
		return d.o.Store.Proven(ctx, out.ID, "the server answered after it")
	case errors.Is(err, irc.ErrUnconfirmed):
		return d.unconfirmed(ctx, out, err.Error())
	case isRefused:
		d.log.Warn("line refused", "target", out.Target, "cause", out.Cause, "why", refused)
		return d.o.Store.Refuse(ctx, out.ID, refused.Error())
	}
	d.trouble.note("irc", err) // not connected: nothing was sent
	return d.o.Store.RetryOut(ctx, out.ID, d.o.Now().Add(ircRetry().After(min(out.Tries+1, 4))), err.Error())
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
