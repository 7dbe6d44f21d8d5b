package handlers

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/recheckbot/recheckbot/internal/irc"
	"github.com/recheckbot/recheckbot/internal/logsearch"
	"github.com/recheckbot/recheckbot/internal/store"
)

func (w *world) breaker(o BreakerOptions) *Breaker {
	o.Store, o.Now = w.store, w.clock.now
	o.Alarms = NewAlarms(AlarmsOptions{Store: w.store, Now: w.clock.now, Channels: []Channel{{Name: "#ops", Kinds: []string{KindAlarms}}}})
	return NewBreaker(o)
}

// resume closes the breaker in a person's name.
func (w *world) resume(drop bool) (dropped int) {
	w.t.Helper()
	dropped, err := w.store.Resume(w.t.Context(), store.By{Who: "op", Via: "irc", Why: "looked"}, drop)
	w.ok(err)
	return dropped
}

func (w *world) reviews(n int) {
	w.t.Helper()
	for i := range n {
		ref := fmt.Sprintf("rb-%012x", i)
		w.say(store.Outgoing{Medium: store.MediumGerrit, Target: "12345,2", Cause: fmt.Sprint("report:", 100+i), Body: "x\n\n(" + ref + ")",
			Ref: ref, Own: noon(), NotAfter: at(6 * time.Hour)})
	}
}

// TestBreakerReviews: at the hour's limit no more reviews are posted, told once,
// over restarts, until a person resumes; nothing is lost by it.
func TestBreakerReviews(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.reviews(12)
	r := &reviews{clock: w.clock}
	deliver := func(d time.Duration) {
		t.Helper()
		b := w.breaker(BreakerOptions{Reviews: 5})
		step := w.deliverer(r)
		step.o.Breaker = b
		_, err := b.step(t.Context())
		w.ok(err)
		w.play(d, step.step)
		_, err = b.step(t.Context())
		w.ok(err)
	}
	deliver(10 * time.Minute)
	if len(r.posted) != 5 {
		t.Fatalf("%d posted, the limit is 5", len(r.posted))
	}
	w.ok(w.store.Close())
	w.open()
	deliver(2 * time.Hour) // a restart, and the hour has passed
	if got := w.alarmLines("breaker"); len(r.posted) != 5 || len(got) != 1 ||
		got[0] != "#ops ALARM: nothing is said any more: 5 reviews within an hour, the limit; !resume ends it" {
		t.Errorf("%d posted, said %q", len(r.posted), got)
	}
	if st := w.state("report:111"); st != "ready" {
		t.Errorf("what waits is %s", st)
	}
	w.resume(false)
	deliver(10 * time.Minute)
	if len(r.posted) != 10 {
		t.Errorf("%d posted after a person resumed: the count begins anew", len(r.posted))
	}
	if got := w.resume(true); got != 2 {
		t.Errorf("%d dropped", got)
	}
	deliver(10 * time.Minute)
	if st := w.state("report:111"); len(r.posted) != 10 || !strings.HasPrefix(st, "withheld dropped by a person") {
		t.Errorf("%d posted, the last is %s", len(r.posted), st)
	}
	if got := w.alarmLines("breaker"); len(got) != 4 || !strings.HasPrefix(got[3], "#ops over after") {
		t.Errorf("said %q", got)
	}
}

// TestBreakerOpensAgain: one that opens again before its step has seen that a person
// resumed tells both, each once.
func TestBreakerOpensAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.reviews(3)
	r := &reviews{clock: w.clock}
	b := w.breaker(BreakerOptions{Reviews: 1})
	step := w.deliverer(r)
	step.o.Breaker = b
	w.play(time.Minute, step.step)
	w.resume(false)
	w.play(time.Minute, step.step)
	for range 2 {
		_, err := b.step(t.Context())
		w.ok(err)
	}
	got := w.alarmLines("breaker")
	if len(r.posted) != 2 || len(got) != 3 || !strings.HasPrefix(got[0], "#ops ALARM") ||
		!strings.HasPrefix(got[1], "#ops over after") || !strings.HasPrefix(got[2], "#ops ALARM") {
		t.Errorf("%d posted, said %q", len(r.posted), got)
	}
}

// TestBreakerLines: announcements stop, answers and alarms do not.
func TestBreakerLines(t *testing.T) {
	t.Parallel()
	w, s, d := talking(t)
	for n := range 9 {
		w.say(line(fmt.Sprint("report:", n), "news"))
	}
	d.o.Breaker = w.breaker(BreakerOptions{Lines: 6})
	w.play(20*time.Second, d.step)
	w.say(line("cmd:1", "answer"), line("bug:1:step5", "more news"))
	w.play(20*time.Second, d.step)
	news := slices.DeleteFunc(slices.Clone(s.said), func(l string) bool { return l != "#gate news" })
	if len(news) != 6 || !slices.Contains(s.said, "#gate answer") || slices.Contains(s.said, "#gate more news") || len(s.said) != 8 ||
		!strings.Contains(strings.Join(s.said, "\n"), "#ops ALARM: nothing is said any more: 6 announcements within an hour") {
		t.Errorf("said %q", s.said)
	}
	if more, err := d.step(t.Context()); more || err != nil {
		t.Errorf("what is held back makes it run in circles: %v %v", more, err)
	}
}

