package handlers

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/recheckbot/recheckbot/gerritstream"
	"github.com/recheckbot/recheckbot/internal/ci"
	"github.com/recheckbot/recheckbot/internal/store"
)

// ears is a Gerrit whose stream brings what a test says.
type ears struct {
	clock *hand
	st    gerritstream.State
	cut   []string
	asked int
	list  []gerritstream.Comment
	mute  error
}

func (e *ears) State() gerritstream.State { return e.st }
func (e *ears) Reconnect(why string)      { e.cut = append(e.cut, why); e.connect("after " + why) }
func (e *ears) Version(context.Context) (string, error) {
	e.asked++
	return "3.9.1", e.mute
}

func (e *ears) Query(_ context.Context, q gerritstream.Query) (gerritstream.Page, error) {
	if !strings.HasPrefix(q.Text, "after:{20") || !q.Comments || q.Limit == 0 {
		return gerritstream.Page{}, fmt.Errorf("query %+v", q)
	}
	return gerritstream.Page{Changes: []gerritstream.QueriedChange{{Change: ci.Change{Number: 1}, Comments: e.list}}}, nil
}

func (e *ears) connect(session string) {
	e.st = gerritstream.State{Connected: true, Session: session, Since: e.clock.now()}
}

// written is a comment that Gerrit has from now on.
func (e *ears) written(text string) {
	e.list = append(e.list, gerritstream.Comment{Time: e.clock.now().Truncate(time.Second), Message: text})
}

// listening is a world with the watcher of a stream that is connected.
func listening(t *testing.T) (*world, *ears, *Deaf) {
	w := newWorld(t)
	e := &ears{clock: w.clock}
	e.connect("s1")
	return w, e, w.watcher(e)
}

func (w *world) watcher(e *ears) *Deaf {
	alarms := NewAlarms(AlarmsOptions{
		Store: w.store, Now: w.clock.now,
		Channels: []Channel{{Name: "#ops", Kinds: []string{KindAlarms}}, {Name: "#gate", Kinds: []string{KindRecognized}}},
	})
	return NewDeaf(DeafOptions{Gerrit: e, Store: w.store, Alarms: alarms, Offset: w.offset, Now: w.clock.now})
}

// arrives is an event that comes now, made late before.
func (w *world) arrives(e *ears, late time.Duration) {
	e.st.LastEvent = w.clock.now()
	w.offset.Observe(w.clock.now(), w.clock.now().Add(-late))
}

// alarmLines are the lines about an alarm in the outbox.
func (w *world) alarmLines(name string) (lines []string) {
	w.t.Helper()
	for n := 1; ; n++ {
		out, err := w.store.Outbox(w.t.Context(), fmt.Sprintf("alarm:%s:%d", name, n))
		w.ok(err)
		if len(out) == 0 {
			return lines
		}
		for _, o := range out {
			lines = append(lines, o.Target+" "+o.Body)
		}
	}
}

// TestDeafStream: the connection lives and brings nothing, while Gerrit has a
// comment. That is found after the floor, told once, mended, and told to be over.
func TestDeafStream(t *testing.T) {
	t.Parallel()
	w, e, d := listening(t)
	w.arrives(e, time.Second)
	w.play(time.Minute, d.step)
	e.written("Patch Set 1: Verified-1\n\nBuild failed.")
	w.play(13*time.Minute, d.step)
	if e.asked != 0 || len(e.cut) != 0 {
		t.Errorf("asked %d times before the floor", e.asked)
	}
	w.play(2*time.Minute, d.step)
	gaps, err := w.store.Gaps(t.Context())
	w.ok(err)
	if len(e.cut) != 1 || len(gaps) != 1 || !gaps[0].From.Equal(noon()) {
		t.Errorf("connected again %q, gaps %+v", e.cut, gaps)
	}
	want := "#ops ALARM: event stream deaf since 2026-03-01 12:00 UTC: connected, but it did not bring 1 comment that Gerrit has; connecting again"
	if got := w.alarmLines("deaf"); len(got) != 1 || got[0] != want {
		t.Errorf("said %q", got)
	}
	w.arrives(e, time.Second)
	w.play(3*time.Minute, d.step)
	if got := w.alarmLines("deaf"); len(got) != 2 || !strings.Contains(got[1], "over after") {
		t.Errorf("said %q", got)
	}
	if alarms, err := w.store.Alarms(t.Context()); len(alarms) != 0 || err != nil {
		t.Errorf("raised: %+v %v", alarms, err)
	}
}

