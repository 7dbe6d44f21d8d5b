package handlers

import (
	"context"
	"fmt"
	"log/slog"
	"time"
)

// ClockStore is what setting the clock concerns in the store.
type ClockStore interface {
	SetBack(ctx context.Context, by time.Duration) (moved int, err error)
	CursorStore
}

// cursorClock is the cursor whose time says what our clock showed last. Nobody
// else writes it, so that the next run's first look finds what this run left.
const cursorClock = "clock"

// ClockOptions are what watching the clock works with.
type ClockOptions struct {
	Store  ClockStore
	Logger *slog.Logger
	Now    func() time.Time
	Mono   func() time.Duration // of the machine's monotonic clock, from any beginning; nil: this machine's
	Next   []Wake               // all whose items wait
}

// Clock notices that the machine's clock was set, which the monotonic one shows:
// what waits in tables waits for times of the wall clock.
type Clock struct {
	o    ClockOptions
	log  *slog.Logger
	wall time.Time // at the last look; zero: none yet
	mono time.Duration
	kept time.Duration // on the monotonic clock, when it was noted last
}

// NewClock makes the step.
func NewClock(o ClockOptions) *Clock {
	o.Now = clock(o.Now)
	if o.Mono == nil {
		start := time.Now()
		o.Mono = func() time.Duration { return time.Since(start) }
	}
	return &Clock{o: o, log: logger(o.Logger)}
}

// Run watches until ctx ends.
func (c *Clock) Run(ctx context.Context) error {
	return loop{name: "clock", every: time.Second, log: c.log}.run(ctx, c.step)
}

// smallStep is what a clock is slewed by without anybody's noticing.
const smallStep = 2 * time.Second

// step compares the clocks.
func (c *Clock) step(ctx context.Context) (bool, error) {
	wall, mono := c.o.Now().Round(0), c.o.Mono()
	by, err := c.stepped(ctx, wall, mono)
	if err != nil {
		return false, fmt.Errorf("clock: %w", err)
	}
	if by.Abs() > smallStep {
		c.log.Warn("the clock was set", "by", by)
	}
	if by < -smallStep {
		moved, err := c.o.Store.SetBack(ctx, -by)
		if err != nil {
			return false, fmt.Errorf("clock: %w", err)
		}
		c.log.Warn("what waited for the old clock waits for the new one", "items", moved)
		wakeAll(c.o.Next)
	}
	first := c.wall.IsZero()
	c.wall, c.mono = wall, mono
	if first || by.Abs() > smallStep || mono-c.kept >= aliveEvery {
		if err := c.o.Store.SetCursor(ctx, cursorClock, ""); err != nil {
			return false, fmt.Errorf("clock: %w", err)
		}
		c.kept = mono
	}
	return false, nil
}

// stepped is by how much the clock was set since the last look: since the last
// run that noted its time, at the first one.
func (c *Clock) stepped(ctx context.Context, wall time.Time, mono time.Duration) (time.Duration, error) {
	if !c.wall.IsZero() {
		return wall.Sub(c.wall) - (mono - c.mono), nil
	}
	_, noted, err := c.o.Store.Cursor(ctx, cursorClock)
	if err != nil || !noted.After(wall) {
		return 0, err
	}
	return wall.Sub(noted), nil
}