// TestBreakerFingerprint: one that suddenly recognizes nearly everything opens
// it; one that always did so, and few builds, do not, nor the first days, of which
// there is no past yet.
func TestBreakerFingerprint(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		before, lately int // builds that it recognizes of 20
		builds         int // lately
		past           time.Duration
		trips          bool
	}{
		"suddenly":      {1, 20, 20, enoughPast, true},
		"new":           {0, 12, 20, enoughPast, true},
		"as ever":       {18, 20, 20, enoughPast, false},
		"few builds":    {0, 9, 9, enoughPast, false},
		"seldom":        {0, 5, 20, enoughPast, false},
		"on a 1st day":  {0, 20, 20, 2 * time.Hour, false},
		"on a 3rd day":  {1, 20, 20, enoughPast - time.Minute, false},
		"a year's past": {1, 20, 20, 365 * 24 * time.Hour, true},
	} {
		w := newWorld(t)
		w.recognize("a", 20, c.before)
		w.clock.move(c.past)
		w.recognize("b", c.builds, c.lately)
		b := w.breaker(BreakerOptions{Percent: 30})
		_, err := b.step(t.Context())
		w.ok(err)
		state, err := w.store.Breaker(t.Context())
		w.ok(err)
		if state.Open != c.trips || c.trips && !strings.Contains(state.Why, "fingerprint 1234567 recognized") {
			t.Errorf("%s: %+v", name, state)
		}
		if !c.trips {
			continue
		}
		w.resume(false)
		w.clock.move(time.Second)
		_, err = b.step(t.Context())
		w.ok(err)
		if state, err := w.store.Breaker(t.Context()); err != nil || state.Open {
			t.Errorf("%s: open again at once after a person resumed", name)
		}
	}
}

// recognize brings a report of so many failed jobs, some of them recognized.
func (w *world) recognize(prefix string, builds, recognized int) {
	w.t.Helper()
	e := &engine{answer: map[string]logsearch.Answer{}}
	var jobs []string
	for i := range builds {
		jobs = append(jobs, fmt.Sprintf("%s%d", prefix, i))
		if i < recognized {
			e.answer[jobs[i]] = match(0)
		}
	}
	w.hear(w.comment("zuul", strings.ReplaceAll(failure(jobs...), "abc0", "ab"+prefix+"0")))
	c := NewClassify(ClassifyOptions{Store: w.store, Sets: w.sets(e), Now: w.clock.now, Workers: 50})
	for range 5 {
		w.classify(c)
	}
}

// TestResumeCommand: operators of a channel only, in the channel; who and why is
// kept.
func TestResumeCommand(t *testing.T) {
	t.Parallel()
	w := newAsked(t, nil)
	w.commands.o.Resume = w.store
	op := irc.Command{Nick: "op", Host: "h", Target: "#ci", Text: "resume", Operator: true}
	if got := w.ask("resume"); len(got) != 1 || !strings.Contains(got[0], "Only operators") {
		t.Errorf("a person: %q", got)
	}
	if got := w.askAs(op); !strings.Contains(got[0], "was not stopped") {
		t.Errorf("not stopped: %q", got)
	}
	if _, err := w.store.Trip(t.Context(), "too many"); err != nil {
		t.Fatal(err)
	}
	op.Text = "resume everything"
	if got := w.askAs(op); !strings.Contains(got[0], "Say !resume") {
		t.Errorf("nonsense: %q", got)
	}
	if got := w.ask("status"); !strings.Contains(got[0], "SAYING NOTHING since") || !strings.Contains(got[0], "too many") {
		t.Errorf("status: %q", got)
	}
	op.Text = "resume drop"
	if got := w.askAs(op); got[0] != "op: Speaking again." {
		t.Errorf("resumed: %q", got)
	}
	if state, err := w.store.Breaker(t.Context()); err != nil || state.Open {
		t.Errorf("%+v %v", state, err)
	}
}

// TestBreakerAfterTheClockWasSetBack: a resumption that lies in the future does not
// switch the limit off until it comes.
func TestBreakerAfterTheClockWasSetBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.breaker(BreakerOptions{Reviews: 1})
	w.clock.move(24 * time.Hour)
	_, err := w.store.Trip(t.Context(), "a limit")
	w.ok(err)
	w.resume(false)
	w.clock.move(-24 * time.Hour)
	w.reviews(1)
	due, err := w.store.DueOut(t.Context(), store.MediumGerrit, w.clock.now(), 1)
	w.ok(err)
	w.ok(w.store.Sending(t.Context(), due[0].ID))
	if allowed, err := b.allows(t.Context(), store.MediumGerrit); allowed || err != nil {
		t.Errorf("allowed %t, %v", allowed, err)
	}
}
