package store

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestOpenTwice(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a b?c#d%20.db")
	s := reopen(t, path)
	ok(t, s.SetCursor(t.Context(), "x", "1"))
	ok(t, s.Close())
	s = reopen(t, path)
	if v, at, err := s.Cursor(t.Context(), "x"); v != "1" || !at.Equal(clock()) || err != nil {
		t.Errorf("cursor = %q %v %v", v, at, err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Errorf("the path was not taken as it is: %v", err)
	}
}

func TestPragmas(t *testing.T) {
	s := fresh(t)
	ok(t, checkPragmas(t.Context(), s.write, false))
	ok(t, checkPragmas(t.Context(), s.read, true))
	if _, err := s.read.ExecContext(t.Context(), `DELETE FROM cursor`); err == nil {
		t.Error("the read pool can write")
	}
	plain, err := sql.Open("sqlite", "file:"+filepath.Join(t.TempDir(), "x.db"))
	ok(t, err)
	defer plain.Close()
	if err := checkPragmas(t.Context(), plain, false); err == nil {
		t.Error("pragmas that are not set pass")
	}
	quotes, err := sql.Open("sqlite", dsn(filepath.Join(t.TempDir(), "x.db"), url.Values{"_journal_mode": {"WAL"}, "_dqs": {"1"}}))
	ok(t, err)
	defer quotes.Close()
	if err := checkPragmas(t.Context(), quotes, false); err == nil || !strings.Contains(err.Error(), "double-quoted") {
		t.Errorf("double-quoted strings pass: %v", err)
	}
}

func TestRefusesNewer(t *testing.T) {
	s := fresh(t)
	path := s.path
	_, err := s.write.ExecContext(t.Context(), `INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1)`)
	ok(t, err)
	ok(t, s.Close())
	for name, open := range map[string]func() (*Store, error){
		"write": func() (*Store, error) { return Open(t.Context(), path, Options{}) },
		"read":  func() (*Store, error) { return OpenReadOnly(t.Context(), path) },
	} {
		if _, err := open(); err == nil || !strings.Contains(err.Error(), "newer recheckbot") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestOpenReadOnly(t *testing.T) {
	s := fresh(t)
	ro, err := OpenReadOnly(t.Context(), s.path)
	ok(t, err)
	defer ro.Close()
	ok(t, s.SetCursor(t.Context(), "x", "1"))
	if v, _, err := ro.Cursor(t.Context(), "x"); v != "1" || err != nil {
		t.Errorf("beside a writer: %q %v", v, err)
	}
	if err := ro.SetCursor(t.Context(), "x", "2"); !errors.Is(err, ErrReadOnly) {
		t.Errorf("write: %v", err)
	}
	ok(t, ro.Close())
	ok(t, s.Close())
	after, err := OpenReadOnly(t.Context(), s.path)
	ok(t, err)
	defer after.Close()
	if v, _, err := after.Cursor(t.Context(), "x"); v != "1" || err != nil {
		t.Errorf("after the writer: %q %v", v, err)
	}
}

func TestOpenReadOnlyRefuses(t *testing.T) {
	dir := t.TempDir()
	empty, text, other := filepath.Join(dir, "empty.db"), filepath.Join(dir, "text.db"), filepath.Join(dir, "other.db")
	ok(t, os.WriteFile(empty, nil, 0o644))
	ok(t, os.WriteFile(text, []byte(strings.Repeat("no database\n", 1000)), 0o644))
	db, err := sql.Open("sqlite", "file:"+other)
	ok(t, err)
	_, err = db.Exec(`CREATE TABLE x (y)`)
	ok(t, err)
	ok(t, db.Close())
	before, err := os.ReadFile(other)
	ok(t, err)
	for path, want := range map[string]string{
		filepath.Join(dir, "none.db"): "recheckbot run` creates it", empty: "never opened it", text: "not a database", other: "never opened it",
	} {
		if _, err := OpenReadOnly(t.Context(), path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", filepath.Base(path), err)
		}
	}
	after, err := os.ReadFile(other)
	ok(t, err)
	if string(before) != string(after) {
		t.Error("another program's database was changed")
	}
}

func TestLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bot.db")
	release, err := Lock(path)
	ok(t, err)
	if _, err := Lock(path); err == nil || !strings.Contains(err.Error(), "in use by another recheckbot (pid ") {
		t.Errorf("second lock: %v", err)
	}
	ok(t, release())
	release, err = Lock(path)
	ok(t, err)
	ok(t, release())
}

func TestCancelled(t *testing.T) {
	s := fresh(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.SetCursor(ctx, "x", "1"); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	ok(t, s.SetCursor(t.Context(), "x", "2"))
}
