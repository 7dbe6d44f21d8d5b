package bot

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strings"
	"time"

	"github.com/recheckbot/recheckbot/handlers"
	"github.com/recheckbot/recheckbot/internal/config"
	"github.com/recheckbot/recheckbot/internal/store"
)

// BackfillOptions are what is to be read of Gerrit's history, and how.
type BackfillOptions struct {
	Since    time.Time
	Projects []string // none: all
	Pace     time.Duration
	Anew     bool                            // do not go on where an earlier one was
	Told     func(handlers.BackfillProgress) // how far it is; may be nil
	Logger   *slog.Logger
	Now      func() time.Time // nil: time.Now
}

// Backfill reads Gerrit's history into the database, beside a bot that runs or
// without one. It does not count as the bot's first start.
func Backfill(ctx context.Context, cfg config.Config, o BackfillOptions) (p handlers.BackfillProgress, err error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	where, err := projectQuery(o.Projects)
	if err != nil {
		return p, err
	}
	s, err := openForBackfill(ctx, cfg.Store.Path, o)
	if err != nil {
		return p, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	gerrit, err := newGerrit(cfg, o.Logger, o.Now)
	if err != nil {
		return p, err
	}
	defer gerrit.Close()
	// Rows are large and live for a moment: memory is dearer here than time.
	defer debug.SetGCPercent(debug.SetGCPercent(gcPercent))
	return handlers.NewBackfill(handlers.BackfillOptions{
		Gerrit: gerrit, Store: s, Rules: Rules(cfg), Since: o.Since, Where: where, Late: cfg.Report.MaxAge.Duration,
		Pace: o.Pace, Batch: makeWay(cfg.Store.Path), Anew: o.Anew, Told: o.Told, Logger: o.Logger, Now: o.Now,
	}).Run(ctx)
}

// gcPercent is how much garbage may pile up while history is read.
const gcPercent = 40

// openForBackfill makes or migrates the database only while no bot runs.
func openForBackfill(ctx context.Context, path string, o BackfillOptions) (*store.Store, error) {
	if store.Running(path) {
		return store.OpenBeside(ctx, path)
	}
	release, err := store.Lock(path)
	if err != nil {
		return nil, err
	}
	s, err := store.Open(ctx, path, store.Options{Logger: o.Logger, Now: o.Now, Aside: true})
	return s, errors.Join(err, release())
}

// makeWay is how much is written at once: little and with rests while a bot
// runs, which wants to write too.
func makeWay(path string) func() (int, time.Duration) {
	const every = time.Second
	var looked time.Time
	running := false
	return func() (int, time.Duration) {
		if now := time.Now(); now.Sub(looked) > every {
			looked, running = now, store.Running(path)
		}
		if running {
			return 200, 20 * time.Millisecond
		}
		return 2000, 0
	}
}

// projectQuery are the conditions of Gerrit's query for some projects.
func projectQuery(projects []string) (string, error) {
	var terms []string
	for _, p := range projects {
		if p == "" || strings.ContainsFunc(p, func(r rune) bool { return r <= ' ' || strings.ContainsRune(`{}()"\'`, r) }) {
			return "", fmt.Errorf("%q is no project's name", p)
		}
		terms = append(terms, "project:{"+p+"}")
	}
	return strings.Join(terms, " OR "), nil
}
