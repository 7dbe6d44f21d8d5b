package queries

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"
)

type change struct {
	names    []string
	problems []Problem
}

// watched runs a Watcher and returns what it tells.
func watched(t *testing.T, dir string) (*Watcher, <-chan change) {
	t.Helper()
	changes := make(chan change, 20)
	w := NewWatcher(dir, func() (Set, []Problem) { return LoadDir(dir) }, slog.New(slog.DiscardHandler), func(set Set, problems []Problem) {
		c := change{problems: problems}
		for _, f := range set.Items {
			c.names = append(c.names, f.Name)
		}
		changes <- c
	})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- w.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("Run ended with %v", err)
		}
	})
	return w, changes
}

func write(t *testing.T, dir, name, body string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(body), 0o600); err != nil {
		t.Fatal(err)
	}
}

// wait reads changes until one has n fingerprints.
func wait(t *testing.T, changes <-chan change, n int) change {
	t.Helper()
	late := time.After(15 * time.Second)
	for {
		select {
		case c := <-changes:
			if len(c.names) == n {
				return c
			}
		case <-late:
			t.Fatalf("no change to %d fingerprints", n)
		}
	}
}

func TestWatchTellsOfChanges(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "a.yaml", "query: message:a")
	_, changes := watched(t, dir)
	wait(t, changes, 1)
	write(t, dir, "b.yaml", "query: message:b")
	wait(t, changes, 2)
	write(t, dir, "b.yaml", "query: (")
	if c := wait(t, changes, 1); !HasErrors(c.problems) {
		t.Errorf("problems %v", c.problems)
	}
	write(t, dir, "b.yaml", "query: message:c")
	wait(t, changes, 2)
	if err := os.Remove(filepath.Join(dir, "a.yaml")); err != nil {
		t.Fatal(err)
	}
	wait(t, changes, 1)
}

func TestWatchFollowsSwappedLink(t *testing.T) {
	top := t.TempDir()
	for dir, names := range map[string][]string{"v1": {"a.yaml"}, "v2": {"a.yaml", "b.yaml"}} {
		if err := os.Mkdir(filepath.Join(top, dir), 0o700); err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			write(t, filepath.Join(top, dir), name, "query: message:a")
		}
	}
	link := filepath.Join(top, "queries")
	if err := os.Symlink("v1", link); err != nil {
		t.Fatal(err)
	}
	_, changes := watched(t, link)
	wait(t, changes, 1)
	if err := os.Symlink("v2", link+".new"); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(link+".new", link); err != nil {
		t.Fatal(err)
	}
	wait(t, changes, 2)
	write(t, filepath.Join(top, "v2"), "c.yaml", "query: message:c")
	wait(t, changes, 3)
}

func TestWatchSeesDirectoryComeBack(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "queries")
	_, changes := watched(t, dir)
	if c := wait(t, changes, 0); !HasErrors(c.problems) {
		t.Errorf("a directory that is not there: %v", c.problems)
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, dir, "a.yaml", "query: message:a")
	wait(t, changes, 1)
}

func TestReloadTellsAlways(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "a.yaml", "query: message:a")
	w, changes := watched(t, dir)
	wait(t, changes, 1)
	w.Reload()
	wait(t, changes, 1)
}
