package bot

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/recheckbot/recheckbot/gerritstream"
	"github.com/recheckbot/recheckbot/handlers"
	"github.com/recheckbot/recheckbot/internal/config"
	"github.com/recheckbot/recheckbot/internal/irc"
	"github.com/recheckbot/recheckbot/internal/store"
	"github.com/recheckbot/recheckbot/internal/tracker"
	"github.com/recheckbot/recheckbot/internal/web"
	"github.com/recheckbot/recheckbot/internal/zuul"
)

// Options are what a bot needs besides its configuration.
type Options struct {
	Version string
	Logger  *slog.Logger
	Now     func() time.Time     // nil: time.Now
	Mono    func() time.Duration // the monotonic clock, from any beginning, which shows that the other was set; nil: this machine's

	Notify        func(state string) error // tells a supervisor, as sd_notify(3) has it; nil: there is none
	WatchdogEvery time.Duration            // how often it wants to hear; 0: 10 s
	StuckAfter    time.Duration            // how long a step may hang; 0: handlers.StuckAfter
}

// Bot is the whole program, built and not yet running.
type Bot struct {
	cfg      config.Config
	o        Options
	log      *slog.Logger
	stops    *stops
	wakes    wakes
	store    *store.Store
	gerrit   *gerritstream.Client
	asker    *gerritstream.Asker
	irc      *irc.Client // nil: no IRC
	sink     *handlers.Sink
	sets     *fingerprints
	tracker  *tracker.Tracker
	zuuls    map[string]*zuul.Client // by CI
	logs     sources
	vitals   *handlers.Vitals
	alarms   *handlers.Alarms
	deafness *handlers.Deaf
	breaker  *handlers.Breaker
	web      *web.Server // nil: no pages
	steps    []step

	untold, unwritten repeated // of the watchdog: what the supervisor, and an alarm, could not be told
}

// step is one thing that runs until it is told to end.
type step struct {
	name string
	run  func(context.Context) error
}

// New opens all that the bot works with; nothing is contacted yet. Its database
// is locked for it alone. Close it when it is not run.
func New(ctx context.Context, cfg config.Config, o Options) (*Bot, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	b := &Bot{cfg: cfg, o: o, log: o.Logger, stops: &stops{log: o.Logger}, wakes: newWakes(), vitals: handlers.NewVitals(o.StuckAfter)}
	if err := b.build(ctx); err != nil {
		return nil, errors.Join(err, b.Close())
	}
	return b, nil
}

// Close undoes New, last opened first closed.
func (b *Bot) Close() error { return b.stops.run() }

// Run runs all steps until ctx ends or one of them fails, then closes the bot.
func (b *Bot) Run(ctx context.Context) error {
	b.log.Info("running", "version", b.o.Version, "mode", b.cfg.Report.Mode, "gerrit", b.cfg.Gerrit.Addr)
	group, ctx := errgroup.WithContext(b.vitals.Context(ctx))
	running := &names{list: map[string]bool{}}
	for _, s := range b.all() {
		running.add(s.name)
		group.Go(func() error {
			defer running.remove(s.name)
			return s.ended(ctx, s.run(ctx))
		})
	}
	err := wait(ctx, group.Wait, running)
	b.log.Info("stopping")
	return errors.Join(err, b.Close())
}

// all are the steps and those that watch them.
func (b *Bot) all() []step {
	steps := append(slices.Clone(b.steps), step{"watchdog", b.watch})
	if b.web != nil {
		steps = append(steps, step{"web", b.web.Run})
	}
	return steps
}

// ended is what a step's end means: nothing when it was told to.
func (s step) ended(ctx context.Context, err error) error {
	if ctx.Err() != nil && (err == nil || errors.Is(err, context.Canceled)) {
		return nil
	}
	if err == nil {
		err = errors.New("ended by itself")
	}
	return fmt.Errorf("%s: %w", s.name, err)
}

// Reload reads the fingerprints again.
func (b *Bot) Reload() { b.sets.reload() }

// build opens everything, each with its stop, then makes the steps.
func (b *Bot) build(ctx context.Context) error {
	if err := b.openStore(ctx); err != nil {
		return err
	}
	if err := b.openGerrit(); err != nil {
		return err
	}
	wording, err := Wording(b.cfg)
	if err != nil {
		return err
	}
	b.tracker = newTracker(b.cfg, b.log)
	b.zuuls = newZuuls(b.cfg, b.log)
	b.logs = newSources(b.cfg, b.log)
	b.stops.add("log hosts", b.logs.close)
	if b.sets, err = openFingerprints(ctx, b.cfg, b.store, b.logs, b.wakes, b.log); err != nil {
		return err
	}
	if b.irc, err = newIRC(b.cfg, b.log, b.onCommand(), b.wakes.irc, b.wakes.ircState); err != nil {
		return err
	}
	b.alarms = handlers.NewAlarms(handlers.AlarmsOptions{
		Store: b.store, Channels: channels(b.cfg), Logger: b.log, Now: b.o.Now, Next: b.wakes.said(),
	})
	if err := b.endAlarms(ctx); err != nil {
		return err
	}
	b.steps = b.makeSteps(wording)
	return b.openWeb()
}

func (b *Bot) openStore(ctx context.Context) error {
	release, err := lock(ctx, b.cfg.Store.Path, b.cfg.Store.LockWait.Duration)
	if err != nil {
		return err
	}
	b.stops.add("lock", release)
	s, err := store.Open(ctx, b.cfg.Store.Path, store.Options{Logger: b.log, Now: b.o.Now, ReportAfter: max(b.cfg.Report.After.Duration, time.Millisecond)})
	if err != nil {
		return err
	}
	b.store = s
	b.stops.add("store", s.Close)
	return nil
}

// lock takes the database's lock; a bot that is just ending gets the time to.
func lock(ctx context.Context, path string, wait time.Duration) (func() error, error) {
	deadline := time.NewTimer(wait)
	defer deadline.Stop()
	again := time.NewTicker(200 * time.Millisecond)
	defer again.Stop()
	for {
		release, err := store.Lock(path)
		if err == nil {
			return release, nil
		}
		select {
		case <-again.C:
		case <-deadline.C:
			return nil, err
		case <-ctx.Done():
			return nil, errors.Join(err, ctx.Err())
		}
	}
}

func newGerrit(cfg config.Config, log *slog.Logger, now func() time.Time) (*gerritstream.Client, error) {
	g := cfg.Gerrit
	return gerritstream.New(gerritstream.Options{
		Addr: g.Addr, User: g.User, KeyFile: g.KeyFile, KnownHosts: g.KnownHosts, HostKey: g.HostKey,
		Keepalive: g.Keepalive.Duration, Silence: g.Silence.Duration, ConnectTimeout: g.ConnectTimeout.Duration,
		HTTPURL: g.HTTPURL, HTTPUser: g.HTTPUser, HTTPPassword: g.HTTPPassword.Reveal(),
		Logger: log, Now: now,
	})
}

func (b *Bot) openGerrit() error {
	client, err := newGerrit(b.cfg, b.log, b.o.Now)
	if err != nil {
		return err
	}
	b.gerrit = client
	b.asker = client.NewAsker(gerritstream.AskerOptions{Memory: b.store})
	b.stops.add("gerrit", client.Close)
	return nil
}
