package demo

import (
	"context"
	"time"
)

// lookEvery is how often something that tells nobody of itself is looked at.
const lookEvery = 10 * time.Millisecond

// until waits until done, or for the end of ctx, whose error it returns.
func until(ctx context.Context, done func() bool) error {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for !done() {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
	}
	return nil
}

// pause waits for d or the end of ctx, and reports whether it was d.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
