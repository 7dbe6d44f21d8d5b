package handlers

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/recheckbot/recheckbot/internal/logsearch"
	"github.com/recheckbot/recheckbot/internal/store"
)

// RescanStore is what rescanning needs of the store.
type RescanStore interface {
	RescanBuilds(ctx context.Context, since time.Time, fpset int64, engine string, limit int) ([]store.RescanBuild, error)
	NewIn(ctx context.Context, fpset int64, sets []int64) ([]string, error)
	RecordRescan(ctx context.Context, v store.Verdict) error
}

// RescanOptions are what rescanning works with.
type RescanOptions struct {
	Store   RescanStore
	FPSet   int64 // of the store, with all fingerprints
	Engine  string
	Compile func(ctx context.Context, names []string) (*Set, error) // those of FPSet with these names
	Logs    func(ci string) Logs                                    // as Classify has it
	Workers int                                                     // builds at a time; 0: 4
	Limit   int                                                     // builds; 0: 10,000
	Timeout time.Duration                                           // of one build; 0: 15 min
	Logger  *slog.Logger
	Now     func() time.Time
}

// Rescan looks for new fingerprints in the logs of builds that were decided
// before. It records what it finds and says nothing on reviews or IRC.
type Rescan struct {
	o    RescanOptions
	look *Classify // for its search
	log  *slog.Logger
}

// NewRescan makes a Rescan.
func NewRescan(o RescanOptions) *Rescan {
	o.Workers, o.Limit, o.Now = cmp.Or(o.Workers, 4), cmp.Or(o.Limit, 10_000), clock(o.Now)
	o.Timeout = cmp.Or(o.Timeout, 15*time.Minute)
	look := &Classify{o: ClassifyOptions{Logs: o.Logs, Timeout: o.Timeout}}
	return &Rescan{o: o, look: look, log: logger(o.Logger)}
}

// Rescanned is what a rescan came to.
type Rescanned struct {
	Since        time.Time        `json:"since"`
	Looked       int              `json:"looked"`       // builds in whose logs something new was looked for
	Recognized   int              `json:"recognized"`   // of them, by a new fingerprint
	Gone         int              `json:"gone"`         // whose logs are not there any more
	Unreadable   int              `json:"unreadable"`   // incomplete, unknown or out of reach
	Nothing      int              `json:"nothing_new"`  // for which no fingerprint is new
	Cut          bool             `json:"cut"`          // there are more builds than one rescan takes
	Fingerprints []string         `json:"fingerprints"` // that were new to some build
	Builds       []RescannedBuild `json:"builds"`       // newest first, those without a finding left out
}

// RescannedBuild is one build and what new fingerprints matched in it, or why
// that is not known. State is empty when nothing was recorded: try again.
type RescannedBuild struct {
	At       time.Time        `json:"at"`
	Job      string           `json:"job"`
	Project  string           `json:"project"`
	Pipeline string           `json:"pipeline"`
	Change   int64            `json:"change"`
	Patchset int              `json:"patchset"`
	LogURL   string           `json:"log_url"`
	State    store.BuildState `json:"state"`
	Why      string           `json:"why,omitempty"`
	Hits     []RescannedHit   `json:"hits"`
}

// RescannedHit is a new fingerprint that matched. Line is -1 when unknown.
type RescannedHit struct {
	Fingerprint string `json:"fingerprint"`
	Count       int64  `json:"count"`
	If          string `json:"if,omitempty"`
	File        string `json:"file"`
	Line        int64  `json:"line"`
	Text        string `json:"text"`
}

