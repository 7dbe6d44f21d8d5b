package handlers

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/recheckbot/recheckbot/internal/store"
	"github.com/recheckbot/recheckbot/internal/zuul"
)

// Zuul is what looking up needs of one CI's API.
type Zuul interface {
	Buildset(ctx context.Context, uuid string) (zuul.Buildset, error)
	Build(ctx context.Context, uuid string) (zuul.Build, error)
}

// LookupStore is what looking up needs of the store.
type LookupStore interface {
	PickLookups(ctx context.Context, now time.Time, limit int, pick func(store.Lookup) bool) ([]store.Lookup, error)
	ApplyLookup(ctx context.Context, buildset int64, l store.Looked) error
	RetryLookup(ctx context.Context, buildset int64, next time.Time, why string) error
	GiveUpLookup(ctx context.Context, buildset int64, why string) error
	DeadStore
}

// LookupOptions are what the step of looking up works with.
type LookupOptions struct {
	Store     LookupStore
	APIs      map[string]Zuul // CI name to its API; a CI without one cannot be asked
	Deadlines Deadlines
	Retry     Retry // zero: 1 s to 2 min
	Workers   int   // questions to one CI at a time; 0: 4. The client paces them besides.
	Logger    *slog.Logger
	Now       func() time.Time
	Wake      Wake
	Next      []Wake // those that search and compose
}

// Lookup asks Zuul where the logs of builds are and how they really ended.
type Lookup struct {
	o       LookupOptions
	log     *slog.Logger
	trouble *trouble
	graves  *graves
	crew    *crew
}

// NewLookup makes the step.
func NewLookup(o LookupOptions) *Lookup {
	o.Deadlines, o.Now = o.Deadlines.withDefaults(), clock(o.Now)
	o.Workers = cmp.Or(o.Workers, 4)
	o.Retry = cmp.Or(o.Retry, Retry{First: time.Second, Most: 2 * time.Minute})
	return &Lookup{o: o, log: logger(o.Logger), trouble: newTrouble(o.Logger),
		graves: newGraves(store.StepLookup, o.Store, o.Logger, o.Now),
		crew:   newCrew(o.Workers*(len(o.APIs)+1), o.Workers)}
}

// Run looks up until ctx ends; then it waits for the questions that are open,
// which end with ctx.
func (l *Lookup) Run(ctx context.Context) error {
	if l.o.Wake == nil {
		l.o.Wake = NewWake()
	}
	var wg sync.WaitGroup
	defer wg.Wait()
	return loop{name: "lookup", wake: l.o.Wake, every: time.Second, log: l.log}.run(ctx, func(ctx context.Context) (bool, error) {
		return false, l.step(ctx, &wg)
	})
}

// step asks the questions that are due, as far as workers are free. Those to a CI
// that others have just found out of reach are put off without asking it again.
func (l *Lookup) step(ctx context.Context, wg *sync.WaitGroup) error {
	if l.crew.full() {
		return nil
	}
	now := l.o.Now()
	var mine []int64
	var down []store.Lookup
	var whys []error
	offered := 0
	l.crew.look()
	due, err := l.o.Store.PickLookups(ctx, now, l.crew.all, func(d store.Lookup) bool {
		offered++
		if err := l.crew.down(d.Buildset, d.CI, now); err != nil && len(down) < maxTold {
			down, whys = append(down, d), append(whys, err)
			return false
		}
		taken := !l.graves.waits(d.Buildset) && l.crew.take(d.Buildset, d.CI, now)
		if taken {
			mine = append(mine, d.Buildset)
		}
		return taken
	})
	if err != nil {
		for _, id := range mine {
			l.crew.free(id)
		}
		return fmt.Errorf("lookup: due: %w", err)
	}
	l.trouble.note("look-ups that are due", tooMany(offered))
	for _, d := range due {
		wg.Go(func() { l.work(ctx, d) })
	}
	var errs []error
	for i, d := range down {
		errs = append(errs, l.conclude(ctx, d, store.Looked{}, whys[i]))
	}
	return errors.Join(errs...)
}

// work is what a worker does with one question.
func (l *Lookup) work(ctx context.Context, d store.Lookup) {
	err := l.graves.try(ctx, d.Buildset, func(ctx context.Context) error { return l.one(ctx, d) })
	l.trouble.note(fmt.Sprintf("buildset %d", d.Buildset), err)
	rest(ctx, err)
	l.crew.free(d.Buildset)
	l.o.Wake.Now()
}

// one asks about one buildset and writes what came of it.
func (l *Lookup) one(ctx context.Context, d store.Lookup) error {
	api, ok := l.o.APIs[d.CI]
	if !ok || api == nil {
		return l.giveUp(ctx, d, fmt.Sprintf("no API of CI %q is configured", d.CI))
	}
	looked, err := ask(ctx, api, d)
	if ctx.Err() != nil {
		return nil
	}
	l.trouble.note("lookup at "+d.CI, realTrouble(err))
	l.crew.note(d.Buildset, d.CI, realTrouble(err), restAsked(err), l.o.Now())
	return l.conclude(ctx, d, looked, err)
}

