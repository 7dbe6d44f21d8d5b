package handlers

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/recheckbot/recheckbot/gerritstream"
	"github.com/recheckbot/recheckbot/internal/ci"
	"github.com/recheckbot/recheckbot/internal/store"
)

// TestDeliverIndexLag: a Gerrit that was killed may not know a change for five
// minutes. Its review is said then, once; a change that stays away ends it.
func TestDeliverIndexLag(t *testing.T) {
	t.Parallel()
	w, r, d := delivering(t)
	r.before = &gerritstream.FinalError{Patchset: ci.Patchset{Change: 12345, Number: 2}, Reason: gerritstream.NoSuchChange, Detail: "fatal"}
	w.play(5*time.Minute, d.step)
	if s := w.state("report:17"); strings.HasPrefix(s, "refused") || r.calls > 4 {
		t.Errorf("%s within the lag, tried %d times", s, r.calls)
	}
	r.before = nil
	w.play(5*time.Minute, d.step)
	if s := w.state("report:17"); s != "proven" || len(r.posted) != 1 {
		t.Errorf("%s, posted %d", s, len(r.posted))
	}
	w, r, d = delivering(t)
	r.before = &gerritstream.FinalError{Reason: gerritstream.NoSuchChange, Detail: "fatal"}
	w.play(15*time.Minute, d.step)
	if s := w.state("report:17"); !strings.HasPrefix(s, "refused") || !strings.Contains(s, "no such change") || r.calls != 5 {
		t.Errorf("%s after %d calls", s, r.calls)
	}
}

// TestDeliverChangeAbsent: that Gerrit shows no such change does not mean that
// the review is not there.
func TestDeliverChangeAbsent(t *testing.T) {
	t.Parallel()
	w, r, d := delivering(t)
	r.broken = &gerritstream.NotFoundError{Change: 12345}
	w.play(6*time.Minute, d.step)
	if s := w.state("report:17"); s != "sent" || len(r.posted) != 1 {
		t.Errorf("%s, posted %d while the index lags", s, len(r.posted))
	}
	r.broken = nil
	w.play(2*time.Minute, d.step)
	if s := w.state("report:17"); s != "proven" || len(r.posted) != 1 {
		t.Errorf("%s, posted %d", s, len(r.posted))
	}
	w, r, d = delivering(t)
	r.broken = &gerritstream.NotFoundError{Change: 12345}
	w.play(20*time.Minute, d.step)
	if s := w.state("report:17"); !strings.HasPrefix(s, "unconfirmed gerrit: change 12345 not found") || len(r.posted) != 1 {
		t.Errorf("%s, posted %d for a change that is gone", s, len(r.posted))
	}
}

// TestDeliverCannotBeAsked: a Gerrit that never answers is not asked for ever,
// and seldom; a proof that comes late counts.
func TestDeliverCannotBeAsked(t *testing.T) {
	t.Parallel()
	w, r, d := delivering(t)
	r.broken = errors.New("gerrit is away: the answer is over 64 bytes")
	w.play(time.Hour, d.step)
	if s := w.state("report:17"); s != "sent" {
		t.Errorf("%s after an hour: no answer is no denial", s)
	}
	w.play(25*time.Hour, d.step)
	if s := w.state("report:17"); !strings.HasPrefix(s, "unconfirmed Gerrit could not be asked for it in 24h") || len(r.posted) != 1 {
		t.Errorf("%s, posted %d", s, len(r.posted))
	}
	if r.asked > 100 {
		t.Errorf("asked %d times", r.asked)
	}
	w.hear(w.comment("recheckbot", r.posted[0].Message))
	if s := w.state("report:17"); s != "proven" {
		t.Errorf("%s after the late proof", s)
	}
}

// TestDeliverClockSetBack: the grace of a review that may have been posted does
// not end a day later because the clock was set back meanwhile.
func TestDeliverClockSetBack(t *testing.T) {
	t.Parallel()
	w, r, _ := delivering(t)
	row, err := w.store.Outbox(t.Context(), "report:17")
	w.ok(err)
	w.clock.move(24 * time.Hour)
	w.ok(w.store.Sending(t.Context(), row[0].ID))
	w.ok(r.Review(t.Context(), ci.Patchset{}, gerritstream.Review{Message: row[0].Body}))
	w.clock.move(-24 * time.Hour)
	w.ok(w.store.Close())
	w.open()
	d := w.deliverer(r)
	w.play(9*time.Second, d.step)
	if r.asked != 0 {
		t.Error("asked within the grace")
	}
	w.play(3*time.Second, d.step)
	if s := w.state("report:17"); s != "proven" || len(r.posted) != 1 {
		t.Errorf("%s, posted %d", s, len(r.posted))
	}
}

// TestDeliverAwayIsNoTry: an hour without a connection takes none of a review's
// tries, and only the first of many pays for finding out.
func TestDeliverAwayIsNoTry(t *testing.T) {
	t.Parallel()
	w, r, d := delivering(t)
	for n := range 20 {
		w.say(store.Outgoing{Medium: store.MediumGerrit, Target: "12345,2", Cause: fmt.Sprint("report:", 100+n), Body: "x", Ref: fmt.Sprint("rb-", n),
			Own: noon(), NotAfter: at(4 * time.Hour)})
	}
	r.before = fmt.Errorf("%w: gerrit is away", gerritstream.ErrNotSent)
	_, err := d.step(t.Context())
	w.ok(err)
	if r.calls != 1 {
		t.Errorf("%d reviews waited for a connection that is not there", r.calls)
	}
	w.play(time.Hour, d.step)
	out, err := w.store.Outbox(t.Context(), "report:17")
	w.ok(err)
	if out[0].State != store.OutReady || out[0].Tries != 0 || r.calls > 100 {
		t.Errorf("%s, %d tries after an hour of %d calls", out[0].State, out[0].Tries, r.calls)
	}
}
