package store

import (
	"testing"
	"time"
)

// TestSetBack moves each kind of waiting item, none into the past, and leaves
// what is due or decided as it is.
func TestSetBack(t *testing.T) {
	s := fresh(t)
	for _, cause := range []string{"a", "b", "c", "d"} {
		ok(t, s.Say(t.Context(), []Outgoing{review(cause, "rb-"+cause)}))
	}
	day := 24 * time.Hour
	ok(t, s.RetryOut(t.Context(), 1, noon.Add(day+time.Minute), "x"))
	ok(t, s.RetryOut(t.Context(), 2, noon.Add(time.Hour), "x"))
	ok(t, s.Sending(t.Context(), 4))
	run := func(q string, args ...any) {
		t.Helper()
		_, err := s.write.ExecContext(t.Context(), q, args...)
		ok(t, err)
	}
	late := noon.Add(day + time.Minute).UnixMilli()
	run(`INSERT INTO name (id, kind, text) VALUES (91, 'ci', 'zuul')`)
	run(`INSERT INTO buildset (id, ci, ext, complete, own_ms, first_seen_ms, state, next_ms, at_ms) VALUES (5, 91, 'bs', 0, 0, 0, 'lookup', ?, 0)`, late)
	run(`INSERT INTO build (id, ci, ext, buildset, job, project, branch, voting, counted, own_ms, first_seen_ms, state, next_ms, at_ms)
		VALUES (6, 91, 'b', 5, 91, 91, 91, 1, 0, 0, 0, 'search', ?, 0)`, late)
	ok(t, s.OpenGap(t.Context(), noon.Add(-time.Hour), "earlier"))
	ok(t, s.OpenGap(t.Context(), noon.Add(day-time.Hour), "seen by the old clock"))
	moved, err := s.SetBack(t.Context(), day)
	if moved != 4 || err != nil {
		t.Errorf("moved %d, %v", moved, err)
	}
	for q, want := range map[string]time.Duration{
		`SELECT next_ms FROM outbox WHERE id = 1`: time.Minute, `SELECT next_ms FROM outbox WHERE id = 2`: 0, `SELECT next_ms FROM outbox WHERE id = 3`: 0,
		`SELECT to_ms FROM gap WHERE id = 1`: -time.Hour, `SELECT from_ms FROM gap WHERE id = 2`: -time.Hour, `SELECT to_ms FROM gap WHERE id = 2`: -time.Hour,
		`SELECT next_ms FROM buildset`: time.Minute, `SELECT next_ms FROM build`: time.Minute,
	} {
		if got := count(t, s, q); got != int(noon.Add(want).UnixMilli()) {
			t.Errorf("%s: %d, want %s after noon", q, got, want)
		}
	}
}
