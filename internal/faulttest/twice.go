package main

import (
	"context"
	"errors"
	"time"

	"github.com/recheckbot/recheckbot/internal/fake/gerrit"
)

// patience is how long a row waits for one thing, and for the next when it waits
// until many are done. It takes seconds, at most a minute; the rest is for
// machines that are slow, for this is the end of patience and no bar.
const patience = 5 * time.Minute

// finish waits until the bot has done all, stops it and compares.
func (a *arena) finish(ctx context.Context) error {
	if err := a.settle(ctx); err != nil {
		return errors.Join(err, a.compare())
	}
	return errors.Join(a.stop(), a.compare())
}

// begin starts the bot and waits until it listens.
func (a *arena) begin(ctx context.Context) error {
	if _, err := a.launch(); err != nil {
		return err
	}
	return a.ready(ctx)
}

// newChange is a change on which nothing was said yet.
func (a *arena) newChange() int64 {
	return a.NewChange(gerrit.ChangeSpec{Project: project, Owner: "alice", Subject: "A change"})
}

// sameTwice: the same failure twice on one patchset, within a second and after
// the first was answered, are two failures and two reviews each.
func sameTwice(ctx context.Context, a *arena) error {
	if err := a.begin(ctx); err != nil {
		return err
	}
	for _, apart := range []bool{false, true} {
		n := a.newChange()
		for range 2 {
			if err := a.fail(n, "gate"); err != nil {
				return err
			}
			if apart {
				if err := a.settle(ctx); err != nil {
					return err
				}
			}
		}
	}
	return a.finish(ctx)
}

// gone waits for the instant in which a review is out: Gerrit has it, or it was
// lost on its way.
func (a *arena) gone(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, errors.New("no review goes out"))
	defer cancel()
	for {
		look := time.NewTimer(time.Millisecond)
		select {
		case <-a.reviews:
			return nil
		case <-look.C:
			if lost := a.Gerrit.ReviewsLost(); lost > a.lost {
				a.lost = lost
				return nil
			}
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// killAfterSend kills the bot in the instant at which Gerrit has its review, or
// has lost it, and starts it again at once: one review.
func killAfterSend(ctx context.Context, a *arena) error {
	for n := range 6 {
		if err := a.begin(ctx); err != nil {
			return err
		}
		if n%2 == 1 { // the connection goes first: with the review, or without
			a.Gerrit.CutReviews(1, n%4 == 1)
		}
		if err := a.fail(a.newChange(), "gate"); err != nil {
			return err
		}
		if err := a.gone(ctx); err != nil {
			return err
		}
		a.life.kill()
	}
	if err := a.begin(ctx); err != nil {
		return err
	}
	return a.finish(ctx)
}
