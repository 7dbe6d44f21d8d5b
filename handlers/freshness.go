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
		fresh = latest(fresh, t)
	}
	for _, g := range st.Gaps {
		if g.From.Before(fresh) {
			fresh = g.From
		}
	}
	return fresh, nil
}
