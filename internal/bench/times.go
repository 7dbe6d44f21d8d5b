package main

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/recheckbot/recheckbot/internal/demo"
	"github.com/recheckbot/recheckbot/internal/fake/gerrit"
)

// times knows when each change's report was posted and how long its review took.
type times struct {
	mu      sync.Mutex
	began   map[int64]time.Time
	took    map[int64]time.Duration
	doubled int
	all     chan struct{} // told at each review
}

func newTimes() *times {
	return &times{began: map[int64]time.Time{}, took: map[int64]time.Duration{}, all: make(chan struct{}, 1)}
}

func (t *times) begin(change int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.began[change] = time.Now()
}

// posted is called by Gerrit when it has a comment.
func (t *times) posted(p gerrit.Posted) {
	now := time.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	began, ours := t.began[p.Change]
	if p.Author != demo.BotUser || !ours {
		return
	}
	if _, again := t.took[p.Change]; again {
		t.doubled++
		return
	}
	t.took[p.Change] = now.Sub(began)
	select {
	case t.all <- struct{}{}:
	default: // who waits looks at all of them anyway
	}
}

// wait waits until every review is there or lost, and then for one that comes
// twice.
func (t *times) wait(ctx context.Context) error {
	late := time.NewTimer(lostAfter)
	defer late.Stop()
	for t.missing() > 0 {
		select {
		case <-t.all:
		case <-late.C:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return pause(ctx, againWithin)
}

func (t *times) missing() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.began) - len(t.took)
}

// print prints the percentiles; an error if a review is lost or doubled.
func (t *times) print(o options, took time.Duration) error {
	lost := t.missing()
	t.mu.Lock()
	defer t.mu.Unlock()
	list := make([]time.Duration, 0, len(t.took))
	for _, d := range t.took {
		list = append(list, d)
	}
	slices.Sort(list)
	fmt.Printf("%d failed builds in %.1f s (%.0f a minute), %d MB of logs each: p50 %s, p90 %s, p99 %s, max %s ms; lost %d, doubled %d\n",
		len(t.began), took.Seconds(), float64(len(t.began))/took.Minutes(), o.megabytes,
		share(list, 0.5), share(list, 0.9), share(list, 0.99), share(list, 1), lost, t.doubled)
	if lost+t.doubled > 0 {
		return fmt.Errorf("%d reviews lost, %d doubled", lost, t.doubled)
	}
	return nil
}

// share is the least of the sorted durations that a share of them does not
// exceed, in milliseconds.
func share(sorted []time.Duration, part float64) string {
	if len(sorted) == 0 {
		return "-"
	}
	at := int(math.Ceil(part*float64(len(sorted)))) - 1
	return fmt.Sprint(sorted[max(at, 0)].Milliseconds())
}
