package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestDeadLetters: each step's item leaves its inbox when it is given up, with
// its error, and comes back when a person says so; who did what is kept.
func TestDeadLetters(t *testing.T) {
	s := fresh(t)
	ok(t, s.AppendRaw(t.Context(), []Raw{{Session: "s", Seq: 1, Source: ViaStream, Received: noon, Body: []byte("x")}}))
	w := &world{t: t, s: s, change: 7}
	w.hear("s2", truth{author: alice, event: 1, heard: ps1 + "recheck bug 1234567"})
	ok(t, s.Say(t.Context(), []Outgoing{review("report:1", "rb-1")}))
	run := func(q string, args ...any) {
		t.Helper()
		_, err := s.write.ExecContext(t.Context(), q, args...)
		ok(t, err)
	}
	run(`INSERT INTO name (id, kind, text) VALUES (91, 'ci', 'zuul'), (92, 'job', 'j'), (93, 'project', 'p'), (94, 'branch', 'b')`)
	run(`INSERT INTO buildset (id, ci, ext, complete, own_ms, first_seen_ms, state, next_ms, at_ms) VALUES (5, 91, 'bs', 0, 0, 0, 'lookup', 0, 0)`)
	for id, state := range map[int]string{6: "search", 8: "lookup"} {
		run(`INSERT INTO build (id, ci, ext, buildset, job, project, branch, voting, counted, own_ms, first_seen_ms, state, next_ms, at_ms)
			VALUES (?, 91, ?, 5, 92, 93, 94, 1, 0, 0, 0, ?, 0, 0)`, id, fmt.Sprint(id), state)
	}
	comment := count(t, s, `SELECT comment FROM recheck`)
	run(`INSERT INTO report (comment, buildset, change, patchset, own_ms, state, next_ms, at_ms) VALUES (?, 5, 7, 1, 0, 'open', 0, 0)`, comment)
	bug := count(t, s, `SELECT id FROM bug`)
	raw := count(t, s, `SELECT id FROM raw WHERE session = 's'`)
	cases := []struct {
		step             string
		item             int
		look, dead, live string
	}{
		{StepClassify, 6, `SELECT state FROM build WHERE id = 6`, "unknown", "search"},
		{StepLookup, 5, `SELECT s.state || ' ' || b.state FROM buildset s JOIN build b ON b.id = 8 WHERE s.id = 5`, "gave-up unknown", "lookup lookup"},
		{StepCompose, comment, `SELECT state FROM report`, "dead", "open"},
		{StepAnnounce, bug, `SELECT n.state || ' ' || r.state FROM recheck_bug n JOIN recheck r ON r.comment = n.comment`, "dead skipped", "new new"},
		{StepDeliver, 1, `SELECT state FROM outbox WHERE id = 1`, "refused", "ready"},
		{StepCatchup, 7, `SELECT coalesce((SELECT value FROM cursor WHERE name = 'catchup-changes'), 'none')`, "none", "[7]"},
		{StepIngest, raw, fmt.Sprintf(`SELECT state || ' ' || (SELECT count(*) FROM raw_pending WHERE id = raw.id) FROM raw WHERE id = %d`, raw), "aside 0", "kept 1"},
	}
	for _, c := range cases {
		if c.step == StepIngest {
			ok(t, s.SetRawAside(t.Context(), int64(c.item), "it is bad"))
		} else {
			ok(t, s.Bury(t.Context(), c.step, int64(c.item), "it is bad", 5))
		}
		if got := word(t, s, c.look); got != c.dead {
			t.Errorf("%s: %s when given up, want %s", c.step, got, c.dead)
		}
		list, total, err := s.DeadLetters(t.Context(), 9)
		if err != nil || total != 1 || list[0].Step != c.step || list[0].Item != fmt.Sprint(c.item) || list[0].Error != "it is bad" {
			t.Errorf("%s: %d letters: %+v %v", c.step, total, list, err)
		}
		ok(t, s.RetryDead(t.Context(), c.step, fmt.Sprint(c.item), By{"op", "cli", "mended"}))
		if got := word(t, s, c.look); got != c.live {
			t.Errorf("%s: %s when revived, want %s", c.step, got, c.live)
		}
		if err := s.RetryDead(t.Context(), c.step, fmt.Sprint(c.item), By{}); !errors.Is(err, ErrNotFound) {
			t.Errorf("%s revived twice: %v", c.step, err)
		}
	}
	if got := word(t, s, `SELECT who || ' ' || via || ' ' || verb || ' ' || object || ' ' || why FROM act ORDER BY id LIMIT 1`); got != "op cli retry-dead classify:6 mended" {
		t.Errorf("act: %s", got)
	}
	if err := s.Bury(t.Context(), "no such step", 1, "x", 5); err == nil {
		t.Error("an unknown step is taken")
	}
}

// TestDropDead: the letter goes, what was decided stays.
func TestDropDead(t *testing.T) {
	s := fresh(t)
	ok(t, s.AppendRaw(t.Context(), []Raw{{Session: "s", Seq: 1, Source: ViaStream, Received: noon, Body: []byte("x"), Aside: "bad"}}))
	ok(t, s.Say(t.Context(), []Outgoing{review("report:1", "rb-1")}))
	ok(t, s.Bury(t.Context(), StepDeliver, 1, "bad", 5))
	ok(t, s.DropDead(t.Context(), StepDeliver, "1", By{"op", "cli", "no matter"}))
	ok(t, s.DropDead(t.Context(), StepIngest, "1", By{"op", "cli", "no matter"}))
	if _, total, err := s.DeadLetters(t.Context(), 9); total != 0 || err != nil {
		t.Errorf("%d letters, %v", total, err)
	}
	if got := word(t, s, `SELECT state FROM outbox`); got != OutRefused {
		t.Errorf("outbox: %s", got)
	}
	if n := count(t, s, `SELECT count(*) FROM act WHERE verb = 'drop-dead' AND why = 'no matter'`); n != 2 {
		t.Errorf("%d acts", n)
	}
	if err := s.DropDead(t.Context(), StepIngest, "x", By{}); !errors.Is(err, ErrNotFound) {
		t.Errorf("dropped nothing: %v", err)
	}
}

