package handlers

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/recheckbot/recheckbot/internal/irc"
	"github.com/recheckbot/recheckbot/internal/store"
)

// speaker is an IRC that keeps what is said, with faults on demand.
type speaker struct {
	said   []string
	err    error
	flying int
	most   int
}

func (s *speaker) Say(_ context.Context, target, text string) error {
	s.flying++
	s.most = max(s.most, s.flying)
	defer func() { s.flying-- }()
	if s.err == nil {
		s.said = append(s.said, target+" "+text)
	}
	return s.err
}

// line is a message for IRC.
func line(cause string, text string) store.Outgoing {
	return store.Outgoing{Medium: store.MediumIRC, Target: "#gate", Cause: cause, Body: text, Own: noon(), NotAfter: at(2 * time.Hour)}
}

// talking is a world with those lines in the outbox.
func talking(t *testing.T, lines ...store.Outgoing) (*world, *speaker, *DeliverIRC) {
	w, s := newWorld(t), &speaker{}
	w.say(lines...)
	return w, s, w.talker(s)
}

func (w *world) talker(s *speaker) *DeliverIRC {
	return NewDeliverIRC(DeliverIRCOptions{Store: w.store, Mutes: w.store, IRC: s, Mode: ModeLive, Now: w.clock.now})
}

// TestSay: one at a time, in order, answers first; proven when the server has
// answered.
func TestSay(t *testing.T) {
	t.Parallel()
	w, s, d := talking(t, line("report:1", "a"), line("report:2", "b"), line("ask:x", "answer"))
	w.play(time.Second, d.step)
	if want := []string{"#gate answer", "#gate a", "#gate b"}; !slices.Equal(s.said, want) || s.most != 1 {
		t.Errorf("said %q, %d at a time", s.said, s.most)
	}
	for _, cause := range []string{"report:1", "report:2", "ask:x"} {
		if got := w.state(cause); got != "proven" {
			t.Errorf("%s: %s", cause, got)
		}
	}
}

// TestSayNotConnected waits for a connection, and expires in the end.
func TestSayNotConnected(t *testing.T) {
	t.Parallel()
	w, s, d := talking(t, line("report:1", "a"))
	s.err = fmt.Errorf("say: %w", irc.ErrNotJoined)
	w.play(time.Hour, d.step)
	if got := w.state("report:1"); !strings.HasPrefix(got, "ready") {
		t.Errorf("after an hour: %s", got)
	}
	s.err = nil
	w.play(20*time.Second, d.step)
	if got := w.state("report:1"); got != "proven" || len(s.said) != 1 {
		t.Errorf("%s, said %q", got, s.said)
	}
	w, s, d = talking(t, line("report:1", "a"))
	s.err = irc.ErrNotConnected
	w.play(2*time.Hour+time.Minute, d.step)
	if got := w.state("report:1"); !strings.HasPrefix(got, "expired") {
		t.Errorf("after its time: %s", got)
	}
}

// TestSayUnconfirmed: perhaps said; not again, unless repetition is preferred.
func TestSayUnconfirmed(t *testing.T) {
	t.Parallel()
	lost := fmt.Errorf("%w: %w", irc.ErrUnconfirmed, errors.New("EOF"))
	w, s, d := talking(t, line("report:1", "a"))
	s.err = lost
	w.play(time.Second, d.step)
	s.err = nil
	w.play(time.Minute, d.step)
	if got := w.state("report:1"); !strings.HasPrefix(got, "unconfirmed") || len(s.said) != 0 {
		t.Errorf("%s, said %q", got, s.said)
	}
	w, s, d = talking(t, line("report:1", "a"))
	d.o.Repeat, s.err = true, lost
	w.play(time.Second, d.step)
	s.err = nil
	w.play(time.Minute, d.step)
	if got := w.state("report:1"); got != "proven" || len(s.said) != 1 {
		t.Errorf("with repetition: %s, said %q", got, s.said)
	}
	w, s, d = talking(t, line("report:1", "a"))
	d.o.Repeat, s.err = true, lost
	w.play(time.Hour, d.step)
	if got := w.state("report:1"); !strings.HasPrefix(got, "unconfirmed") {
		t.Errorf("repetition is not bounded: %s", got)
	}
}

// TestSayAfterCrash: a line that was being said may have arrived.
func TestSayAfterCrash(t *testing.T) {
	t.Parallel()
	w, s, _ := talking(t, line("report:1", "a"))
	row, err := w.store.Outbox(t.Context(), "report:1")
	w.ok(err)
	w.ok(w.store.Sending(t.Context(), row[0].ID))
	w.ok(w.store.Close())
	w.open()
	w.play(time.Minute, w.talker(s).step)
	if got := w.state("report:1"); !strings.HasPrefix(got, "unconfirmed") || len(s.said) != 0 {
		t.Errorf("%s, said %q", got, s.said)
	}
}

