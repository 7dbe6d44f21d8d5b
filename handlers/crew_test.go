package handlers

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/recheckbot/recheckbot/internal/joblog"
	"github.com/recheckbot/recheckbot/internal/logsearch"
	"github.com/recheckbot/recheckbot/internal/store"
	"github.com/recheckbot/recheckbot/internal/zuul"
)

// TestCrew: no place has all workers, one in trouble has one, one that rests
// none; nobody has an item twice.
func TestCrew(t *testing.T) {
	t.Parallel()
	c := newCrew(4, 3)
	got := func(place string, ids ...int64) (n int) {
		for _, id := range ids {
			if c.take(id, place, noon()) {
				n++
			}
		}
		return n
	}
	if n := got("a", 1, 1, 2, 3, 4); n != 3 {
		t.Errorf("a has %d workers", n)
	}
	if n := got("b", 5, 6); n != 1 || !c.full() {
		t.Errorf("b has %d workers", n)
	}
	c.free(1)
	c.free(1)
	if n := got("a", 1); n != 0 {
		t.Error("an item was had twice in one look")
	}
	c.look()
	c.note(1, "a", errors.New("down"), 0, noon())
	if n := got("a", 7); n != 0 {
		t.Error("a in trouble has two workers")
	}
	c.free(2)
	c.free(3)
	if n := got("a", 7, 8); n != 1 {
		t.Errorf("a in trouble has %d workers", n)
	}
	c.note(1, "a", errors.New("down"), time.Minute, noon())
	c.free(7)
	if n := got("a", 9); n != 0 || c.take(10, "a", at(time.Minute-1)) {
		t.Error("a that rests was asked")
	}
	if !c.take(9, "a", at(time.Minute)) {
		t.Error("a rests for ever")
	}
	c.note(1, "a", nil, 0, noon())
	if n := got("a", 11, 12, 13); n != 2 {
		t.Errorf("a that is well again has %d workers more", n)
	}
}

// TestHungHostDelaysNoOther: many builds whose log host hangs; those of another
// are classified all the same, though they came last.
func TestHungHostDelaysNoOther(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hang := make(chan struct{})
	defer close(hang)
	e := &engine{block: map[string]chan struct{}{}}
	text := "Build failed (gate pipeline).\n\n"
	for i := range 20 {
		job := fmt.Sprintf("slow%d", i)
		e.block[job] = hang
		text += fmt.Sprintf("- %s https://hung.example.org/%s/abcdef0/ : FAILURE in 5m 00s\n", job, job)
	}
	w.hear(w.comment("zuul", text+"- well https://logs.example.org/well/abcdef0/ : FAILURE in 5m 00s\n"))
	c := w.classifier(e)
	c.crew = newCrew(4, 3)
	c.o.Workers, c.o.Wake = 4, NewWake()
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	wg.Go(func() { w.ok(c.Run(ctx)) })
	wait(t, func() bool {
		all, err := w.store.DueBuilds(t.Context(), w.clock.now(), 100)
		w.ok(err)
		return len(all) == 20
	})
}

// TestRestThatAHostAskedFor: Retry-After is heeded, within the bound, by all
// builds of the host.
func TestRestThatAHostAskedFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.hear(w.comment("zuul", failure("one", "two")))
	busy := fmt.Errorf("scan: %w", &joblog.OutageError{Status: 429, RetryAfter: 4 * time.Minute, Why: "answered 429"})
	e := &engine{outage: map[string]error{"one": busy, "two": busy}}
	c := w.classifier(e)
	c.crew = newCrew(2, 1)
	for range 7 {
		w.classify(c)
		w.clock.move(30 * time.Second)
	}
	if e.times() != 1 {
		t.Errorf("asked %d times within 210 s", e.times())
	}
	w.clock.move(time.Minute)
	if w.classify(c); e.times() != 2 {
		t.Errorf("asked %d times after the rest", e.times())
	}
}

