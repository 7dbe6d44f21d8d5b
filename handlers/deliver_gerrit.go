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
	Breaker  *Breaker        // nil: no limit
	Still    *Still          // asked before each post; nil: what was composed may be said
	Mode     Mode
	Grace    time.Duration // before Gerrit is asked for a review, and between asking twice; 0: 10 s
	MaxTries int           // posts of one review; 0: 5. Without a connection nothing is posted.
	Lag      time.Duration // how long "no such change" may be Gerrit's index only, which lacks 5 minutes after a kill; 0: 10 min
	GiveUp   time.Duration // after which a review that Gerrit cannot be asked for is unconfirmed; 0: 24 h
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
	graves  *graves
	away    outage
	looks   map[int64]*look // rows that are not proven
}

// NewDeliverGerrit makes the step.
func NewDeliverGerrit(o DeliverGerritOptions) *DeliverGerrit {
	o.Grace, o.MaxTries, o.Now = cmp.Or(o.Grace, 10*time.Second), cmp.Or(o.MaxTries, 5), clock(o.Now)
	o.Lag, o.GiveUp = cmp.Or(o.Lag, 10*time.Minute), cmp.Or(o.GiveUp, 24*time.Hour)
	o.Retry = cmp.Or(o.Retry, Retry{First: 2 * time.Second, Most: time.Minute})
	return &DeliverGerrit{
		o: o, log: logger(o.Logger), trouble: newTrouble(o.Logger),
		graves: newGraves(store.StepDeliver, o.Store, o.Logger, o.Now), away: outage{retry: o.Retry}, looks: map[int64]*look{},
	}
}

// Run delivers until ctx ends.
func (d *DeliverGerrit) Run(ctx context.Context) error {
	return loop{name: "deliver to gerrit", wake: d.o.Wake, every: time.Second, log: d.log}.run(ctx, d.step)
}

// step posts what is ready, then looks after what was posted.
func (d *DeliverGerrit) step(ctx context.Context) (bool, error) {
	more, err := d.postDue(ctx)
	if err != nil || ctx.Err() != nil {
		return false, err
	}
	return more, d.prove(ctx)
}

// postDue posts what is ready. Where Gerrit cannot be reached the first one
// shows it; the others do not wait for a timeout each.
func (d *DeliverGerrit) postDue(ctx context.Context) (bool, error) {
	if d.away.lasts(d.o.Now()) {
		return false, nil
	}
	limit := outBatch + d.graves.waiting()
	due, err := d.o.Store.DueOut(ctx, store.MediumGerrit, d.o.Now(), limit)
	if err != nil {
		return false, fmt.Errorf("deliver: due reviews: %w", err)
	}
	for _, out := range due {
		if ok, err := d.allowed(ctx); err != nil || !ok {
			return false, err
		}
		if err := d.graves.try(ctx, out.ID, func(ctx context.Context) error { return d.post(ctx, out) }); err != nil {
			return false, err
		}
		if ctx.Err() != nil || d.away.lasts(d.o.Now()) {
			return false, nil
		}
	}
	return len(due) == limit, nil
}

// allowed asks the breaker, where anything would leave us at all.
func (d *DeliverGerrit) allowed(ctx context.Context) (bool, error) {
	if d.o.Mode != ModeLive {
		return true, nil
	}
	ok, err := d.o.Breaker.allows(ctx, store.MediumGerrit)
	if err != nil {
		return false, fmt.Errorf("deliver: %w", err)
	}
	return ok, nil
}

// post posts one review. It is marked before, so that after a crash nobody
// takes it for not yet posted.
func (d *DeliverGerrit) post(ctx context.Context, out store.Out) error {
	if d.o.Mode != ModeLive {
		d.log.Info("review not sent", "mode", d.o.Mode, "target", out.Target, "cause", out.Cause, "text", out.Body)
		return d.o.Store.Withhold(ctx, out.ID, "mode "+string(d.o.Mode))
	}
	ps, err := parseTarget(out.Target)
	if err != nil {
		return d.o.Store.Refuse(ctx, out.ID, err.Error())
	}
	if may, err := still(ctx, d.o.Still, d.o.Store, d.log, out); err != nil || !may {
		return err
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
	if err == nil || isFinal {
		d.trouble.note("reviews", nil)
		d.away.over()
	} else {
		d.trouble.note("reviews", err)
		d.away.begin(d.o.Now())
	}
	switch {
	case err == nil:
		log.Info("review sent")
		return d.o.Store.Sent(ctx, out.ID)
	case isFinal:
		return d.refused(ctx, out, final)
	case errors.Is(err, gerritstream.ErrNotSent):
		return d.o.Store.Unsent(ctx, out.ID, d.away.until, err.Error())
	}
	return nil
}

// refused ends a review that Gerrit does not take. That there is no such change
// is only believed when Gerrit still says so after a while: we have heard of
// the change, and the index of a server that was killed may lack it.
func (d *DeliverGerrit) refused(ctx context.Context, out store.Out, final *gerritstream.FinalError) error {
	log := d.log.With("target", out.Target, "cause", out.Cause, "ref", out.Ref, "why", final)
	lags := final.Reason == gerritstream.NoSuchChange || final.Reason == gerritstream.NotFound
	if lags && out.Tries+1 < d.o.MaxTries {
		log.Warn("review refused, tried again as the index may lag")
		return d.o.Store.RetryOut(ctx, out.ID, d.o.Now().Add(d.o.Lag/time.Duration(max(d.o.MaxTries-1, 1))), final.Error())
	}
	log.Warn("review refused")
	return d.o.Store.Refuse(ctx, out.ID, final.Error())
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
