package handlers

import (
	"slices"
	"sync"
	"time"
)

// Bounds of the estimate.
const (
	offsetWindow = 64              // events that are remembered
	offsetNoise  = 2 * time.Second // Gerrit tells whole seconds, up to 2 s late: less is no offset
)

// Offset estimates how far our clock is ahead of Gerrit's: the least of
// received minus created over the last live events. Delays only ever add to
// that difference, so its minimum is nearest to the truth. It is safe for
// concurrent use; the zero Offset knows nothing and is 0.
type Offset struct {
	mu   sync.Mutex
	seen []time.Duration
	next int
	last time.Duration // of the newest event
}

// Observe takes one live event: when it was received by our clock, and when it
// was made by Gerrit's.
func (o *Offset) Observe(received, created time.Time) {
	if created.IsZero() || received.IsZero() {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.last = received.Sub(created)
	if len(o.seen) < offsetWindow {
		o.seen = append(o.seen, received.Sub(created))
		return
	}
	o.seen[o.next] = received.Sub(created)
	o.next = (o.next + 1) % offsetWindow
}

// Value is what is to be added to Gerrit's times to have ours.
func (o *Offset) Value() time.Duration {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.seen) == 0 {
		return 0
	}
	least := slices.Min(o.seen)
	if least.Abs() < offsetNoise {
		return 0
	}
	return least
}

// Last is received minus created of the newest live event; false: none was seen.
func (o *Offset) Last() (time.Duration, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.last, len(o.seen) > 0
}

// Own is a time of Gerrit's on our clock.
func (o *Offset) Own(gerrit time.Time) time.Time { return gerrit.Add(o.Value()) }

// Gerrits is a time of ours on Gerrit's clock.
func (o *Offset) Gerrits(own time.Time) time.Time { return own.Add(-o.Value()) }
