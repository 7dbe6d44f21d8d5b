package handlers

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"github.com/recheckbot/recheckbot/gerritstream"
	"github.com/recheckbot/recheckbot/internal/ci"
	"github.com/recheckbot/recheckbot/internal/cicomment"
	"github.com/recheckbot/recheckbot/internal/store"
)

// Reviewer is what delivering needs of Gerrit.
type Reviewer interface {
	Review(ctx context.Context, ps ci.Patchset, r gerritstream.Review) error
	Messages(ctx context.Context, change int64) ([]gerritstream.Comment, error)
}

// DeliverGerritOptions are what the step of delivering reviews works with.
type DeliverGerritOptions struct {
	Store    OutStore
	Gerrit   Reviewer
	Rules    cicomment.Rules // to find our own reference in Gerrit's list
	Mode     Mode
	Grace    time.Duration // before Gerrit is asked for a review, and between asking twice; 0: 10 s
	MaxTries int           // posts of one review; 0: 5
	Retry    Retry         // zero: 2 s to 1 min
	Logger   *slog.Logger
	Now      func() time.Time
	Wake     Wake
}

// DeliverGerrit posts reviews, each once. What may have been posted is never
// posted again before Gerrit has said twice that it is not there.
type DeliverGerrit struct {
	o       DeliverGerritOptions
	log     *slog.Logger
	trouble *trouble
	asked   map[int64]denial // rows that Gerrit did not show
}

// denial is how often, and when last, Gerrit said that a review is not there.
type denial struct {
	times int
	last  time.Time
}

// NewDeliverGerrit makes the step.
func NewDeliverGerrit(o DeliverGerritOptions) *DeliverGerrit {
	o.Grace, o.MaxTries, o.Now = cmp.Or(o.Grace, 10*time.Second), cmp.Or(o.MaxTries, 5), clock(o.Now)
	o.Retry = cmp.Or(o.Retry, Retry{First: 2 * time.Second, Most: time.Minute})
	return &DeliverGerrit{o: o, log: logger(o.Logger), trouble: newTrouble(o.Logger), asked: map[int64]denial{}}
}

// Run delivers until ctx ends.
func (d *DeliverGerrit) Run(ctx context.Context) error {
	return loop{name: "deliver to gerrit", wake: d.o.Wake, every: time.Second, log: d.log}.run(ctx, d.step)
}

// step posts what is ready, then looks after what was posted.
func (d *DeliverGerrit) step(ctx context.Context) (bool, error) {
	due, err := d.o.Store.DueOut(ctx, store.MediumGerrit, d.o.Now(), outBatch)
	if err != nil {
		return false, fmt.Errorf("deliver: due reviews: %w", err)
	}
	for _, out := range due {
		if err := d.post(ctx, out); err != nil {
			return false, fmt.Errorf("deliver: %s to %s: %w", out.Cause, out.Target, err)
		}
	}
	return len(due) == outBatch, d.prove(ctx)
}

// post posts one review. It is marked before, so that after a crash nobody
// takes it for not yet posted.
func (d *DeliverGerrit) post(ctx context.Context, out store.Out) error {
	if d.o.Mode != ModeLive {
		d.log.Info("review not sent", "mode", d.o.Mode, "target", out.Target, "cause", out.Cause, "text", out.Body)
		return d.o.Store.Refuse(ctx, out.ID, string(d.o.Mode))
	}
	ps, err := parseTarget(out.Target)
	if err != nil {
		return d.o.Store.Refuse(ctx, out.ID, err.Error())
	}
	if err := d.o.Store.Sending(ctx, out.ID); err != nil {
		return ignoreState(err)
	}
	err = d.o.Gerrit.Review(ctx, ps, gerritstream.Review{Message: out.Body, Tag: out.Tag, Notify: out.Notify})
	if ctx.Err() != nil {
		return nil // asked for after the next start
	}
	return ignoreState(d.posted(ctx, out, err))
}

// posted writes what Gerrit said to a review. Of a broken connection nobody
// knows whether the review went through: the row stays as it is and is asked
// for.
func (d *DeliverGerrit) posted(ctx context.Context, out store.Out, err error) error {
	log := d.log.With("target", out.Target, "cause", out.Cause, "ref", out.Ref)
	final, isFinal := errors.AsType[*gerritstream.FinalError](err)
	if !isFinal {
		d.trouble.note("reviews", err)
	}
	switch {
	case err == nil:
		log.Info("review sent")
		return d.o.Store.Sent(ctx, out.ID)
	case isFinal:
		log.Warn("review refused", "why", final)
		return d.o.Store.Refuse(ctx, out.ID, final.Error())
	case errors.Is(err, gerritstream.ErrNotSent):
		next := d.o.Now().Add(d.o.Retry.After(out.Tries + 1))
		return d.o.Store.RetryOut(ctx, out.ID, next, err.Error())
	}
	return nil
}

