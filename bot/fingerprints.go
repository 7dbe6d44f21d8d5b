package bot

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/recheckbot/recheckbot/handlers"
	"github.com/recheckbot/recheckbot/internal/config"
	"github.com/recheckbot/recheckbot/internal/joblog"
	"github.com/recheckbot/recheckbot/internal/logsearch"
	"github.com/recheckbot/recheckbot/internal/logsearch/scan"
	"github.com/recheckbot/recheckbot/internal/lucene"
	"github.com/recheckbot/recheckbot/internal/store"
	"github.com/recheckbot/recheckbot/queries"
)

// engineName names the embedded engine in the database.
const engineName = "scan"

// setStore remembers sets of fingerprints.
type setStore interface {
	SaveSet(ctx context.Context, sha [32]byte, items []store.FingerprintRow) (int64, error)
}

// fingerprints keeps the set in use true to the folder.
type fingerprints struct {
	dir     string // "": the built-in starter set
	mapping lucene.Mapping
	engine  *scan.Engine
	logs    sources
	store   setStore
	current *handlers.Sets
	changed []handlers.Wake // those who wait for a set
	watcher *queries.Watcher
	log     *slog.Logger
	sha     [32]byte                 // of the set in use
	begin   func() (end func(error)) // shows that a reload begins; nil: nobody watches
}

// openFingerprints loads the set; without a usable one the bot does not start.
func openFingerprints(ctx context.Context, cfg config.Config, s setStore, logs sources, w wakes, log *slog.Logger) (*fingerprints, error) {
	m := Mapping(cfg)
	f := &fingerprints{
		dir: cfg.Engine.Fingerprints, mapping: m, store: s, current: &handlers.Sets{}, log: log,
		changed: []handlers.Wake{w.classify, w.announce, w.titles},
		engine:  scan.New(scan.Options{Mapping: m, Workers: cfg.Logs.Files, KeepDebug: cfg.Logs.DebugLines, Logger: log}), logs: logs,
	}
	set, problems := f.load()
	f.tell(problems)
	if len(set.Items) == 0 && queries.HasErrors(problems) {
		return nil, fmt.Errorf("fingerprints: none of %s could be used: %s", f.dir, problems[0])
	}
	if err := f.use(ctx, set); err != nil {
		return nil, err
	}
	f.watcher = queries.NewWatcher(f.dir, f.load, log, f.replace)
	return f, nil
}

// Mapping is the configured one.
func Mapping(cfg config.Config) lucene.Mapping {
	m, err := lucene.MappingNamed(cfg.Engine.Mapping)
	if err != nil { // none was named
		return lucene.Historical()
	}
	return m
}

func (f *fingerprints) load() (queries.Set, []queries.Problem) {
	return LoadFingerprints(f.dir, f.mapping)
}

// LoadFingerprints reads a folder, or the starter set where none is named, for
// a mapping.
func LoadFingerprints(dir string, m lucene.Mapping) (queries.Set, []queries.Problem) {
	set, problems := loadFingerprints(dir, m)
	return set, append(problems, KnownFiles().Unknown(set)...)
}

// KnownFiles tells the lint what files of a build are called, and what is known
// of them and their events.
func KnownFiles() queries.Known {
	return queries.Known{Tag: joblog.KnownTag, Name: joblog.KnownName, Field: scan.KnownField}
}

func loadFingerprints(dir string, m lucene.Mapping) (queries.Set, []queries.Problem) {
	if dir == "" {
		return queries.LoadMapped(queries.Starter(), m)
	}
	return queries.LoadMapped(os.DirFS(dir), m)
}

// use compiles a set aside, remembers it and puts it in the place of the one in
// use; a search that runs keeps the one it began with.
func (f *fingerprints) use(ctx context.Context, set queries.Set) error {
	searcher, refused, err := f.engine.Compile(ctx, searchSet(set, queries.Fingerprint.Searched))
	if err != nil {
		return fmt.Errorf("fingerprints: %w", err)
	}
	items, rows := split(set)
	for _, p := range refused {
		f.log.Error("fingerprint cannot be evaluated", "name", items[p.Fingerprint].Name, "why", p.Why)
	}
	id, err := f.store.SaveSet(ctx, set.SHA, rows)
	if err != nil {
		return fmt.Errorf("fingerprints: %w", err)
	}
	f.sha = set.SHA
	f.current.Swap(&handlers.Set{ID: id, Engine: engineName, Searcher: search{searcher, f.logs}, Fingerprints: items})
	f.log.Info("fingerprints loaded", "from", f.from(), "files", len(set.Items), "searched", len(items))
	return nil
}

