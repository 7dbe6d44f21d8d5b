package store

import (
	"slices"
	"testing"
	"time"

	"github.com/recheckbot/recheckbot/internal/ci"
)

// told is when a change was told of as far as memory may be trusted.
func told(t *testing.T, s *Store, number int64) time.Time {
	t.Helper()
	_, at, err := s.KnownChange(t.Context(), number)
	ok(t, err)
	return at
}

// TestKnownChange: what Gerrit was asked for is known, not what nobody told, and
// nothing while lines wait to be read or while something may have been missed.
func TestKnownChange(t *testing.T) {
	s := fresh(t)
	if at := told(t, s, 7); !at.IsZero() {
		t.Errorf("nothing was told, known since %s", at)
	}
	c := aChange(7)
	c.Status = "MERGED"
	ok(t, s.RememberChange(t.Context(), c, noon))
	got, at, err := s.KnownChange(t.Context(), 7)
	if err != nil || !at.Equal(noon) || got.Status != "MERGED" || got.Project != c.Project {
		t.Errorf("%+v at %s, %v", got, at, err)
	}
	ok(t, s.AppendRaw(t.Context(), []Raw{{Session: "s", Seq: 1, Source: ViaStream, Received: noon, Body: []byte("{}")}}))
	if at := told(t, s, 7); !at.IsZero() {
		t.Errorf("a line waits, known since %s", at)
	}
	ok(t, s.Ingest(t.Context(), []Heard{{RawID: 1, Via: ViaStream, Change: aChange(8)}}))
	if at := told(t, s, 7); !at.Equal(noon) {
		t.Errorf("no line waits any more, known since %s", at)
	}
	ok(t, s.OpenGap(t.Context(), noon, "dropped-output"))
	if at := told(t, s, 7); !at.IsZero() {
		t.Errorf("an event may have been dropped, known since %s", at)
	}
	_, err = s.CloseGaps(t.Context(), gapsOf(t, s), noon, "a catch-up")
	ok(t, err)
	if at := told(t, s, 7); !at.Equal(noon) {
		t.Errorf("the gap is closed, known since %s", at)
	}
}

// TestRememberChange: an answer that is older than what the stream told since
// changes nothing.
func TestRememberChange(t *testing.T) {
	s := fresh(t)
	c := aChange(7)
	c.Status, c.Subject = "NEW", "newer"
	ok(t, s.Ingest(t.Context(), []Heard{{Via: ViaStream, Change: c, Received: noon}}))
	c.Subject = "older"
	ok(t, s.RememberChange(t.Context(), c, noon.Add(-time.Second)))
	got, at, err := s.KnownChange(t.Context(), 7)
	if err != nil || got.Subject != "newer" || !at.Equal(noon) {
		t.Errorf("%+v at %s, %v", got, at, err)
	}
}

// TestKnownAccount: an account is known once it was asked for.
func TestKnownAccount(t *testing.T) {
	s := fresh(t)
	if _, _, at, err := s.KnownAccount(t.Context(), "zuul"); err != nil || !at.IsZero() {
		t.Errorf("nobody asked: %s, %v", at, err)
	}
	ok(t, s.RememberAccount(t.Context(), ci.Account{Username: "zuul", Name: "Zuul", GerritID: 22348}, true))
	a, service, at, err := s.KnownAccount(t.Context(), "zuul")
	if err != nil || !service || !at.Equal(noon) || a.Name != "Zuul" || a.GerritID != 22348 {
		t.Errorf("%+v %v at %s, %v", a, service, at, err)
	}
}

// TestServiceUserIsNoPerson: once Gerrit has told that an account is a program's,
// its rechecks are no person's, those before as those to come.
func TestServiceUserIsNoPerson(t *testing.T) {
	w := &world{t: t, s: fresh(t), change: 7}
	theirs, also := level(0, "recheck bug 1", false), level(5, "recheck bug 2", false)
	theirs.author, also.author = bob, bob
	mine := level(6, "recheck bug 2", false)
	w.hear("s", theirs, also, mine)
	ok(t, w.s.RememberAccount(t.Context(), bob, true))
	later := level(9, "recheck bug 3", false)
	later.author = bob
	w.hear("s", later)
	due, err := w.s.DueRechecks(t.Context(), noon.Add(time.Hour), 9)
	ok(t, err)
	if len(due) != 1 || due[0].Bug.Ref != "2" || due[0].People != 1 || !slices.Equal(due[0].Authors, []string{"alice"}) {
		t.Errorf("%+v", due)
	}
	if n := count(t, w.s, `SELECT count(*) FROM queue`); n != 1 {
		t.Errorf("%d bugs in the queue", n)
	}
	if n := count(t, w.s, `SELECT count(*) FROM recheck WHERE by_bot AND state = 'skipped'`); n != 3 {
		t.Errorf("%d rechecks by a program", n)
	}
}
