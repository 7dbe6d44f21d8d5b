package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// lines are n lines of a session, of about so many bytes each.
func lines(session string, n, size int) (out []Raw) {
	for i := range n {
		out = append(out, Raw{Session: session, Seq: int64(1 + i), Source: ViaStream, Received: noon, Body: make([]byte, size)})
	}
	return out
}

// fault is what the store says is wrong with the database.
func fault(t *testing.T, err error) string {
	t.Helper()
	f, ok := errors.AsType[*FaultError](err)
	if !ok || !Unwell(err) {
		t.Fatalf("no fault of the database: %v", err)
	}
	return f.Fault
}

// whole fails the test when the database is damaged or holds a part of a batch.
func whole(t *testing.T, s *Store, batch int) {
	t.Helper()
	if w := word(t, s, `PRAGMA integrity_check`); w != "ok" {
		t.Errorf("integrity: %s", w)
	}
	if n := count(t, s, `SELECT count(*) FROM (SELECT 1 FROM raw GROUP BY session HAVING count(*) <> ?)`, batch); n != 0 {
		t.Errorf("%d batches are half there", n)
	}
}

// fill appends batches until one fails.
func fill(t *testing.T, s *Store, batch, size int) error {
	t.Helper()
	for i := range 10_000 {
		if err := s.AppendRaw(t.Context(), lines(fmt.Sprint("s", time.Now().UnixNano(), i), batch, size)); err != nil {
			return err
		}
	}
	t.Fatal("it is never full")
	return nil
}

// TestFullDatabase: a quota is reached in the middle of a batch: a clear error,
// nothing half-written, and all goes on when there is room.
func TestFullDatabase(t *testing.T) {
	s := fresh(t)
	_, err := s.write.ExecContext(t.Context(), `PRAGMA max_page_count = 400`)
	ok(t, err)
	if f := fault(t, fill(t, s, 20, 5000)); !strings.Contains(f, "full") {
		t.Errorf("fault: %s", f)
	}
	whole(t, s, 20)
	_, err = s.write.ExecContext(t.Context(), `PRAGMA max_page_count = 100000`)
	ok(t, err)
	ok(t, s.AppendRaw(t.Context(), lines("after", 20, 5000)))
	whole(t, s, 20)
}

// TestFullAndReadOnlyDisk is the same with a real disk, and one that is
// read-only at the start.
func TestFullAndReadOnlyDisk(t *testing.T) {
	dir := t.TempDir()
	if err := mount(dir, "size=8m", false); err != nil {
		t.Skipf("a small tmpfs cannot be mounted here (%v): the quota of TestFullDatabase stands for it", err)
	}
	t.Cleanup(func() {
		if err := unmount(dir); err != nil {
			t.Error(err)
		}
	})
	filler := filepath.Join(dir, "filler")
	ok(t, os.WriteFile(filler, make([]byte, 4<<20), 0o600))
	s, err := Open(t.Context(), filepath.Join(dir, "bot.db"), Options{Now: clock})
	ok(t, err)
	t.Cleanup(func() { _ = s.Close() }) // before the disk goes
	if f := fault(t, fill(t, s, 20, 5000)); !strings.Contains(f, "full") && !strings.Contains(f, "disk") {
		t.Errorf("full: %s", f)
	}
	whole(t, s, 20)
	ok(t, os.Remove(filler))
	ok(t, s.AppendRaw(t.Context(), lines("after", 20, 100)))
	whole(t, s, 20)
	ok(t, s.Close())
	ok(t, mount(dir, "", true))
	_, err = Open(t.Context(), s.path, Options{})
	if f := fault(t, err); !strings.Contains(f, "written") && !strings.Contains(f, "opened") {
		t.Errorf("read-only: %s", f)
	}
	ok(t, mount(dir, "", false))
	s = reopen(t, s.path)
	ok(t, s.AppendRaw(t.Context(), lines("again", 20, 100)))
	whole(t, s, 20)
	ok(t, s.Close())
}

// TestReadOnlyDatabase: it cannot be written to for a while.
func TestReadOnlyDatabase(t *testing.T) {
	s := fresh(t)
	_, err := s.write.ExecContext(t.Context(), `PRAGMA query_only = 1`)
	ok(t, err)
	if f := fault(t, s.AppendRaw(t.Context(), lines("a", 2, 10))); !strings.Contains(f, "cannot be written to") {
		t.Errorf("fault: %s", f)
	}
	_, err = s.write.ExecContext(t.Context(), `PRAGMA query_only = 0`)
	ok(t, err)
	ok(t, s.AppendRaw(t.Context(), lines("a", 2, 10)))
	whole(t, s, 2)
}

