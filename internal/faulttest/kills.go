package main

import (
	"context"
	"errors"
	"time"
)

// kills kills the bot over and over while things happen, and holds what was
// seen against what should have been.
func kills(ctx context.Context, a *arena) error {
	// The very first start begins the bot's time: of what is earlier it need not
	// know, and a kill before it has noted its beginning makes all of it earlier.
	first, err := a.launch()
	if err != nil {
		return err
	}
	if err := a.ready(ctx); err != nil {
		return err
	}
	first.kill()
	// What is said before the first start is none of the bot's business.
	if err := a.begin(ctx); err != nil {
		return err
	}
	a.life.kill()
	working, stop := context.WithCancel(ctx)
	defer stop()
	worked := make(chan error, 1)
	go func() { worked <- (&load{a: a}).run(working) }()
	for range a.o.kills {
		c, err := a.launch()
		if err != nil {
			return err
		}
		a.live(ctx, c)
		if ended, err := c.ended(); ended {
			return errors.Join(errors.New("the bot ended by itself"), err)
		}
		c.kill()
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
	a.note("%d kills", a.o.kills)
	stop()
	if err := <-worked; err != nil {
		return err
	}
	if _, err := a.launch(); err != nil {
		return err
	}
	if err := a.settle(ctx); err != nil {
		return errors.Join(err, a.compare())
	}
	return errors.Join(a.stop(), a.compare())
}

// live lets the bot live until an instant that hurts: while it starts, while a
// report comes in, right after a review or a line went out; now and then long
// enough that it sends again what an earlier life may have sent.
func (a *arena) live(ctx context.Context, c *child) {
	bell := []chan struct{}{nil, a.reviews, a.said, a.told}[a.n(4)]
	most, after := a.between(0, 2*time.Second), time.Duration(0)
	if bell != nil {
		most, after = 4*time.Second, a.between(0, 30*time.Millisecond)
	}
	if a.n(20) == 0 {
		bell, most = nil, a.between(10*time.Second, 25*time.Second)
	}
	if bell != nil {
		select {
		case <-bell: // of an earlier life
		default:
		}
	}
	timer := time.NewTimer(most)
	defer timer.Stop()
	select {
	case <-bell:
		pause(ctx, after)
	case <-timer.C:
	case <-c.done:
	case <-ctx.Done():
	}
}
