package handlers

import (
	"context"
	"fmt"
	"time"

	"github.com/recheckbot/recheckbot/internal/store"
)

// freshness is up to when, on our clock, everything that Gerrit told is known:
// the last event, the last question that found nothing missing or the last
// catching-up, whichever is latest, but no later than the first open gap. Zero:
// nothing was ever heard.
func (a *Answers) freshness(ctx context.Context, st store.Status) (time.Time, error) {
	var fresh time.Time
	var offset Offset
	if err := offset.Load(ctx, a.Reader); err != nil {
		return fresh, err
	}
	for _, name := range []string{FreshCursor, cursorCatchup} {
		text, _, err := a.Reader.Cursor(ctx, name)
		if err != nil {
			return fresh, err
		}
		if text == "" {
			continue
		}
		t, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			return fresh, fmt.Errorf("cursor %s: %w", name, err)
		}
		if name == cursorCatchup { // which is on Gerrit's clock
			t = offset.Own(t)
		}
		fresh = latest(fresh, t)
	}
	for _, g := range st.Gaps {
		if g.From.Before(fresh) {
			fresh = g.From
		}
	}
	return fresh, nil
}

// freshWithin is how old what is known may be before numbers are given with its
// age: a silence up to that long is asked about and found usual.
const freshWithin = 30 * time.Minute

// stale says how far numbers may be behind what happened; "" when they are not.
func (a *Answers) stale(ctx context.Context) (string, error) {
	st, err := a.Reader.Status(ctx)
	if err != nil {
		return "", fmt.Errorf("freshness: %w", err)
	}
	stream, since, err := a.stream(ctx)
	if err != nil {
		return "", fmt.Errorf("freshness: %w", err)
	}
	if stream != StreamUp {
		return notConnected(stream, since), nil
	}
	fresh, err := a.freshness(ctx, st)
	if err != nil {
		return "", fmt.Errorf("freshness: %w", err)
	}
	if fresh.IsZero() {
		fresh = st.LastEvent
	}
	switch {
	case fresh.IsZero():
		return "nothing heard yet", nil
	case a.Now().Sub(fresh) > freshWithin:
		return "complete up to " + ago(a.Now(), fresh), nil
	}
	return "", nil
}

// notConnected says since when nothing is heard, in capitals: every number that
// stands beside it is old.
func notConnected(stream string, since time.Time) string {
	if since.IsZero() {
		return "STREAM NEVER CONNECTED"
	}
	return fmt.Sprintf("STREAM NOT CONNECTED since %s: %s", clockTime(since), cut(oneLine(stream), 80))
}
