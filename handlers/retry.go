package handlers

import (
	"time"

	"github.com/cenkalti/backoff/v5"
)

// Retry is how long to wait between tries of anything: First after the first
// failure, doubling up to Most, each with jitter of half its length so that
// many waiting items do not come back at the same instant. It is the one place
// of backing off in this package; tries are counted in tables, so that a
// restart goes on with the same patience.
type Retry struct{ First, Most time.Duration }

// maxDoublings keeps the shift below from overflowing.
const maxDoublings = 24

// After is how long to wait after the tries-th failure; tries counts from 1.
func (r Retry) After(tries int) time.Duration {
	wait := r.First << min(max(tries-1, 0), maxDoublings)
	if wait <= 0 || wait > r.Most {
		wait = r.Most
	}
	b := backoff.ExponentialBackOff{
		InitialInterval:     wait,
		RandomizationFactor: backoff.DefaultRandomizationFactor,
		Multiplier:          1,
		MaxInterval:         wait,
	}
	return b.NextBackOff()
}

// outage is a peer that cannot be reached: it is left alone for a growing while,
// whatever there is to say to it. The zero time is no outage.
type outage struct {
	retry    Retry
	failures int
	until    time.Time
}

// begin notes one more failure.
func (o *outage) begin(now time.Time) {
	o.failures++
	o.until = now.Add(o.retry.After(o.failures))
}

// over notes that the peer answers.
func (o *outage) over() { o.failures, o.until = 0, time.Time{} }

// lasts reports whether the peer is to be left alone now.
func (o *outage) lasts(now time.Time) bool { return now.Before(o.until) }