// TestLockedDatabase: another process writes for longer than anyone waits.
func TestLockedDatabase(t *testing.T) {
	t.Parallel()
	s := fresh(t)
	other, err := sql.Open("sqlite", dsn(s.path, nil))
	ok(t, err)
	defer other.Close()
	conn, err := other.Conn(t.Context())
	ok(t, err)
	_, err = conn.ExecContext(t.Context(), `BEGIN IMMEDIATE`)
	ok(t, err)
	if f := fault(t, s.AppendRaw(t.Context(), lines("a", 2, 10))); !strings.Contains(f, "locked by another process") {
		t.Errorf("fault: %s", f)
	}
	if _, err := s.Status(t.Context()); err != nil {
		t.Errorf("nobody can read meanwhile: %v", err)
	}
	_, err = conn.ExecContext(t.Context(), `ROLLBACK`)
	ok(t, errors.Join(err, conn.Close()))
	ok(t, s.AppendRaw(t.Context(), lines("a", 2, 10)))
	whole(t, s, 2)
}

// TestDamagedDatabase says so, and what to do, and names the file.
func TestDamagedDatabase(t *testing.T) {
	dir := t.TempDir()
	none := filepath.Join(dir, "none.db")
	ok(t, os.WriteFile(none, []byte(strings.Repeat("this is no database ", 1000)), 0o600))
	if _, err := Open(t.Context(), none, Options{}); err == nil || !strings.Contains(err.Error(), none) || !strings.Contains(err.Error(), "damaged: stop the bot") {
		t.Errorf("open: %v", err)
	}
	s := fresh(t)
	ok(t, s.AppendRaw(t.Context(), lines("a", 200, 4000)))
	ok(t, s.Close())
	f, err := os.OpenFile(s.path, os.O_RDWR, 0)
	ok(t, err)
	info, err := f.Stat()
	ok(t, err)
	_, err = f.WriteAt(make([]byte, info.Size()/2), info.Size()/4) // the middle is gone
	ok(t, errors.Join(err, f.Close()))
	hurt, err := Open(t.Context(), s.path, Options{})
	if err == nil {
		defer hurt.Close()
		_, err = hurt.PendingRaw(t.Context(), 1000)
	}
	if f := fault(t, err); !strings.Contains(f, "restore a backup") {
		t.Errorf("fault: %s", f)
	}
}

// TestBackup: taken while others write, it is a whole database of one instant,
// which a restore goes on with; it overwrites nothing and leaves nothing half.
func TestBackup(t *testing.T) {
	s := fresh(t)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		var err error
		for i := 0; err == nil && ctx.Err() == nil; i++ {
			err = s.AppendRaw(context.Background(), lines(fmt.Sprint("s", i), 20, 500))
		}
		done <- err
	}()
	file := filepath.Join(t.TempDir(), "backup.db")
	ok(t, os.WriteFile(file+".part", []byte("of one that was killed"), 0o600))
	beside, err := OpenReadOnly(t.Context(), s.path)
	ok(t, err)
	size, err := beside.Backup(t.Context(), file)
	ok(t, errors.Join(err, beside.Close()))
	cancel()
	ok(t, <-done)
	restored := reopen(t, file)
	whole(t, restored, 20)
	if size < 1000 {
		t.Errorf("%d bytes", size)
	}
	ok(t, restored.AppendRaw(t.Context(), lines("after the restore", 20, 500)))
	if _, err := s.Backup(t.Context(), file); err == nil || !strings.Contains(err.Error(), "something already") {
		t.Errorf("over another: %v", err)
	}
	lost := filepath.Join(t.TempDir(), "no", "such", "folder")
	if _, err := s.Backup(t.Context(), lost); err == nil || !strings.Contains(err.Error(), lost) {
		t.Errorf("nowhere: %v", err)
	}
}

// TestTheLogShrinksAgain: a reader of long, as a backup is, lets the write-ahead
// log grow; when it is gone the disk has its room back.
func TestTheLogShrinksAgain(t *testing.T) {
	s := fresh(t)
	size := func() int64 {
		info, err := os.Stat(s.path + "-wal")
		ok(t, err)
		return info.Size()
	}
	err := s.view(t.Context(), "test", "", func(tx *txn) error {
		if _, _, err := cursor(t.Context(), tx, "x"); err != nil { // its snapshot
			return err
		}
		for i := range 5 {
			ok(t, s.AppendRaw(t.Context(), lines(fmt.Sprint(i), 10, 1<<20)))
		}
		return nil
	})
	ok(t, err)
	if size() <= maxLog {
		t.Fatalf("the log has %d bytes: nothing is tried here", size())
	}
	for i := range 4 { // one folds it in, the next begins it anew
		ok(t, s.AppendRaw(t.Context(), lines(fmt.Sprint("later", i), 1, 1)))
	}
	if size() > maxLog {
		t.Errorf("the log keeps %d bytes", size())
	}
}