// TestIncompleteBacksOff: logs with a part missing are read again ever later, and
// not at all where that cannot bring more.
func TestIncompleteBacksOff(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.hear(w.comment("zuul", failure("cut", "huge")))
	e := &engine{answer: map[string]logsearch.Answer{
		"cut":  {Status: logsearch.Incomplete, RetryAfter: 30 * time.Second},
		"huge": {Status: logsearch.Incomplete, Why: "over 1 GiB"},
	}}
	c := w.classifier(e)
	var at []time.Duration
	for last := 0; w.clock.now().Before(noon().Add(time.Hour)); w.clock.move(5 * time.Second) {
		w.classify(c)
		if n := e.times(); n != last {
			at, last = append(at, w.clock.now().Sub(noon())), n
		}
	}
	if len(at) != 5 || at[4] < 7*time.Minute || at[4] > 20*time.Minute || e.times() != 6 {
		t.Errorf("tried at %v, %d times", at, e.times())
	}
	if s := w.states(w.reports()[0]); s["cut"] != store.BuildIncomplete || s["huge"] != store.BuildIncomplete {
		t.Error(s)
	}
}

// TestHungCIDelaysNoOther: one Zuul that never answers keeps nobody from asking
// another.
func TestHungCIDelaysNoOther(t *testing.T) {
	t.Parallel()
	asked := make(chan string, 100)
	l := NewLookup(LookupOptions{Store: lookups{}, APIs: map[string]Zuul{"hung": hungAPI{asked}, "well": hungAPI{asked}}, Now: (&hand{t: noon()}).now})
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	if err := l.step(ctx, &wg); err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	for range 5 {
		seen[<-asked]++
	}
	if seen[uuid(99)] != 1 || seen[uuid(1)] != 4 {
		t.Errorf("asked %v", seen)
	}
}

// lookups is a store with 20 questions to one CI and a later one to another.
type lookups struct{ LookupStore }

func (lookups) PickLookups(_ context.Context, _ time.Time, limit int, pick func(store.Lookup) bool) (out []store.Lookup, err error) {
	for i := range int64(21) {
		d := store.Lookup{Buildset: i, CI: "hung", UUID: uuid(1)}
		if i == 20 {
			d.CI, d.UUID = "well", uuid(99)
		}
		if len(out) < limit && pick(d) {
			out = append(out, d)
		}
	}
	return out, nil
}

// hungAPI never answers.
type hungAPI struct{ asked chan<- string }

func (h hungAPI) Buildset(ctx context.Context, uuid string) (zuul.Buildset, error) {
	h.asked <- uuid
	<-ctx.Done()
	return zuul.Buildset{}, ctx.Err()
}

func (h hungAPI) Build(ctx context.Context, uuid string) (zuul.Build, error) {
	return zuul.Build{}, errors.ErrUnsupported
}

// TestLookupOfSuccessesOnly: a cut comment that names no buildset and whose
// failures lie behind the cut is completed through any build that it names.
func TestLookupOfSuccessesOnly(t *testing.T) {
	t.Parallel()
	a := found()
	looked, err := ask(t.Context(), a, store.Lookup{Builds: []store.LookupBuild{{UUID: uuid(3)}}})
	if err != nil || !looked.Complete || len(looked.Builds) != 2 {
		t.Errorf("%+v, %v, asked %v", looked, err, a.asked)
	}
}

// TestLookupOfABuildsetThatZuulDoesNotKnow: its builds may be known.
func TestLookupOfABuildsetThatZuulDoesNotKnow(t *testing.T) {
	t.Parallel()
	a := found()
	a.sets = nil
	looked, err := ask(t.Context(), a, store.Lookup{UUID: uuid(1), Builds: []store.LookupBuild{{UUID: uuid(2), Waiting: true}, {UUID: uuid(3)}}})
	if err != nil || looked.Complete || looked.Why == "" || len(looked.Builds) != 1 || len(a.asked) != 2 {
		t.Errorf("%+v, %v, asked %v", looked, err, a.asked)
	}
}