// TestQuietGerrit: silence in which there was nothing to hear is no deafness;
// what comes with other events than those we asked for is nothing either.
func TestQuietGerrit(t *testing.T) {
	t.Parallel()
	w, e, d := listening(t)
	e.written("Patch Set 1: Code-Review+1")
	w.arrives(e, time.Second)
	w.clock.move(time.Minute)
	e.written("Topic set to x")
	e.written("Uploaded patch set 2.")
	e.written("Patch Set 1: Reverted\n\nThis patchset was reverted in change: I1")
	w.play(2*time.Hour, d.step)
	if e.asked < 5 || e.asked > 9 || len(e.cut) != 0 || w.alarmLines("deaf") != nil {
		t.Errorf("asked %d times, cut %q, said %q", e.asked, e.cut, w.alarmLines("deaf"))
	}
	if fresh, _, err := w.store.Cursor(t.Context(), FreshCursor); err != nil || fresh < "2026-03-01T13:3" {
		t.Errorf("fresh %s, %v: a question that finds nothing missing is as good as an event", fresh, err)
	}
}

// TestDeafWithUnknownClock: before the first event nobody knows how Gerrit's
// clock stands to ours, so that only what is newer than the last look counts.
func TestDeafWithUnknownClock(t *testing.T) {
	t.Parallel()
	w, e, d := listening(t)
	e.list = append(e.list, gerritstream.Comment{Time: at(10 * time.Minute), Message: "Patch Set 1: said before we came, by a clock that is ahead"})
	w.play(16*time.Minute, d.step)
	if e.asked != 1 || len(e.cut) != 0 {
		t.Errorf("asked %d times, cut %q", e.asked, e.cut)
	}
	e.list = append(e.list, gerritstream.Comment{Time: at(12 * time.Minute), Message: "Patch Set 1: said since"})
	w.play(16*time.Minute, d.step)
	if len(e.cut) != 1 {
		t.Errorf("asked %d times, cut %q", e.asked, e.cut)
	}
}

// TestNotConnected: an alarm after half a minute, once; a short loss is none.
func TestNotConnected(t *testing.T) {
	t.Parallel()
	w, e, d := listening(t)
	e.st = gerritstream.State{Since: w.clock.now(), LastError: "no byte and no keepalive answer for 1m0s"}
	w.play(20*time.Second, d.step)
	e.connect("s2")
	w.play(5*time.Minute, d.step)
	if got := w.alarmLines("stream"); got != nil {
		t.Errorf("said %q", got)
	}
	e.st = gerritstream.State{Since: w.clock.now(), LastError: "no byte and no keepalive answer for 1m0s"}
	w.play(10*time.Minute, d.step)
	e.connect("s3")
	w.play(2*time.Minute, d.step)
	if got := w.alarmLines("stream"); len(got) != 2 || !strings.Contains(got[0], "ALARM: event stream not connected since 2026-03-01 12:05 UTC: no byte") {
		t.Errorf("said %q", got)
	}
}

