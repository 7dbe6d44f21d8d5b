package handlers

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/recheckbot/recheckbot/internal/store"
	"github.com/recheckbot/recheckbot/internal/zuul"
)

// Failures tells the newest builds that failed in a CI, also those of buildsets
// that still run. Same is true, and builds empty, when nothing changed since it
// was asked last.
type Failures interface {
	Failures(ctx context.Context, limit int) (builds []zuul.Build, same bool, err error)
}

// EarlyStore is what knowing builds before their comments needs of the store.
type EarlyStore interface {
	NoteEarly(ctx context.Context, ci string, builds []store.EarlyBuild) (int, error)
}

// EarlyOptions are what the step of looking early works with.
type EarlyOptions struct {
	Store  EarlyStore
	APIs   map[string]Failures // CI name to its API
	Every  time.Duration       // how often each is asked while there is news, ever less without; 0: 30 s
	Limit  int                 // builds of one answer; 0: 200
	Logger *slog.Logger
	Now    func() time.Time
	Next   []Wake // those that search
}

// Early finds builds that have failed while their buildset still runs, so that
// the answer is ready when the CI reports. It is an extra: what it misses comes
// with the comment.
type Early struct {
	o   EarlyOptions
	log *slog.Logger
}

// NewEarly makes the step.
func NewEarly(o EarlyOptions) *Early {
	o.Every, o.Limit, o.Now = cmp.Or(o.Every, 30*time.Second), cmp.Or(o.Limit, 200), clock(o.Now)
	return &Early{o: o, log: logger(o.Logger)}
}

// Run asks each CI in turn until ctx ends; none waits for another.
func (e *Early) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	for name, api := range e.o.APIs {
		p := &poll{ci: name, api: api}
		wg.Go(func() {
			// It ends with ctx alone, without an error.
			_ = loop{name: "early " + name, every: e.o.Every, log: e.log}.run(ctx, func(ctx context.Context) (bool, error) {
				return false, e.step(ctx, p)
			})
		})
	}
	wg.Wait()
	<-ctx.Done()
	return nil
}

// poll is one CI that is asked again and again.
type poll struct {
	ci    string
	api   Failures
	quiet int                // answers in a row without news
	owed  []store.EarlyBuild // that could not be stored; an equal answer does not bring them again
	full  bool               // the last answer that was news had no room for more
	next  time.Time          // not before
	err   error              // of the last try
}

// maxQuiet bounds how many rounds are left out where nothing happens.
const maxQuiet = 4

// earlyAge is how long ago a build may have ended to be looked at early: older
// ones were missed, or reported long since.
const earlyAge = time.Hour

// step asks one CI once, unless it is not yet time or asked us to stay away.
func (e *Early) step(ctx context.Context, p *poll) error {
	now := e.o.Now()
	if now.Before(p.next) {
		return p.err
	}
	builds, same, err := p.api.Failures(ctx, e.o.Limit)
	if p.err = err; err != nil {
		p.next = now.Add(max(restAsked(err), e.o.Every))
		p.err = fmt.Errorf("early: %s: %w", p.ci, err)
		return p.err
	}
	fresh := earlyBuilds(builds, now)
	p.owed = append(p.owed[:min(len(p.owed), e.o.Limit)], fresh...)
	n, err := e.o.Store.NoteEarly(ctx, p.ci, p.owed)
	if err != nil {
		return fmt.Errorf("early: %s: %w", p.ci, err)
	}
	p.owed = nil
	if p.quiet++; n > 0 {
		p.quiet = 0
		e.log.Info("builds failed whose buildsets may still run", "ci", p.ci, "builds", n)
		wakeAll(e.o.Next)
	}
	if !same {
		e.fills(p, len(builds) >= e.o.Limit && len(fresh) == len(builds))
	}
	p.next = now.Add(time.Duration(min(p.quiet, maxQuiet)) * e.o.Every)
	return nil
}

// fills tells, once while it lasts, that answers are too short.
func (e *Early) fills(p *poll, full bool) {
	if full && !p.full {
		e.log.Warn("more builds fail than one answer holds: some are known with their comment only", "ci", p.ci, "limit", e.o.Limit)
	}
	p.full = full
}

// earlyBuilds are those of builds that a report will speak of.
func earlyBuilds(builds []zuul.Build, now time.Time) []store.EarlyBuild {
	var out []store.EarlyBuild
	for _, b := range builds {
		switch {
		case !b.Result.Failed() || !b.Result.MayHaveLogs() || !b.Final || !b.Voting:
		case b.LogURL == "" || b.Buildset == "" || b.Change <= 0 || b.End.Before(now.Add(-earlyAge)):
		default:
			out = append(out, store.EarlyBuild{
				LookedBuild: lookedBuild(b), Buildset: b.Buildset, Pipeline: b.Pipeline,
				Project: b.Project, Change: int64(b.Change), Patchset: b.Patchset,
			})
		}
	}
	return out
}