// parseTarget reads "CHANGE,PATCHSET".
func parseTarget(target string) (ci.Patchset, error) {
	change, number, _ := strings.Cut(target, ",")
	c, err1 := strconv.ParseInt(change, 10, 64)
	n, err2 := strconv.Atoi(number)
	if err := errors.Join(err1, err2); err != nil {
		return ci.Patchset{}, fmt.Errorf("target %q is no patchset: %w", target, err)
	}
	return ci.Patchset{Change: c, Number: n}, nil
}

// prove asks Gerrit for reviews that did not come back by themselves.
func (d *DeliverGerrit) prove(ctx context.Context) error {
	rows, err := d.o.Store.Unproven(ctx, store.MediumGerrit)
	if err != nil {
		return fmt.Errorf("deliver: unproven reviews: %w", err)
	}
	d.keepOnly(rows)
	for _, out := range rows {
		since := out.Attempted
		if den, ok := d.asked[out.ID]; ok && den.last.After(since) {
			since = den.last
		}
		if d.o.Now().Sub(since) < d.o.Grace {
			continue
		}
		if err := d.ask(ctx, out); err != nil {
			return fmt.Errorf("deliver: %s to %s: %w", out.Cause, out.Target, err)
		}
	}
	return nil
}

// keepOnly forgets denials of rows that need no more proof.
func (d *DeliverGerrit) keepOnly(rows []store.Out) {
	still := map[int64]denial{}
	for _, out := range rows {
		if den, ok := d.asked[out.ID]; ok {
			still[out.ID] = den
		}
	}
	d.asked = still
}

// ask asks Gerrit for one review, by its reference.
func (d *DeliverGerrit) ask(ctx context.Context, out store.Out) error {
	ps, err := parseTarget(out.Target)
	if err != nil {
		return d.o.Store.Refuse(ctx, out.ID, err.Error())
	}
	list, err := d.o.Gerrit.Messages(ctx, ps.Change)
	if _, gone := errors.AsType[*gerritstream.NotFoundError](err); gone {
		err = nil
	}
	d.trouble.note("asking for reviews", err)
	if err != nil { // no answer is no denial; other reviews do not wait for it
		d.asked[out.ID] = denial{d.asked[out.ID].times, d.o.Now()}
		return nil
	}
	if at, id := d.find(list, out.Ref); !at.IsZero() {
		d.log.Info("review proven", "target", out.Target, "cause", out.Cause, "ref", out.Ref)
		return ignoreState(d.o.Store.Proven(ctx, out.ID, strings.TrimSpace("in Gerrit's list at "+at.UTC().Format(time.RFC3339)+" "+id)))
	}
	den := denial{d.asked[out.ID].times + 1, d.o.Now()}
	d.asked[out.ID] = den
	if den.times < 2 {
		return nil
	}
	delete(d.asked, out.ID)
	return ignoreState(d.again(ctx, out))
}

// find looks for our own comment with that reference.
func (d *DeliverGerrit) find(list []gerritstream.Comment, ref string) (time.Time, string) {
	for _, m := range list {
		p := d.o.Rules.Parse(cicomment.Input{
			Comment: m.Message, Tag: m.Tag, Author: m.Author, PatchsetLevel: m.PatchsetLevel, ServiceUser: m.ServiceUser,
		})
		if ref != "" && p.Role == cicomment.RoleUs && p.Ref == ref {
			return m.Time, m.MessageID
		}
	}
	return time.Time{}, ""
}

// again makes a review ready once more that Gerrit said twice is not there.
func (d *DeliverGerrit) again(ctx context.Context, out store.Out) error {
	why := "Gerrit said twice that it is not there"
	if out.Tries >= d.o.MaxTries {
		d.log.Error("review given up", "target", out.Target, "cause", out.Cause, "tries", out.Tries, "why", why)
		return d.o.Store.Refuse(ctx, out.ID, fmt.Sprintf("%s, after %d tries", why, out.Tries))
	}
	d.log.Warn("review is sent again", "target", out.Target, "cause", out.Cause, "why", why)
	return d.o.Store.RetryOut(ctx, out.ID, d.o.Now().Add(d.o.Retry.After(out.Tries)), why)
}
