package store

import (
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// TestNobodyElseReads: comments on private changes are in the database, in what
// SQLite keeps beside it and in a backup. One that others could read is mended;
// a group that somebody let in stays.
func TestNobodyElseReads(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no Unix file modes on Windows: who may read the database is not looked at")
	}
	mode := func(path string) fs.FileMode {
		t.Helper()
		info, err := os.Stat(path)
		ok(t, err)
		return info.Mode().Perm()
	}
	path := filepath.Join(t.TempDir(), "bot.db")
	s := reopen(t, path)
	ok(t, s.AppendRaw(t.Context(), []Raw{{Session: "s", Seq: 1, Received: noon}}))
	backup := filepath.Join(t.TempDir(), "copy.db")
	_, err := s.Backup(t.Context(), backup)
	ok(t, err)
	for _, file := range []string{path, path + "-wal", path + "-shm", backup} {
		if got := mode(file); got != 0o600 {
			t.Errorf("%s: %o", filepath.Base(file), got)
		}
	}
	ok(t, s.Close())
	for was, want := range map[fs.FileMode]fs.FileMode{0o644: 0o640, 0o666: 0o660, 0o600: 0o600} {
		ok(t, os.Chmod(path, was))
		s := reopen(t, path)
		if got := mode(path); got != want {
			t.Errorf("%o became %o, want %o", was, got, want)
		}
		ok(t, s.Close())
	}
	again := reopen(t, backup)
	if n := count(t, again, `SELECT count(*) FROM raw`); n != 1 {
		t.Errorf("the backup has %d lines", n)
	}
}
