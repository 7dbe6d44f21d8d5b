package bot

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/recheckbot/recheckbot/handlers"
	"github.com/recheckbot/recheckbot/internal/config"
	"github.com/recheckbot/recheckbot/internal/logsearch/scan"
	"github.com/recheckbot/recheckbot/internal/store"
	"github.com/recheckbot/recheckbot/queries"
)

// Rescan looks for the configured fingerprints that are new in the logs of
// builds that failed since then. It may run beside a bot, over the same store.
func Rescan(ctx context.Context, cfg config.Config, s *store.Store, set queries.Set, since time.Time, log *slog.Logger) (out handlers.Rescanned, err error) {
	_, rows := split(set)
	id, err := s.KeepSet(ctx, set.SHA, rows)
	if err != nil {
		return out, fmt.Errorf("rescan: %w", err)
	}
	logs := newSources(cfg, log)
	defer func() { err = errors.Join(err, logs.close()) }()
	engine := scan.New(scan.Options{Mapping: Mapping(cfg), Workers: cfg.Logs.Files, KeepDebug: cfg.Logs.DebugLines, Logger: log})
	compile := func(ctx context.Context, names []string) (*handlers.Set, error) {
		return compileSome(ctx, engine, logs, id, set, names)
	}
	return handlers.NewRescan(handlers.RescanOptions{
		Store: s, FPSet: id, Engine: engineName, Compile: compile, Logs: logs.of, Workers: cfg.Logs.Workers, Logger: log,
	}).Run(ctx, since)
}

// compileSome compiles those of a set with these names.
func compileSome(ctx context.Context, engine *scan.Engine, logs sources, id int64, set queries.Set, names []string) (*handlers.Set, error) {
	some := set
	some.Items = slices.DeleteFunc(slices.Clone(set.Items), func(q queries.Fingerprint) bool { return !slices.Contains(names, q.Name) })
	searcher, _, err := engine.Compile(ctx, searchSet(some, queries.Fingerprint.Searched))
	if err != nil {
		return nil, err
	}
	items, _ := split(some)
	return &handlers.Set{ID: id, Engine: engineName, Searcher: search{searcher, logs}, Fingerprints: items}, nil
}