// Run rescans the builds that failed since then.
func (r *Rescan) Run(ctx context.Context, since time.Time) (Rescanned, error) {
	out := Rescanned{Since: since, Fingerprints: []string{}, Builds: []RescannedBuild{}}
	builds, err := r.o.Store.RescanBuilds(ctx, since, r.o.FPSet, r.o.Engine, r.o.Limit+1)
	if err != nil {
		return out, err
	}
	if out.Cut = len(builds) > r.o.Limit; out.Cut {
		builds = builds[:r.o.Limit]
	}
	sets := newSets{r: r, made: map[string]*Set{}, names: map[string]bool{}}
	done := make([]*RescannedBuild, len(builds))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(r.o.Workers)
	for i, b := range builds {
		group.Go(func() error {
			set, err := sets.of(ctx, b.Sets)
			if err != nil || set == nil {
				return err
			}
			done[i], err = r.one(ctx, set, b)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return out, fmt.Errorf("rescan: %w", err)
	}
	out.Fingerprints = sets.sorted()
	for _, b := range done {
		out.add(b)
	}
	return out, nil
}

// one looks at one build and records the verdict, if there is one.
func (r *Rescan) one(ctx context.Context, set *Set, b store.RescanBuild) (*RescannedBuild, error) {
	o := r.look.search(ctx, set, b.DueBuild)
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	out := &RescannedBuild{At: b.Own, Job: b.Job, Project: b.Project, Pipeline: b.Pipeline, Change: b.Patchset.Change,
		Patchset: b.Patchset.Number, LogURL: b.LogURL, Hits: []RescannedHit{}}
	if o.outage != nil {
		out.Why = o.outage.Error()
		return out, nil
	}
	f := verdictNow(set, o)
	out.State, out.Why = f.state, f.why
	for _, h := range f.hits {
		out.Hits = append(out.Hits, RescannedHit{Fingerprint: h.Fingerprint, Count: h.N, If: h.If, File: h.File, Line: h.Line, Text: h.Excerpt})
	}
	if f.state == store.BuildNoLogs {
		return out, nil
	}
	err := r.o.Store.RecordRescan(ctx, store.Verdict{Build: b.ID, FPSet: set.ID, Engine: set.Engine, State: f.state,
		Why: f.why, At: r.o.Now(), Hits: f.hits})
	if errors.Is(err, store.ErrState) {
		err = nil // a bot that runs beside us was first
	}
	return out, err
}

// verdictNow judges a single try, without patience.
func verdictNow(set *Set, o outcome) finding {
	f := finding{hits: set.hits(o.answer.Matches, o.tests), why: o.answer.Why}
	switch {
	case certain(f.hits):
		f.state = store.BuildRecognized
	case o.answer.Status == logsearch.NotReady || o.answer.Status == logsearch.NoLogs:
		f.state = store.BuildNoLogs
	case o.answer.Status == logsearch.Incomplete:
		f.state = store.BuildIncomplete
	default:
		f.state, f.why = completely(set, o.answer, f.hits)
	}
	return f
}

// add counts a build; one that nothing new was looked for in is nil.
func (o *Rescanned) add(b *RescannedBuild) {
	if b == nil {
		o.Nothing++
		return
	}
	o.Looked++
	switch b.State {
	case store.BuildRecognized:
		o.Recognized++
	case store.BuildNoLogs:
		o.Gone++
		return
	case store.BuildUnrecognized:
		return
	default:
		o.Unreadable++
	}
	o.Builds = append(o.Builds, *b)
}

// newSets compiles, once for all builds that were searched for the same sets,
// the fingerprints that are new to them.
type newSets struct {
	r     *Rescan
	mu    sync.Mutex
	made  map[string]*Set
	names map[string]bool
}

// of is the set to be searched for; nil when nothing is new.
func (n *newSets) of(ctx context.Context, sets []int64) (*Set, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	key := fmt.Sprint(sets)
	if set, ok := n.made[key]; ok {
		return set, nil
	}
	names, err := n.r.o.Store.NewIn(ctx, n.r.o.FPSet, sets)
	if err != nil {
		return nil, err
	}
	set, err := n.r.o.Compile(ctx, names)
	if err != nil {
		return nil, err
	}
	if len(set.Fingerprints) == 0 {
		set = nil
	} else {
		for _, f := range set.Fingerprints {
			n.names[f.Name] = true
		}
	}
	n.made[key] = set
	return set, nil
}

func (n *newSets) sorted() []string { return append([]string{}, slices.Sorted(maps.Keys(n.names))...) }
