package handlers

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strconv"
	"sync"
	"time"

	"github.com/recheckbot/recheckbot/internal/ci"
	"github.com/recheckbot/recheckbot/internal/logsearch"
	"github.com/recheckbot/recheckbot/internal/store"
)

// BuildStore is what classifying needs of the store.
type BuildStore interface {
	PickBuilds(ctx context.Context, now time.Time, limit int, pick func(store.DueBuild) bool) ([]store.DueBuild, error)
	RetryBuild(ctx context.Context, id int64, next time.Time, why string) error
	RecordVerdict(ctx context.Context, v store.Verdict, reportAfter time.Duration) error
	DeadStore
}

// ClassifyOptions are what the step of classifying works with.
type ClassifyOptions struct {
	Store       BuildStore
	Sets        *Sets
	Deadlines   Deadlines
	Retry       Retry                // zero: 2 s to 1 min
	Logs        func(ci string) Logs // where test results are read; nil: they are unknown
	ReportAfter time.Duration        // how long after its first recognized build a report waits for the others
	Workers     int                  // builds that are searched at a time; 0: 4
	Timeout     time.Duration        // of one build's search; 0: 15 min
	Logger      *slog.Logger
	Now         func() time.Time
	Wake        Wake
	Next        []Wake // those that compose
}

// Classify looks for fingerprints in the logs of each failed build.
type Classify struct {
	o       ClassifyOptions
	log     *slog.Logger
	trouble *trouble
	graves  *graves

	crew    *crew
	mu      sync.Mutex
	waiting map[int64]*account // builds that were tried before
}

// NewClassify makes the step.
func NewClassify(o ClassifyOptions) *Classify {
	o.Deadlines, o.Now = o.Deadlines.withDefaults(), clock(o.Now)
	o.Workers, o.Timeout = cmp.Or(o.Workers, 4), cmp.Or(o.Timeout, 15*time.Minute)
	o.Retry = cmp.Or(o.Retry, Retry{First: 2 * time.Second, Most: time.Minute})
	return &Classify{
		o: o, log: logger(o.Logger), trouble: newTrouble(o.Logger),
		graves: newGraves(store.StepClassify, o.Store, o.Logger, o.Now),
		crew:   newCrew(o.Workers, o.Workers-o.Workers/4), waiting: map[int64]*account{},
	}
}

// Run classifies until ctx ends; then it waits for the searches that run, which
// end with ctx.
func (c *Classify) Run(ctx context.Context) error {
	if c.o.Wake == nil {
		c.o.Wake = NewWake()
	}
	var wg sync.WaitGroup
	defer wg.Wait()
	return loop{name: "classify", wake: c.o.Wake, every: time.Second, log: c.log}.run(ctx, func(ctx context.Context) (bool, error) {
		return false, c.step(ctx, &wg)
	})
}

// maxTold bounds how many builds of hosts that are down are put off at a time.
const maxTold = 500

// step begins as many searches as workers are free. Builds whose host others
// have just found out of reach are put off without asking it again.
func (c *Classify) step(ctx context.Context, wg *sync.WaitGroup) error {
	set, now := c.o.Sets.Current(), c.o.Now()
	if set == nil || c.crew.full() {
		return nil
	}
	var mine []int64
	var down []store.DueBuild
	var whys []error
	offered := 0
	c.crew.look()
	due, err := c.o.Store.PickBuilds(ctx, now, c.o.Workers, func(b store.DueBuild) bool {
		offered++
		host := hostOf(b.LogURL)
		if err := c.crew.down(b.ID, host, now); err != nil && len(down) < maxTold {
			down, whys = append(down, b), append(whys, err)
			return false
		}
		taken := !c.graves.waits(b.ID) && c.crew.take(b.ID, host, now)
		if taken {
			mine = append(mine, b.ID)
		}
		return taken
	})
	if err != nil {
		for _, id := range mine {
			c.crew.free(id)
		}
		return fmt.Errorf("classify: due builds: %w", err)
	}
	c.trouble.note("builds that are due", tooMany(offered))
	for _, b := range due {
		wg.Go(func() { c.work(ctx, set, b) })
	}
	var errs []error
	for i, b := range down {
		errs = append(errs, c.conclude(ctx, set, b, outcome{outage: whys[i]}))
	}
	return errors.Join(errs...)
}

// work is what a worker does with one build.
func (c *Classify) work(ctx context.Context, set *Set, b store.DueBuild) {
	name := fmt.Sprintf("build %d", b.ID)
	ctx = watched(ctx, "search of "+name, c.o.Timeout) // an engine that ignores its context
	defer retire(ctx)
	err := c.graves.try(ctx, b.ID, func(ctx context.Context) error { return c.one(ctx, set, b) })
	c.trouble.note(name, err)
	rest(ctx, err)
	c.crew.free(b.ID)
	c.o.Wake.Now()
}

