package handlers

import (
	"context"
	"fmt"
	"time"
)

// freshWithin is how old the last event may be before numbers are given with
// their age: shorter silences are usual.
const freshWithin = 30 * time.Minute

// stale says how far numbers may be behind what happened; "" when they are not.
func (a *Answers) stale(ctx context.Context) (string, error) {
	st, err := a.Reader.Status(ctx)
	if err != nil {
		return "", fmt.Errorf("freshness: %w", err)
	}
	stream, since, err := a.Reader.Cursor(ctx, StreamCursor)
	if err != nil {
		return "", fmt.Errorf("freshness: %w", err)
	}
	switch {
	case stream == StreamUp && a.Now().Sub(st.LastEvent) <= freshWithin:
		return "", nil
	case stream == StreamUp:
		return "last event " + ago(a.Now(), st.LastEvent), nil
	}
	return notConnected(stream, since), nil
}

// notConnected says since when nothing is heard, in capitals: every number that
// stands beside it is old.
func notConnected(stream string, since time.Time) string {
	if since.IsZero() {
		return "STREAM NEVER CONNECTED"
	}
	return fmt.Sprintf("STREAM NOT CONNECTED since %s: %s", clockTime(since), cut(oneLine(stream), 80))
}
