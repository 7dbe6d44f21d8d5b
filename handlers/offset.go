package handlers

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/recheckbot/recheckbot/internal/store"
)

// Bounds of the estimate.
const (
	offsetWindow = 64              // events that are remembered
	offsetNoise  = 2 * time.Second // Gerrit tells whole seconds, up to 2 s late: less is no offset
)

// Offset estimates how far our clock is ahead of Gerrit's: the least of
// received minus created over the last live events. Delays only ever add to
// that difference, so its minimum is nearest to the truth. A step of our own
// clock, which the monotonic one shows, moves what is remembered. It is safe
// for concurrent use; the zero Offset knows nothing and is 0.
type Offset struct {
	mu     sync.Mutex
	seen   []time.Duration
	next   int
	last   time.Duration // of the newest event
	kept   time.Duration // of an earlier run, until an event is seen
	known  bool          // something was seen, or kept
	loaded bool
	saved  *time.Duration // nil: never

	ticks func() (wall time.Time, mono time.Duration) // nil: the machine's
	start time.Time                                   // of the machine's monotonic clock, as far as we count
	wall  time.Time                                   // at the last look; zero: none yet
	mono  time.Duration
}

// NewOffset makes an Offset for a program whose clock is now, and whose monotonic
// one, from any beginning, is mono; nil: the machine's.
func NewOffset(now func() time.Time, mono func() time.Duration) *Offset {
	if mono == nil {
		start := time.Now()
		mono = func() time.Duration { return time.Since(start) }
	}
	return &Offset{ticks: func() (time.Time, time.Duration) { return clock(now)().Round(0), mono() }}
}

// Observe takes one live event: when it was received by our clock, and when it
// was made by Gerrit's.
func (o *Offset) Observe(received, created time.Time) {
	if created.IsZero() || received.IsZero() {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.stepped()
	o.known = true
	o.last = received.Sub(created)
	if len(o.seen) < offsetWindow {
		o.seen = append(o.seen, received.Sub(created))
		return
	}
	o.seen[o.next] = received.Sub(created)
	o.next = (o.next + 1) % offsetWindow
}

// ObserveList takes the newest time of a list of Gerrit's. It may be of any
// age, so it tells only that Gerrit's clock is ahead of ours, if it is.
func (o *Offset) ObserveList(now, newest time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if d := now.Sub(newest); !newest.IsZero() && !o.known && d < -offsetNoise {
		o.kept, o.known = d, true
	}
}

// stepped moves what is remembered by what our clock was set since the last
// look: all the time it moved that the monotonic clock did not.
func (o *Offset) stepped() {
	ticks := o.ticks
	if ticks == nil {
		ticks = o.machine
	}
	wall, mono := ticks()
	if step := wall.Sub(o.wall) - (mono - o.mono); !o.wall.IsZero() && step.Abs() >= offsetNoise {
		for i := range o.seen {
			o.seen[i] += step
		}
		o.kept += step
	}
	o.wall, o.mono = wall, mono
}

// machine reads the machine's two clocks.
func (o *Offset) machine() (time.Time, time.Duration) {
	now := time.Now()
	if o.start.IsZero() {
		o.start = now
	}
	return now.Round(0), now.Sub(o.start)
}

// Value is what is to be added to Gerrit's times to have ours.
func (o *Offset) Value() time.Duration {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.value()
}

func (o *Offset) value() time.Duration {
	o.stepped()
	least := o.kept
	if len(o.seen) > 0 {
		least = slices.Min(o.seen)
	}
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

// Known reports whether there is any evidence behind Value.
func (o *Offset) Known() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.known
}

// Own is a time of Gerrit's on our clock.
func (o *Offset) Own(gerrit time.Time) time.Time { return gerrit.Add(o.Value()) }

// Gerrits is a time of ours on Gerrit's clock.
func (o *Offset) Gerrits(own time.Time) time.Time { return own.Add(-o.Value()) }

// Load takes the estimate of an earlier run, once.
func (o *Offset) Load(ctx context.Context, s cursorReader) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.loaded {
		return nil
	}
	text, _, err := s.Cursor(ctx, store.CursorOffset)
	if err != nil {
		return err
	}
	if text != "" {
		if o.kept, err = time.ParseDuration(text); err != nil {
			return fmt.Errorf("cursor %s: %w", store.CursorOffset, err)
		}
		kept := o.kept
		o.known, o.saved = true, &kept
	}
	o.loaded = true
	return nil
}

// Save keeps the estimate for the next run when it has moved.
func (o *Offset) Save(ctx context.Context, s CursorStore) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	v := o.value()
	if !o.known || o.saved != nil && (v-*o.saved).Abs() < offsetNoise {
		return nil
	}
	if err := s.SetCursor(ctx, store.CursorOffset, v.String()); err != nil {
		return err
	}
	o.saved = &v
	return nil
}