// one searches one build and writes what came of it.
func (c *Classify) one(ctx context.Context, set *Set, b store.DueBuild) error {
	o := c.search(ctx, set, b)
	if ctx.Err() != nil {
		return nil // the program stops: this was no outage
	}
	host, trouble := hostOf(b.LogURL), o.outage
	if _, ours := errors.AsType[*panicError](trouble); ours {
		trouble = nil
	}
	c.trouble.note("logs at "+host, o.outage)
	c.crew.note(b.ID, host, trouble, restAsked(trouble), c.o.Now())
	return c.conclude(ctx, set, b, o)
}

// conclude writes the verdict on a build, or when to try again.
func (c *Classify) conclude(ctx context.Context, set *Set, b store.DueBuild, o outcome) error {
	now := c.o.Now()
	f := judge(c.o.Deadlines, b, set, o, c.noteAnswer(b.ID, o.answer, o.outage, now), now)
	log := c.log.With("build", b.ID, "job", b.Job, "change", b.Patchset.String(), "try", b.Tries+1)
	if f.state == "" {
		wait := max(f.again, c.o.Retry.After(b.Tries+1))
		log.Debug("build is tried again", "in", wait, "why", f.why)
		return ignoreState(c.o.Store.RetryBuild(ctx, b.ID, now.Add(min(wait, maxAgain)), f.why))
	}
	log.Info("build classified", "state", f.state, "hits", len(f.hits), "why", f.why)
	err := c.o.Store.RecordVerdict(ctx, store.Verdict{
		Build: b.ID, FPSet: set.ID, Engine: set.Engine, Purpose: store.PurposeReport,
		State: f.state, Why: f.why, At: now, Hits: f.hits,
	}, c.o.ReportAfter)
	if err = ignoreState(err); err == nil {
		c.forget(b.ID)
		wakeAll(c.o.Next)
	}
	return err
}

// hostOf is the host of an address, for the log.
func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "?"
	}
	return u.Host
}

// maxAgain bounds what a log host may ask for: a deadline may end before.
const maxAgain = 5 * time.Minute

// panicError is a bug of the engine's that a build's logs brought out.
type panicError struct{ value any }

func (e *panicError) Error() string { return fmt.Sprintf("the engine panicked: %v", e.value) }

// search asks the engine, within the bound of time and whatever it does: a
// panic over hostile logs is that build's outage, not everybody's.
func (c *Classify) search(ctx context.Context, set *Set, b store.DueBuild) (o outcome) {
	ctx, cancel := context.WithTimeout(ctx, c.o.Timeout)
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			o.outage = &panicError{p}
		}
	}()
	build := searchable(b)
	if o.answer, o.outage = set.Searcher.Search(ctx, build); o.outage == nil {
		o.tests, o.outage = c.tests(ctx, set, build, o.answer)
	}
	return o
}

// noteAnswer keeps account of what the log host said.
func (c *Classify) noteAnswer(id int64, answer logsearch.Answer, outage error, now time.Time) account {
	c.mu.Lock()
	defer c.mu.Unlock()
	p := c.waiting[id]
	if p == nil {
		p = &account{}
		c.waiting[id] = p
	}
	p.note(now, answer.Status, outage)
	return *p
}

// forget drops what is remembered of a build that is decided.
func (c *Classify) forget(id int64) {
	c.trouble.forget(fmt.Sprintf("build %d", id))
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.waiting, id)
}

// searchable is a build with the fields that log documents have of it. What is
// not known is absent, which is not the same as empty.
func searchable(b store.DueBuild) logsearch.Build {
	fields := ci.Fields{}
	set := func(name, value string) {
		if value != "" {
			fields[name] = []string{value}
		}
	}
	set("build_name", b.Job)
	set("build_queue", b.Pipeline)
	set("project", b.Project)
	set("build_branch", b.Branch)
	set("build_uuid", b.UUID)
	set("build_short_uuid", b.UUID[:min(7, len(b.UUID))])
	if b.Patchset.Change > 0 {
		set("build_change", strconv.FormatInt(b.Patchset.Change, 10))
		set("build_patchset", strconv.Itoa(b.Patchset.Number))
		set("build_ref", gerritRef(b.Patchset))
	}
	set("build_status", documentStatus(b.Result))
	set("log_url", b.LogURL)
	set("voting", "0")
	if b.Voting {
		set("voting", "1")
	}
	return logsearch.Build{CI: b.CI, UUID: b.UUID, LogURL: b.LogURL, Fields: fields, Start: b.Start, End: b.End}
}

// gerritRef is Gerrit's name of a patchset in git.
func gerritRef(p ci.Patchset) string {
	return fmt.Sprintf("refs/changes/%02d/%d/%d", p.Change%100, p.Change, p.Number)
}

// documentStatus is how log documents tell a result: they know two words only.
func documentStatus(r ci.Result) string {
	if r.Class() == ci.ClassSucceeded {
		return string(ci.Success)
	}
	return string(ci.Failure)
}
