package store

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/recheckbot/recheckbot/internal/ci"
)

// noon is the tests' present.
var noon = time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)

func clock() time.Time { return noon }

// template is a migrated database, so that not each test migrates its own.
var template = sync.OnceValues(func() (data []byte, err error) {
	dir, err := os.MkdirTemp("", "store")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	path := filepath.Join(dir, "template.db")
	s, err := Open(context.Background(), path, Options{Now: clock})
	if err != nil {
		return nil, err
	}
	if err := s.Close(); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

// fresh is a store on a new file, with a clock that stands still.
func fresh(t testing.TB) *Store {
	t.Helper()
	data, err := template()
	ok(t, err)
	path := filepath.Join(t.TempDir(), "bot.db")
	ok(t, os.WriteFile(path, data, 0o644))
	return reopen(t, path)
}

// restart closes a store and opens it again, as a new start of the program does.
func restart(t testing.TB, s *Store) *Store {
	t.Helper()
	ok(t, s.Close())
	return reopen(t, s.path)
}

func reopen(t testing.TB, path string) *Store {
	t.Helper()
	s, err := Open(t.Context(), path, Options{Now: clock})
	ok(t, err)
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func count(t testing.TB, s *Store, q string, args ...any) (n int) {
	t.Helper()
	ok(t, s.read.QueryRowContext(t.Context(), q, args...).Scan(&n))
	return n
}

func word(t testing.TB, s *Store, q string, args ...any) (w string) {
	t.Helper()
	ok(t, s.read.QueryRowContext(t.Context(), q, args...).Scan(&w))
	return w
}

var (
	alice = ci.Account{Username: "alice", Name: "Alice Example", Email: "alice@example.org"}
	bob   = ci.Account{Username: "bob", Name: "Bob Example", Email: "bob@example.org"}
	zuul  = ci.Account{Username: "zuul", Name: "Zuul CI"}
	us    = ci.Account{Username: "recheckbot"}
)

func aChange(number int64) ci.Change {
	return ci.Change{Number: number, Project: "openstack/nova", Branch: "master", Key: "I1", Owner: alice, Subject: "A change",
		Status: "NEW", Current: 1, Hashtags: []string{"a"}, URL: "https://review.example.org/1"}
}
