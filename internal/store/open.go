package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // the driver "sqlite"

	"github.com/recheckbot/recheckbot/migrations"
)

// Options of a store. All may be left out.
type Options struct {
	Logger *slog.Logger
	Now    func() time.Time
	// Aside: a command opens it beside the bot, or before the bot was ever
	// started: that is not the first start.
	Aside bool
	// ReportAfter is how long after its first recognized build a report waits
	// for the others; 0: 3 min.
	ReportAfter time.Duration
}

// reportAfter is Options.ReportAfter's default.
const reportAfter = 3 * time.Minute

// Store is one open database: one writer connection, so that writers queue in
// the program and not in SQLite, and a pool that may only read.
type Store struct {
	path      string
	aside     bool
	write     *sql.DB       // nil: opened read-only
	writing   chan struct{} // the writer's, from the beginning of a transaction until what it learnt is kept
	appending atomic.Int32  // who stores lines of the stream, or waits to
	read      *sql.DB
	stmts     stmts
	learnt    learnt
	log       *slog.Logger
	now       func() time.Time
	after     time.Duration // Options.ReportAfter
}

// readers is the size of the read pool.
const readers = 4

// Open opens or creates the database at path and migrates it. A database that
// a newer program migrated is refused.
func Open(ctx context.Context, path string, o Options) (*Store, error) {
	s := newStore(path, o)
	if err := s.openWriter(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("store: open %s: %w", path, faulted(err)), s.Close())
	}
	if err := s.openReaders(ctx, nil); err != nil {
		return nil, errors.Join(fmt.Errorf("store: open %s: %w", path, faulted(err)), s.Close())
	}
	return s, nil
}

// OpenReadOnly opens a database beside a running bot, or after one. Methods
// that write return ErrReadOnly. A database that no `run` ever opened, or one
// of another version of the program, is refused.
func OpenReadOnly(ctx context.Context, path string) (*Store, error) {
	s := newStore(path, Options{})
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("store: there is no database at %s: `recheckbot run` creates it", path)
	}
	if err := s.openReaders(ctx, s.checkReadable); err != nil {
		return nil, errors.Join(fmt.Errorf("store: open %s: %w", path, faulted(err)), s.Close())
	}
	return s, nil
}

func newStore(path string, o Options) *Store {
	s := &Store{path: path, log: o.Logger, now: o.Now, aside: o.Aside, after: cmp.Or(o.ReportAfter, reportAfter), writing: make(chan struct{}, 1)}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.now == nil {
		s.now = time.Now
	}
	return s
}

// Close closes the database. The write-ahead log is folded into it by the last
// one to leave.
func (s *Store) Close() error {
	errs := []error{s.stmts.close()}
	for _, db := range []*sql.DB{s.read, s.write} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	return errors.Join(errs...)
}

func (s *Store) openWriter(ctx context.Context) error {
	if err := s.makePrivate(); err != nil {
		return err
	}
	db, err := sql.Open("sqlite", dsn(s.path, url.Values{"_journal_mode": {"WAL"}, "_txlock": {"immediate"}}))
	if err != nil {
		return err
	}
	s.write = db
	db.SetMaxOpenConns(1)
	for _, pragma := range writerPragmas() {
		if _, err := db.ExecContext(ctx, "PRAGMA "+pragma); err != nil {
			return fmt.Errorf("pragma %s: %w", pragma, err)
		}
	}
	if err := checkPragmas(ctx, db, false); err != nil {
		return err
	}
	if err := migrate(ctx, db); err != nil {
		return err
	}
	if s.aside {
		return nil
	}
	return s.begin(ctx)
}

// maxLog is what is left of the write-ahead log, in bytes, after a reader of long
// (a backup) let it grow; while all are short it has no more than that either.
const maxLog = 32 << 20

// writerPragmas only make the writer faster and smaller: without one of them all
// is well.
func writerPragmas() []string {
	return []string{
		"cache_size = -16384",       // KiB; it takes twice as much
		"temp_store = MEMORY",       // statement journals too
		"wal_autocheckpoint = 4000", // pages; the default writes pages that change often too often
		"journal_size_limit = " + strconv.Itoa(maxLog),
	}
}