// TestSayRefused: the server's final word ends it.
func TestSayRefused(t *testing.T) {
	t.Parallel()
	w, s, d := talking(t, line("report:1", "a"), line("report:2", "b"))
	s.err = &irc.RefusedError{Target: "#gate", Numeric: "404", Text: "Cannot send to channel"}
	w.play(time.Minute, d.step)
	if got := w.state("report:1"); !strings.HasPrefix(got, "refused irc: line to #gate refused: 404") {
		t.Errorf("got %s", got)
	}
}

// TestSayMuted: announcements wait, or expire; answers are said.
func TestSayMuted(t *testing.T) {
	t.Parallel()
	w, s, d := talking(t, line("report:1", "a"), line("bug:1:step5", "b"), line("alarm:1", "c"), line("ask:x", "answer"))
	w.ok(w.store.Mute(t.Context(), "#gate", "op", at(30*time.Minute)))
	w.play(29*time.Minute, d.step)
	if !slices.Equal(s.said, []string{"#gate answer"}) {
		t.Errorf("said %q while muted", s.said)
	}
	w.play(2*time.Minute, d.step)
	if len(s.said) != 4 {
		t.Errorf("said %q afterwards", s.said)
	}
	w, s, d = talking(t, line("report:1", "a"))
	w.ok(w.store.Mute(t.Context(), "#gate", "op", at(24*time.Hour)))
	w.play(2*time.Hour+time.Minute, d.step)
	if got := w.state("report:1"); !strings.HasPrefix(got, "expired") || len(s.said) != 0 {
		t.Errorf("%s, said %q", got, s.said)
	}
}

// TestSayDryRun: answers only.
func TestSayDryRun(t *testing.T) {
	t.Parallel()
	w, s, d := talking(t, line("report:1", "a"), line("ask:x", "answer"))
	d.o.Mode = ModeDryRun
	w.play(time.Second, d.step)
	if got := w.state("report:1"); got != "withheld mode dry-run" || !slices.Equal(s.said, []string{"#gate answer"}) {
		t.Errorf("%s, said %q", got, s.said)
	}
}

// forgetful is a store that cannot write a proof at first.
type forgetful struct {
	OutStore
	fails int
}

func (f *forgetful) Proven(ctx context.Context, id int64, proof string) error {
	if f.fails > 0 {
		f.fails--
		return fmt.Errorf("disk full: %w", sql.ErrConnDone)
	}
	return f.OutStore.Proven(ctx, id, proof)
}

// TestSayProofIsOwed: what the server answered is not forgotten because it could
// not be written at once: the line is no guess and is not said again.
func TestSayProofIsOwed(t *testing.T) {
	t.Parallel()
	w, s, d := talking(t, line("report:1", "a"))
	d.o.Store, d.o.Repeat = &forgetful{w.store, 2}, true
	for range 2 {
		if _, err := d.step(t.Context()); err == nil {
			t.Error("the failure is not told")
		}
	}
	w.play(time.Minute, d.step)
	if got := w.state("report:1"); got != "proven" || len(s.said) != 1 {
		t.Errorf("%s, said %q", got, s.said)
	}
}

// TestSayAnswersDoNotWait: an answer goes before a flood of announcements, also
// one that is asked for in the middle of it; alarms go before other news.
func TestSayAnswersDoNotWait(t *testing.T) {
	t.Parallel()
	w, s, d := talking(t)
	for n := range 200 {
		w.say(line(fmt.Sprint("report:", n), "news"))
	}
	_, err := d.step(t.Context())
	w.ok(err)
	w.say(line("alarm:1", "alarm"), line("cmd:x", "answer"))
	_, err = d.step(t.Context())
	w.ok(err)
	if len(s.said) != 8 || s.said[4] != "#gate answer" || s.said[5] != "#gate alarm" {
		t.Errorf("said %q", s.said)
	}
}

// TestSayNotConnectedIsNoTry: waiting for a connection takes no try of a line
// that may be repeated, and only one line finds out.
func TestSayNotConnectedIsNoTry(t *testing.T) {
	t.Parallel()
	w, s, d := talking(t, line("report:1", "a"), line("report:2", "b"))
	s.err = irc.ErrNotConnected
	_, err := d.step(t.Context())
	w.ok(err)
	if out, err := w.store.Outbox(t.Context(), "report:2"); err != nil || out[0].Why != "" {
		t.Errorf("the second line was tried: %+v %v", out, err)
	}
	w.play(time.Hour, d.step)
	if out, err := w.store.Outbox(t.Context(), "report:1"); err != nil || out[0].Tries != 0 || out[0].State != store.OutReady {
		t.Errorf("%+v %v", out, err)
	}
}
