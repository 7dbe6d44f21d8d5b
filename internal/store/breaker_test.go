package store

import (
	"errors"
	"fmt"
	"testing"
	"time"
)

// TestBreaker: it opens once, survives restarts, and who closed it is kept.
func TestBreaker(t *testing.T) {
	s := fresh(t)
	if b, err := s.Breaker(t.Context()); b != (Breaker{}) || err != nil {
		t.Errorf("at first %+v %v", b, err)
	}
	if _, err := s.Resume(t.Context(), By{}, false); !errors.Is(err, ErrState) {
		t.Errorf("resumed what was not stopped: %v", err)
	}
	opened, err := s.Trip(t.Context(), "too many")
	ok(t, err)
	again, err := s.Trip(t.Context(), "another reason")
	ok(t, err)
	if !opened || again {
		t.Errorf("opened %t, and again %t", opened, again)
	}
	s = restart(t, s)
	if b, err := s.Breaker(t.Context()); err != nil || !b.Open || b.Why != "too many" || !b.Since.Equal(noon) {
		t.Errorf("%+v %v", b, err)
	}
	_, err = s.Resume(t.Context(), By{Who: "op", Via: "cli", Why: "looked"}, false)
	ok(t, err)
	if b, err := s.Breaker(t.Context()); err != nil || b.Open || b.Why != "" {
		t.Errorf("%+v %v", b, err)
	}
	want := "recheckbot breaker trip saying>silent too many, op cli resume silent>saying looked"
	if got := word(t, s, `SELECT group_concat(who || ' ' || via || ' ' || verb || ' ' || before || '>' || after || ' ' || why, ', ') FROM act`); got != want {
		t.Errorf("acts: %s", got)
	}
}

// TestSaidSince counts what went out or may have: no answers, no alarms, nothing
// that only waits.
func TestSaidSince(t *testing.T) {
	s := fresh(t)
	causes := []string{"report:1", "report:2", "bug:3:step5", "alarm:x:1", "cmd:1:1", "report:4", "report:5"}
	for _, cause := range causes {
		ok(t, s.Say(t.Context(), []Outgoing{{Medium: MediumIRC, Target: "#a", Cause: cause, Body: "x"}}))
	}
	for id := range int64(6) { // the last waits
		ok(t, s.Sending(t.Context(), id+1))
	}
	ok(t, s.Proven(t.Context(), 1, "x"))
	ok(t, s.Unconfirmed(t.Context(), 2, "x"))
	ok(t, s.Unsent(t.Context(), 6, noon, "no connection"))
	_, err := s.write.ExecContext(t.Context(), `UPDATE outbox SET state = 'proven', attempted_ms = ? WHERE id = 7`, noon.Add(24*time.Hour).UnixMilli())
	ok(t, err) // by a clock that was a day ahead
	for since, want := range map[time.Duration]int{0: 3, time.Second: 0} {
		if n, err := s.SaidSince(t.Context(), MediumIRC, noon.Add(since)); n != want || err != nil {
			t.Errorf("since %s: %d %v, want %d", since, n, err, want)
		}
	}
	if n, err := s.SaidSince(t.Context(), MediumGerrit, noon); n != 0 || err != nil {
		t.Errorf("reviews: %d %v", n, err)
	}
}

// TestMostRecognized: one build counts once for a name, however many scans and
// hits; what is not certain does not count; without builds there is none.
func TestMostRecognized(t *testing.T) {
	s := fresh(t)
	if _, found, err := s.MostRecognized(t.Context(), noon); found || err != nil {
		t.Errorf("without builds: %v %v", found, err)
	}
	run := func(q string, args ...any) {
		t.Helper()
		_, err := s.write.ExecContext(t.Context(), q, args...)
		ok(t, err)
	}
	run(`INSERT INTO name (id, kind, text) VALUES (91, 'ci', 'zuul'), (92, 'job', 'j'), (93, 'project', 'p'), (94, 'branch', 'b')`)
	run(`INSERT INTO buildset (id, ci, ext, complete, own_ms, first_seen_ms, state, at_ms) VALUES (5, 91, 'bs', 1, 0, 0, 'done', 0)`)
	run(`INSERT INTO fingerprint (id, name, sha, yaml, first_ms) VALUES (1, 'a', x'01', '', 0), (2, 'a', x'02', '', 0), (3, 'b', x'03', '', 0)`)
	run(`INSERT INTO fpset (id, sha, load, loaded_ms) VALUES (1, x'01', 1, 0)`)
	for id := 1; id <= 8; id++ { // five before, three lately
		seen := noon.Add(-2 * time.Hour)
		if id > 5 {
			seen = noon
		}
		run(`INSERT INTO build (id, ci, ext, buildset, job, project, branch, voting, counted, own_ms, first_seen_ms, state, at_ms)
			VALUES (?1, 91, ?2, 5, 92, 93, 94, 1, 1, ?3, ?3, 'recognized', 0)`, id, fmt.Sprint(id), seen.UnixMilli())
	}
	hit := func(build, fingerprint int, engine, cond string) {
		run(`INSERT INTO scan (build, fpset, engine, purpose, outcome, at_ms) VALUES (?, 1, ?, '', '', ?)`, build, engine, noon.UnixMilli()+int64(build))
		run(`INSERT INTO hit (scan, fingerprint, n, n_exact, cond) VALUES (last_insert_rowid(), ?, 1, 1, ?)`, fingerprint, cond)
	}
	hit(1, 1, "scan", "")
	hit(6, 1, "scan", "")
	hit(6, 2, "other", "") // the same build, by the edited one of that name
	hit(7, 2, "scan", "")
	hit(8, 3, "scan", "")
	hit(7, 3, "x", "if something else holds")
	run(`INSERT INTO build (id, ci, ext, buildset, job, project, branch, voting, counted, own_ms, first_seen_ms, state, at_ms)
		VALUES (9, 91, '9', 5, 92, 93, 94, 1, 1, ?, ?, 'recognized', 0)`, noon.Add(-48*time.Hour).UnixMilli(), noon.UnixMilli()) // history, read now
	run(`UPDATE build SET own_ms = ? WHERE id = 5`, noon.Add(-1000*time.Hour).UnixMilli()) // and history that was read then
	got, found, err := s.MostRecognized(t.Context(), noon.Add(-time.Hour))
	want := Recognized{Fingerprint: "a", Lately: 2, AllLately: 3, Before: 1, BeforeTotal: 4, Since: noon.Add(time.Millisecond)}
	if got != want || !found || err != nil {
		t.Errorf("%+v %v %v, want %+v", got, found, err, want)
	}
}