// TestReviveAsksFirst: a review that may have been sent goes back to where
// Gerrit is asked for it, not to where it is posted.
func TestReviveAsksFirst(t *testing.T) {
	s := fresh(t)
	ok(t, s.Say(t.Context(), []Outgoing{review("report:1", "rb-1")}))
	ok(t, s.Sending(t.Context(), 1))
	ok(t, s.Bury(t.Context(), StepDeliver, 1, "bad", 5))
	if got := word(t, s, `SELECT state FROM outbox`); got != OutUnconfirmed {
		t.Errorf("given up: %s", got)
	}
	ok(t, s.RetryDead(t.Context(), StepDeliver, "1", By{}))
	if got := word(t, s, `SELECT state FROM outbox`); got != OutSending {
		t.Errorf("revived: %s", got)
	}
}

// TestSayAgain: a line that may or may not have been said is said again when a
// person wants it; where nothing would come of it the error says why, and the
// letter stays.
func TestSayAgain(t *testing.T) {
	for name, c := range map[string]struct {
		medium   string
		notAfter time.Time
		state    string // meanwhile
		want     string
		err      string
	}{
		"a line":        {MediumIRC, noon.Add(time.Hour), "", OutReady, ""},
		"for ever":      {MediumIRC, time.Time{}, "", OutReady, ""},
		"too late":      {MediumIRC, noon.Add(-time.Hour), "", OutUnconfirmed, "its time passed at 2026-03-14T11:00:00Z"},
		"proven":        {MediumIRC, noon.Add(time.Hour), OutProven, OutProven, "it is proven"},
		"late review":   {MediumGerrit, noon.Add(-time.Hour), "", OutSending, ""},
		"proven review": {MediumGerrit, noon.Add(time.Hour), OutProven, OutProven, "it is proven"},
	} {
		t.Run(name, func(t *testing.T) {
			s := fresh(t)
			ok(t, s.Say(t.Context(), []Outgoing{{Medium: c.medium, Target: "#a", Cause: "report:1", Body: "x", NotAfter: c.notAfter}}))
			ok(t, s.Sending(t.Context(), 1))
			ok(t, s.Bury(t.Context(), StepDeliver, 1, "bad", 5))
			if c.state != "" {
				ok(t, s.Proven(t.Context(), 1, "seen"))
			}
			err := s.RetryDead(t.Context(), StepDeliver, "1", By{})
			if (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
				t.Errorf("got %v, want %q", err, c.err)
			}
			if got := word(t, s, `SELECT state FROM outbox`); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
			if _, total, err := s.DeadLetters(t.Context(), 9); err != nil || (total == 1) != (c.err != "") {
				t.Errorf("%d letters, %v", total, err)
			}
		})
	}
}

// TestReadAgain: what a person wants to be read again is kept until it was, once,
// and is no endless list.
func TestReadAgain(t *testing.T) {
	s := fresh(t)
	again := func(change int64) error {
		ok(t, s.Bury(t.Context(), StepCatchup, change, "bad", 5))
		return s.RetryDead(t.Context(), StepCatchup, fmt.Sprint(change), By{})
	}
	for _, change := range []int64{7, 8, 7} {
		ok(t, again(change))
	}
	s = restart(t, s)
	if got, err := s.ChangesToRead(t.Context()); err != nil || !slices.Equal(got, []int64{7, 8}) {
		t.Errorf("%v %v", got, err)
	}
	ok(t, s.ChangesRead(t.Context(), []int64{7}))
	if got, err := s.ChangesToRead(t.Context()); err != nil || !slices.Equal(got, []int64{8}) {
		t.Errorf("%v %v", got, err)
	}
	ok(t, s.SetCursor(t.Context(), cursorReadAgain, "["+strings.Repeat("1,", mostReadAgain-1)+"2]"))
	if err := again(9); err == nil {
		t.Error("the list has no end")
	}
}

// TestUnwell: a locked, full, read-only or broken database is at fault itself; a
// row that violates its table is not.
func TestUnwell(t *testing.T) {
	s := fresh(t)
	_, err := s.write.ExecContext(t.Context(), `INSERT INTO dead (step) VALUES (NULL)`)
	if err == nil || Unwell(fmt.Errorf("x: %w", err)) {
		t.Errorf("constraint: %v", err)
	}
	_, err = s.read.ExecContext(t.Context(), `DELETE FROM dead`)
	if !Unwell(err) {
		t.Errorf("read-only: %v", err)
	}
	broken := filepath.Join(t.TempDir(), "x.db")
	ok(t, os.WriteFile(broken, []byte("this is no database, however long one looks at it, not even a bit of one .........................."), 0o600))
	if _, err := Open(t.Context(), broken, Options{Now: func() time.Time { return noon }}); !Unwell(err) {
		t.Errorf("no database: %v", err)
	}
}