// openReaders opens the read pool; check, if any, looks before the pragmas do,
// since its error tells more.
func (s *Store) openReaders(ctx context.Context, check func(context.Context) error) error {
	db, err := sql.Open("sqlite", dsn(s.path, url.Values{"_query_only": {"1"}, "mode": {"rw"}}))
	if err != nil {
		return err
	}
	s.read = db
	db.SetMaxOpenConns(readers)
	db.SetMaxIdleConns(readers)
	if check != nil {
		if err := check(ctx); err != nil {
			return err
		}
	}
	return checkPragmas(ctx, db, true)
}

// dsn is the data source name of path. The driver ignores a key that it does
// not know, which is why checkPragmas reads everything back.
func dsn(path string, more url.Values) string {
	v := url.Values{
		"_busy_timeout": {"5000"}, "_synchronous": {"FULL"}, "_foreign_keys": {"1"}, "_dqs": {"0"},
	}
	for k, x := range more {
		v[k] = x
	}
	return "file:" + (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath() + "?" + v.Encode()
}

// checkPragmas reads back what the data source name asked for.
func checkPragmas(ctx context.Context, db *sql.DB, queryOnly bool) error {
	want := [][2]string{
		{"busy_timeout", "5000"}, {"journal_mode", "wal"}, {"synchronous", "2"},
		{"foreign_keys", "1"}, {"query_only", "0"},
	}
	if queryOnly {
		want[4][1] = "1"
	}
	for _, p := range want {
		var got string
		if err := db.QueryRowContext(ctx, "PRAGMA "+p[0]).Scan(&got); err != nil {
			return fmt.Errorf("pragma %s: %w", p[0], err)
		}
		if got != p[1] {
			return fmt.Errorf("pragma %s is %s, not %s: is the database on a file system without shared memory or locks?", p[0], got, p[1])
		}
	}
	return checkQuotes(ctx, db)
}

// checkQuotes makes sure that a misspelt column in double quotes is an error
// and not a string.
func checkQuotes(ctx context.Context, db *sql.DB) error {
	var got string
	if err := db.QueryRowContext(ctx, `SELECT "no such column"`).Scan(&got); err == nil {
		return errors.New("the database takes double-quoted names for strings (dqs)")
	}
	return nil
}

func migrate(ctx context.Context, db *sql.DB) error {
	p, err := goose.NewProvider(goose.DialectSQLite3, db, migrations.FS)
	if err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	at, err := version(ctx, db)
	if err != nil {
		return err
	}
	if newest := newestMigration(p); at > newest {
		return tooNew(at, newest)
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("migrate from version %d: %w", at, err)
	}
	return nil
}

func newestMigration(p *goose.Provider) int64 {
	var newest int64
	for _, s := range p.ListSources() {
		newest = max(newest, s.Version)
	}
	return newest
}

func tooNew(at, newest int64) error {
	return fmt.Errorf("the database is at version %d and this program knows versions up to %d: a newer recheckbot wrote it, use that one", at, newest)
}

// version is the schema's version, 0 for a database that was never migrated.
func version(ctx context.Context, db *sql.DB) (int64, error) {
	var n int
	err := db.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_schema WHERE name = 'goose_db_version'`).Scan(&n)
	if err != nil || n == 0 {
		return 0, err
	}
	var at int64
	err = db.QueryRowContext(ctx, `SELECT coalesce(max(version_id), 0) FROM goose_db_version WHERE is_applied`).Scan(&at)
	return at, err
}

// checkReadable refuses what this program cannot read as it is.
func (s *Store) checkReadable(ctx context.Context) error {
	p, err := goose.NewProvider(goose.DialectSQLite3, s.read, migrations.FS)
	if err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	at, err := version(ctx, s.read)
	newest := newestMigration(p)
	switch {
	case err != nil:
		return err
	case at == 0:
		return errors.New("this is not a database of recheckbot, or `recheckbot run` never opened it")
	case at > newest:
		return tooNew(at, newest)
	case at < newest:
		return errors.New("the database is at version " + strconv.FormatInt(at, 10) + ", older than this program: `recheckbot run` migrates it")
	}
	return nil
}