func (f *fingerprints) from() string {
	if f.dir == "" {
		return "the starter set"
	}
	return f.dir
}

// watch reloads when the folder changes, until ctx ends.
func (f *fingerprints) watch(ctx context.Context) error {
	if f.dir == "" {
		<-ctx.Done()
		return ctx.Err()
	}
	ctx = handlers.Watched(ctx, "fingerprints")
	f.begin = func() func(error) { return handlers.Work(ctx) }
	return f.watcher.Run(ctx)
}

// replace uses a set that was read again, unless it has errors: then the last
// good one stays.
func (f *fingerprints) replace(set queries.Set, problems []queries.Problem) {
	if f.begin != nil {
		defer f.begin()(nil)
	}
	f.tell(problems)
	if queries.HasErrors(problems) {
		f.log.Error("the fingerprints have errors, the last good set stays", "dir", f.dir)
		return
	}
	if set.SHA == f.sha {
		return
	}
	if err := f.use(context.Background(), set); err != nil {
		f.log.Error("the fingerprints cannot be used, the last good set stays", "error", err)
		return
	}
	for _, w := range f.changed {
		w.Now()
	}
}

// reload reads the folder again now.
func (f *fingerprints) reload() { f.watcher.Reload() }

func (f *fingerprints) tell(problems []queries.Problem) {
	for _, p := range problems {
		if p.Warning {
			f.log.Warn("fingerprint", "problem", p.String())
			continue
		}
		f.log.Error("fingerprint", "problem", p.String())
	}
}

// searchSet is what an engine is given of a set.
func searchSet(set queries.Set, wanted func(queries.Fingerprint) bool) logsearch.Set {
	out := logsearch.Set{SHA: set.SHA}
	for _, q := range set.Items {
		if wanted(q) {
			out.Items = append(out.Items, logsearch.Fingerprint{Name: q.Name, SHA: q.SHA, Query: q.Query, Tree: q.Tree})
		}
	}
	return out
}

// split is what the steps know of the searched ones, and what the store keeps
// of all.
func split(set queries.Set) (items []handlers.Fingerprint, rows []store.FingerprintRow) {
	for _, q := range set.Items {
		rows = append(rows, store.FingerprintRow{Name: q.Name, SHA: q.SHA, YAML: string(q.YAML), Title: q.Title, Bugs: q.Bugs})
		if q.Searched() {
			items = append(items, handlers.Fingerprint{Name: q.Name, TrackOnly: q.TrackOnly, TestIDs: q.TestIDs})
		}
	}
	return items, rows
}

// CheckFingerprints loads a folder ("": the starter set) and tells how it is.
func CheckFingerprints(dir string, m lucene.Mapping) []Check {
	set, problems := LoadFingerprints(dir, m)
	var checks []Check
	for _, p := range problems {
		place, why, _ := strings.Cut(p.String(), ": ")
		checks = append(checks, Check{What: filepath.Join(dir, place), OK: p.Warning, Warning: p.Warning, Why: strings.TrimPrefix(why, "warning: ")})
	}
	what := "fingerprints of the starter set"
	if dir != "" {
		what = "fingerprints of " + dir
		if _, err := os.Stat(dir); err != nil {
			return checks
		}
	}
	return append(checks, Check{What: what, OK: true, Why: fmt.Sprintf("%d usable", len(set.Items))})
}

// Scanner searches logs at hand with all fingerprints of a set, those that a
// running bot would not say included.
func Scanner(ctx context.Context, set queries.Set, o scan.Options) (*scan.Searcher, []logsearch.Problem, error) {
	all := func(queries.Fingerprint) bool { return true }
	o.Mapping = set.Mapping
	return scan.New(o).Compile(ctx, searchSet(set, all))
}