// TestLateEvents: the lag is an alarm, the difference of the clocks is none.
func TestLateEvents(t *testing.T) {
	t.Parallel()
	w, e, d := listening(t)
	come := func(minutes int, late time.Duration) {
		for range minutes {
			w.arrives(e, late)
			w.play(59*time.Second, d.step)
		}
	}
	come(10, 30*time.Minute) // Gerrit's clock is half an hour behind
	if got := w.alarmLines("late"); got != nil {
		t.Errorf("said %q", got)
	}
	come(90, 35*time.Minute) // more than an estimate of the clocks remembers
	if got := w.alarmLines("late"); len(got) != 1 || !strings.Contains(got[0], "events come 5 min after they were made") {
		t.Errorf("said %q", got)
	}
	come(10, 30*time.Minute)
	if got := w.alarmLines("late"); len(got) != 2 {
		t.Errorf("said %q", got)
	}
}

// TestGerritDoesNotAnswer: to be unable to ask is an alarm of its own, over when
// it answers, also if events come meanwhile.
func TestGerritDoesNotAnswer(t *testing.T) {
	t.Parallel()
	w, e, d := listening(t)
	e.mute = errors.New("gerrit is away")
	w.play(20*time.Minute, d.step)
	w.arrives(e, time.Second)
	w.play(2*time.Minute, d.step)
	if got := w.alarmLines("gerrit"); len(got) != 1 || !strings.Contains(got[0], "gerrit is away") {
		t.Errorf("said %q", got)
	}
	e.mute = nil
	for range 5 { // no silence any more in which it would be asked again
		w.arrives(e, time.Second)
		w.play(50*time.Second, d.step)
	}
	if got := w.alarmLines("gerrit"); len(got) != 2 || len(e.cut) != 0 {
		t.Errorf("said %q, cut %q", got, e.cut)
	}
}

// TestUsualSilence: after fourteen days the hour's own past decides.
func TestUsualSilence(t *testing.T) {
	t.Parallel()
	w, e, d := listening(t)
	for range 15 * 24 { // every hour one silence of ten minutes, at noon of forty seconds
		long := 10 * time.Minute
		if w.clock.now().Hour() == 12 {
			long = 40 * time.Second
		}
		w.ok(w.store.NoteSilence(t.Context(), w.clock.now(), w.clock.now().Add(long)))
		w.clock.move(time.Hour)
	}
	if got := d.patience(t.Context(), w.clock.now()); got != 80*time.Second {
		t.Errorf("at noon %s", got)
	}
	if got := d.patience(t.Context(), w.clock.now().Add(time.Hour)); got != 20*time.Minute {
		t.Errorf("after noon %s", got)
	}
	fresh := newWorld(t)
	if got := fresh.watcher(e).patience(t.Context(), w.clock.now()); got != 15*time.Minute {
		t.Errorf("at first %s", got)
	}
}

// TestAlarmSurvivesRestart: an alarm is said once, whatever restarts; words that
// change are kept and not said.
func TestAlarmSurvivesRestart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	set := func(wrong bool, why string) {
		t.Helper()
		a := NewAlarms(AlarmsOptions{Store: w.store, Now: w.clock.now, Channels: []Channel{{Name: "#ops", Kinds: []string{KindAlarms}}}})
		w.ok(a.SetNow(t.Context(), "x", wrong, why))
	}
	set(false, "")
	set(true, "bad")
	w.ok(w.store.Close())
	w.open()
	set(true, "bad")
	set(true, "worse")
	if alarms, err := w.store.Alarms(t.Context()); err != nil || len(alarms) != 1 || alarms[0].Why != "worse" {
		t.Errorf("%+v %v", alarms, err)
	}
	w.clock.move(12 * time.Minute)
	set(false, "")
	set(false, "")
	if got := w.alarmLines("x"); len(got) != 2 || got[0] != "#ops ALARM: bad" || got[1] != "#ops over after 12 min: worse" {
		t.Errorf("said %q", got)
	}
	if out, err := w.store.Outbox(t.Context(), "alarm:x:1"); err != nil || out[0].State != store.OutReady {
		t.Errorf("%+v %v", out, err)
	}
}
