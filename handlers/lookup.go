package handlers

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"golang.org/x/sync/errgroup"

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
	DueLookups(ctx context.Context, now time.Time, limit int) ([]store.Lookup, error)
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
	Workers   int   // questions at a time; 0: 4. The client paces them besides.
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
}

// NewLookup makes the step.
func NewLookup(o LookupOptions) *Lookup {
	o.Deadlines, o.Now = o.Deadlines.withDefaults(), clock(o.Now)
	o.Workers = cmp.Or(o.Workers, 4)
	o.Retry = cmp.Or(o.Retry, Retry{First: time.Second, Most: 2 * time.Minute})
	return &Lookup{o: o, log: logger(o.Logger), trouble: newTrouble(o.Logger),
		graves: newGraves(store.StepLookup, o.Store, o.Logger, o.Now)}
}

// lookupBatch is how many questions are taken before the step looks again.
const lookupBatch = 64

// Run looks up until ctx ends.
func (l *Lookup) Run(ctx context.Context) error {
	return loop{name: "lookup", wake: l.o.Wake, every: time.Second, log: l.log}.run(ctx, l.step)
}

// step asks all questions that are due.
func (l *Lookup) step(ctx context.Context) (bool, error) {
	limit := lookupBatch + l.graves.waiting()
	due, err := l.o.Store.DueLookups(ctx, l.o.Now(), limit)
	if err != nil {
		return false, fmt.Errorf("lookup: due: %w", err)
	}
	var group errgroup.Group
	group.SetLimit(l.o.Workers)
	for _, d := range due {
		group.Go(func() error {
			return l.graves.try(ctx, d.Buildset, func(ctx context.Context) error { return l.one(ctx, d) })
		})
	}
	return len(due) == limit, group.Wait()
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
	now := l.o.Now()
	if err == nil {
		failed := l.o.Store.ApplyLookup(ctx, d.Buildset, looked)
		wakeAll(l.o.Next)
		if failed != nil || looked.Complete {
			return ignoreState(failed)
		}
		err = errors.New(looked.Why) // the question stays open
	}
	if l.o.Deadlines.outageOver(d.Own, d.FirstSeen, now, d.Tries+1) {
		return l.giveUp(ctx, d, err.Error())
	}
	return ignoreState(l.o.Store.RetryLookup(ctx, d.Buildset, now.Add(l.o.Retry.After(d.Tries+1)), err.Error()))
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
// Where the comment named builds only, the first of them names the buildset.
func ask(ctx context.Context, api Zuul, d store.Lookup) (store.Looked, error) {
	looked := store.Looked{Complete: true}
	known := map[string]bool{}
	asked := map[string]bool{}
	take := func(uuid string) error {
		if uuid == "" || asked[uuid] {
			return nil
		}
		asked[uuid] = true
		set, err := api.Buildset(ctx, uuid)
		looked.Pipeline = cmp.Or(looked.Pipeline, set.Pipeline)
		for _, b := range set.Builds {
			known[b.UUID] = true
			add(&looked, b)
		}
		return err
	}
	if err := take(d.UUID); err != nil {
		return looked, err
	}
	for _, w := range d.Builds {
		if w.UUID == "" || known[w.UUID] || !w.Waiting {
			continue
		}
		b, err := api.Build(ctx, w.UUID)
		if err != nil {
			return looked, err
		}
		if err := take(b.Buildset); err != nil {
			return looked, err
		}
		if !known[b.UUID] {
			add(&looked, b)
		}
	}
	return looked, nil
}

// add takes a build into the answer; one without a result keeps the question
// open, for the report tells of builds that have ended.
func add(looked *store.Looked, b zuul.Build) {
	if b.Result == "" {
		looked.Complete, looked.Why = false, fmt.Sprintf("build %s has no result yet", b.UUID)
		return
	}
	looked.Builds = append(looked.Builds, store.LookedBuild{
		UUID: b.UUID, Job: b.Job, Result: b.Result, LogURL: b.LogURL, URL: b.URL,
		Voting: b.Voting, Final: b.Final, Start: b.Start, End: b.End, Duration: b.Duration,
	})
}
