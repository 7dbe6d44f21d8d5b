package handlers

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"github.com/recheckbot/recheckbot/internal/store"
)

// deadAfter is how often an item may fail before its step gives it up.
const deadAfter = 5

// maxAiling bounds how many failing items are remembered; some may have been
// decided elsewhere meanwhile.
const maxAiling = 1000

// DeadStore takes the items that a step gave up.
type DeadStore interface {
	Bury(ctx context.Context, step string, item int64, why string, tries int) error
}

// graves isolates poison: an item that fails, by an error or a panic, is tried
// again after a growing wait, costs the others nothing, and is given up after
// deadAfter. The counts live as long as the program: a restart is a new chance.
type graves struct {
	step  string // as the store names it
	store DeadStore
	log   *slog.Logger
	now   func() time.Time
	retry Retry

	mu     sync.Mutex
	ailing map[int64]*ailment
}

// ailment is how often an item failed, and when it is tried again.
type ailment struct {
	times int
	next  time.Time
}

func newGraves(step string, s DeadStore, log *slog.Logger, now func() time.Time) *graves {
	return &graves{
		step: step, store: s, log: logger(log), now: clock(now),
		retry: Retry{First: time.Second, Most: time.Minute}, ailing: map[int64]*ailment{},
	}
}

// waiting is how many items wait for another try: so many more must be taken
// from the inbox, where they stand in the way of the others.
func (g *graves) waiting() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.ailing)
}

// waits reports whether an item failed and is not yet to be tried again.
func (g *graves) waits(item int64) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	a := g.ailing[item]
	return a != nil && g.now().Before(a.next)
}

// try works on an item unless it waits. An error is the store's trouble, which
// is nobody's fault: the step is to stop and try again later.
func (g *graves) try(ctx context.Context, item int64, work func(context.Context) error) error {
	if g.waits(item) {
		return nil
	}
	beat(ctx)
	err := safely(ctx, work)
	switch {
	case ctx.Err() != nil:
		return nil
	case err == nil:
		g.forget(item)
		return nil
	case store.Unwell(err):
		return fmt.Errorf("%s %d: %w", g.step, item, err)
	}
	times := g.failed(item)
	if times < deadAfter {
		g.log.Warn("item failed, will be tried again", "step", g.step, "item", item, "times", times, "error", err)
		return nil
	}
	if err := g.store.Bury(ctx, g.step, item, err.Error(), times); err != nil {
		return fmt.Errorf("%s %d: %w", g.step, item, err)
	}
	g.log.Error("item given up: see `recheckbot dead list`", "step", g.step, "item", item, "times", times, "error", err)
	g.forget(item)
	return nil
}

// storeRest is how long a worker keeps what it could not write: the item is due
// still, and would be asked for again as fast as its peer answers.
const storeRest = 5 * time.Second

// rest waits after the store's trouble.
func rest(ctx context.Context, trouble error) {
	if trouble != nil {
		pause(ctx, nil, storeRest)
	}
}

func (g *graves) failed(item int64) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	a := g.ailing[item]
	if a == nil {
		if len(g.ailing) >= maxAiling {
			clear(g.ailing)
		}
		a = &ailment{}
		g.ailing[item] = a
	}
	a.times++
	a.next = g.now().Add(g.retry.After(a.times))
	return a.times
}

func (g *graves) forget(item int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.ailing, item)
}

// safely turns a panic into an error that says where it came from.
func safely(ctx context.Context, work func(context.Context) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, cutBytes(string(debug.Stack()), 4000))
		}
	}()
	return work(ctx)
}
