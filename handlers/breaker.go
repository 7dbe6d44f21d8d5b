package handlers

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/recheckbot/recheckbot/internal/store"
)

// AlarmBreaker is the alarm of a breaker that is open.
const AlarmBreaker = "breaker"

// The breaker's rule on fingerprints: fewer builds than few prove nothing, and a
// share is far above its past when it is so many times as high.
const (
	fewBuilds = 10
	farAbove  = 4
	// enoughPast is for how long builds must have been searched to speak of a past
	// at all: on its first days a bot sees whatever is usual for the first time.
	enoughPast = 3 * 24 * time.Hour
)

// BreakerStore keeps the breaker and counts what was said.
type BreakerStore interface {
	Breaker(ctx context.Context) (store.Breaker, error)
	Trip(ctx context.Context, why string) (opened bool, err error)
	SaidSince(ctx context.Context, medium string, since time.Time) (int, error)
	MostRecognized(ctx context.Context, since time.Time) (store.Recognized, bool, error)
}

// BreakerOptions are the bot's limits against itself; 0 is no limit.
type BreakerOptions struct {
	Store   BreakerStore
	Alarms  *Alarms
	Reviews int // in an hour
	Lines   int // announcements in an hour
	Percent int // of all builds of an hour that one fingerprint may recognize, if that is far above its past
	Logger  *slog.Logger
	Now     func() time.Time
	Next    []Wake // those that deliver
}

// lookEvery is how often the fingerprints are looked at: that reads thousands of
// builds.
const lookEvery = 15 * time.Second

// Breaker stops the bot from saying more when it says too much, or when one
// fingerprint recognizes nearly everything: then something is wrong with the
// bot, and a person has to look. All is still recorded; what waits is said when
// a person resumes, or expires. It is in the database, so that a restart does
// not close it.
type Breaker struct {
	o       BreakerOptions
	open    bool       // at the step's last look
	telling sync.Mutex // who tells how it stands reads that first: nobody tells what has changed meanwhile
}

// NewBreaker makes the breaker.
func NewBreaker(o BreakerOptions) *Breaker {
	o.Now = clock(o.Now)
	return &Breaker{o: o}
}

// Run looks at the fingerprints, and tells what a person changed, until ctx ends.
func (b *Breaker) Run(ctx context.Context) error {
	return loop{name: "breaker", every: lookEvery, log: b.o.Logger}.run(ctx, b.step)
}

func (b *Breaker) step(ctx context.Context) (bool, error) {
	state, err := b.o.Store.Breaker(ctx)
	if err == nil && !state.Open {
		err = b.fingerprints(ctx, state)
	}
	if err != nil {
		return false, fmt.Errorf("breaker: %w", err)
	}
	b.telling.Lock()
	defer b.telling.Unlock()
	if state, err = b.o.Store.Breaker(ctx); err != nil {
		return false, fmt.Errorf("breaker: %w", err)
	}
	if b.open && !state.Open {
		wakeAll(b.o.Next)
	}
	b.open = state.Open
	return false, b.tell(ctx, state)
}

// tell raises or ends the alarm; a person who resumed need not wait for calm.
func (b *Breaker) tell(ctx context.Context, state store.Breaker) error {
	return b.o.Alarms.SetNow(ctx, AlarmBreaker, state.Open, "nothing is said any more: "+state.Why+"; !resume ends it")
}

// allows reports whether something may be said in a medium now, and opens the
// breaker when the hour's limit is reached. The nil Breaker allows all.
func (b *Breaker) allows(ctx context.Context, medium string) (bool, error) {
	if b == nil {
		return true, nil
	}
	state, err := b.o.Store.Breaker(ctx)
	if err != nil || state.Open {
		return false, err
	}
	limit, what := b.o.Reviews, "reviews"
	if medium == store.MediumIRC {
		limit, what = b.o.Lines, "announcements"
	}
	if limit <= 0 {
		return true, nil
	}
	n, err := b.o.Store.SaidSince(ctx, medium, b.hour(state))
	if err != nil || n < limit {
		return err == nil, err
	}
	return false, b.trip(ctx, fmt.Sprintf("%d %s within an hour, the limit", n, what))
}

// hour is since when things count: an hour ago, or since a person resumed, if
// that was not by a clock that was ahead.
func (b *Breaker) hour(state store.Breaker) time.Time {
	now := b.o.Now()
	if state.Since.After(now) {
		return now.Add(-time.Hour)
	}
	return latest(now.Add(-time.Hour), state.Since)
}

// trip opens the breaker and says so; that a person had resumed before, if nobody
// has been told that yet.
func (b *Breaker) trip(ctx context.Context, why string) error {
	b.telling.Lock()
	defer b.telling.Unlock()
	opened, err := b.o.Store.Trip(ctx, why)
	if err != nil || !opened {
		return err
	}
	if err := b.tell(ctx, store.Breaker{}); err != nil {
		return err
	}
	return b.tell(ctx, store.Breaker{Open: true, Why: why})
}

// fingerprints looks for one that recognizes far more than ever before.
func (b *Breaker) fingerprints(ctx context.Context, state store.Breaker) error {
	if b.o.Percent <= 0 {
		return nil
	}
	r, ok, err := b.o.Store.MostRecognized(ctx, b.hour(state))
	if err != nil || !ok || r.Lately < fewBuilds || r.Lately*100 <= b.o.Percent*r.AllLately {
		return err
	}
	if b.o.Now().Sub(r.Since) < enoughPast {
		return nil // the limits of what is said in an hour stand
	}
	// Lately/AllLately against Before/BeforeTotal, without dividing by zero.
	if r.Before > 0 && r.Lately*r.BeforeTotal < farAbove*r.Before*r.AllLately {
		return nil
	}
	return b.trip(ctx, fmt.Sprintf("fingerprint %s recognized %d of the last hour's %d builds, and %d of the %d before",
		cut(oneLine(r.Fingerprint), 80), r.Lately, r.AllLately, r.Before, r.BeforeTotal))
}