// conclude writes an answer, or when to ask again, or that nobody will.
func (l *Lookup) conclude(ctx context.Context, d store.Lookup, looked store.Looked, err error) error {
	now := l.o.Now()
	if err != nil {
		looked.Complete, looked.Why = false, err.Error()
	}
	if err == nil || len(looked.Builds) > 0 { // what is known waits for nothing
		failed := l.o.Store.ApplyLookup(ctx, d.Buildset, looked)
		wakeAll(l.o.Next)
		if failed != nil || looked.Complete {
			return ignoreState(failed)
		}
	}
	if l.o.Deadlines.outageOver(d.Own, d.FirstSeen, now, d.Tries+1) {
		return l.giveUp(ctx, d, looked.Why)
	}
	wait := min(max(restAsked(err), l.o.Retry.After(d.Tries+1)), maxAgain)
	return ignoreState(l.o.Store.RetryLookup(ctx, d.Buildset, now.Add(wait), looked.Why))
}

// giveUp ends the questions about a buildset.
func (l *Lookup) giveUp(ctx context.Context, d store.Lookup, why string) error {
	l.log.Warn("lookup given up", "ci", d.CI, "buildset", d.UUID, "tries", d.Tries+1, "why", why)
	err := l.o.Store.GiveUpLookup(ctx, d.Buildset, why)
	wakeAll(l.o.Next)
	return ignoreState(err)
}

// realTrouble is err unless it only says that Zuul does not know yet.
func realTrouble(err error) error {
	if _, unknown := errors.AsType[*zuul.NotFoundError](err); unknown {
		return nil
	}
	return err
}

// ignoreState drops the error of a row that was decided on meanwhile.
func ignoreState(err error) error {
	if errors.Is(err, store.ErrState) {
		return nil
	}
	return err
}

// ask asks for the buildset, and for each build that waits and is not in it.
// Where the comment named builds only, one of them names the buildset; while
// none is known the answer is not complete. What Zuul does not know (yet) keeps
// nothing else from being asked for, nor does what could not be asked for from
// being told.
func ask(ctx context.Context, api Zuul, d store.Lookup) (store.Looked, error) {
	q := question{api: api, looked: store.Looked{Complete: true}, known: map[string]bool{}, sets: map[string]bool{}}
	if err := q.buildset(ctx, d.UUID); err != nil {
		return q.looked, err
	}
	for _, waiting := range []bool{true, false} {
		for _, w := range d.Builds {
			if w.UUID == "" || q.known[w.UUID] || w.Waiting != waiting || !waiting && len(q.sets) > 0 {
				continue
			}
			if err := q.build(ctx, w.UUID); err != nil {
				return q.looked, err
			}
		}
	}
	if q.looked.Complete && len(q.sets) == 0 {
		q.looked.Complete, q.looked.Why = false, "the API tells no buildset of these builds"
	}
	return q.looked, nil
}

// question is one look-up on its way.
type question struct {
	api    Zuul
	looked store.Looked
	known  map[string]bool // builds that were told
	sets   map[string]bool // buildsets that were asked for
}

// buildset takes in all builds of a buildset, once.
func (q *question) buildset(ctx context.Context, uuid string) error {
	if uuid == "" || q.sets[uuid] {
		return nil
	}
	q.sets[uuid] = true
	set, err := q.api.Buildset(ctx, uuid)
	if err != nil && realTrouble(err) == nil {
		q.looked.Complete, q.looked.Why = false, err.Error()
		return nil
	}
	q.looked.Pipeline = cmp.Or(q.looked.Pipeline, set.Pipeline)
	for _, b := range set.Builds {
		q.known[b.UUID] = true
		add(&q.looked, b)
	}
	return err
}

// build takes in one build and its buildset.
func (q *question) build(ctx context.Context, uuid string) error {
	b, err := q.api.Build(ctx, uuid)
	if err != nil && realTrouble(err) == nil {
		q.looked.Complete, q.looked.Why = false, err.Error()
		return nil
	}
	if err != nil {
		return err
	}
	if err := q.buildset(ctx, b.Buildset); err != nil {
		return err
	}
	if !q.known[b.UUID] {
		add(&q.looked, b)
	}
	return nil
}

// add takes a build into the answer; one without a result keeps the question
// open, for the report tells of builds that have ended. A try that the CI itself
// gave up may never get one.
func add(looked *store.Looked, b zuul.Build) {
	if b.Result == "" && !b.Final {
		return
	}
	if b.Result == "" {
		looked.Complete, looked.Why = false, fmt.Sprintf("build %s has no result yet", b.UUID)
		return
	}
	looked.Builds = append(looked.Builds, lookedBuild(b))
}

// lookedBuild is a build as the store takes it.
func lookedBuild(b zuul.Build) store.LookedBuild {
	return store.LookedBuild{
		UUID: b.UUID, Job: b.Job, Result: b.Result, LogURL: b.LogURL, URL: b.URL,
		Voting: b.Voting, Final: b.Final, Start: b.Start, End: b.End, Duration: b.Duration,
	}
}