// TestDownForAll: what two items found out holds for all for a moment; one alone
// may be to blame itself.
func TestDownForAll(t *testing.T) {
	t.Parallel()
	c := newCrew(4, 3)
	gone := errors.New("gone")
	c.note(1, "a", gone, 0, noon())
	c.note(1, "a", gone, 0, noon())
	if c.down(2, "a", noon()) != nil {
		t.Error("one item's trouble is everybody's")
	}
	c.note(2, "a", gone, 0, noon())
	if c.down(3, "a", at(downFor)) != gone || c.down(3, "a", at(downFor+1)) != nil || c.down(3, "b", noon()) != nil {
		t.Error("down at the wrong time or place")
	}
	c.note(3, "a", nil, 0, noon())
	if c.down(4, "a", noon()) != nil {
		t.Error("down for ever")
	}
}

// TestOutageOfManyEndsInTime: of hundreds of builds on a host that is out of
// reach each is unknown soon after the outage deadline, and the host is asked
// for few of them.
func TestOutageOfManyEndsInTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	outage := map[string]error{}
	text := "Build failed (gate pipeline).\n\n"
	for i := range 120 {
		job := fmt.Sprintf("job%d", i)
		outage[job] = errors.New("connection refused")
		text += fmt.Sprintf("- %s https://down.example.org/%s/abcdef0/ : FAILURE in 5m 00s\n", job, job)
	}
	w.hear(w.comment("zuul", text))
	e := &engine{outage: outage}
	c := w.classifier(e)
	c.o.Retry = Retry{First: 2 * time.Second, Most: 5 * time.Minute}
	for w.clock.now().Before(at(2*time.Hour + 10*time.Minute)) {
		w.classify(c)
		w.clock.move(25 * time.Second)
	}
	if ids := w.reports(); len(ids) != 1 {
		left, err := w.store.DueBuilds(t.Context(), at(9*time.Hour), 1000)
		w.ok(err)
		t.Errorf("%d builds are open 10 minutes after the deadline", len(left))
	}
	if n := e.times(); n > 500 {
		t.Errorf("the host was asked %d times", n)
	}
}

// TestOneUnknownBuildDelaysNoOther: a build that Zuul cannot tell of keeps those
// that it does from being searched no more than one that could not be asked for.
func TestOneUnknownBuildDelaysNoOther(t *testing.T) {
	t.Parallel()
	for name, cause := range map[string]error{"not known": nil, "outage": errors.New("connection refused")} {
		w, a := newWorld(t), &halfAPI{api: found(), err: cause}
		w.hear(w.comment("zuul", zuulFailure()+"- other https://zuul.example.org/t/x/build/"+uuid(77)+" : FAILURE in 5m 00s\n"))
		l := w.lookup(a)
		w.look(l)
		if due := w.due(); len(due) != 1 || due[0].Job != "tempest-full" {
			t.Errorf("%s: %+v", name, due)
		}
		for range 200 {
			w.clock.move(time.Minute)
			w.look(l)
		}
		v := w.report(1)
		if s := v.Builds[2].State; s != store.BuildUnknown {
			t.Errorf("%s: %s", name, s)
		}
	}
}

// halfAPI knows buildsets, and of builds nothing, or not even that.
type halfAPI struct {
	*api
	err error
}

func (h *halfAPI) Build(_ context.Context, uuid string) (zuul.Build, error) {
	if h.err != nil {
		return zuul.Build{}, h.err
	}
	return zuul.Build{}, &zuul.NotFoundError{What: "build", UUID: uuid}
}

// TestTooManyDue: a queue that is longer than what is looked at is said aloud.
func TestTooManyDue(t *testing.T) {
	t.Parallel()
	if tooMany(store.MaxOffered-1) != nil || tooMany(store.MaxOffered) == nil {
		t.Error("the bound is not told, or always")
	}
}
