package queries

import (
	"context"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/fsnotify/fsnotify"
)

const (
	settle = 300 * time.Millisecond // a directory is read when it was quiet for so long
	most   = 5 * time.Second        // or when it would not be quiet for so long
	look   = 30 * time.Second       // and looked at so often, should no event come
)

// Watcher reads a directory of fingerprints again whenever it changes. Events
// of the file system make it quick; a look at names, sizes and times every 30
// seconds makes it sure, on file systems that send none and behind links that
// are swapped.
type Watcher struct {
	dir      string
	read     func() (Set, []Problem)
	log      *slog.Logger
	onChange func(Set, []Problem)
	reload   chan struct{}
	last     *loaded
}

// loaded is what was handed out last.
type loaded struct {
	sha      [sha256.Size]byte
	problems []Problem
}

// NewWatcher makes a Watcher of dir, which read reads. Run calls onChange from its own goroutine,
// one call at a time: first with what is there, then after each change of the
// set or of its problems. Which set stays in use is the caller's to decide:
// with HasErrors(problems) the last good one.
func NewWatcher(dir string, read func() (Set, []Problem), log *slog.Logger, onChange func(Set, []Problem)) *Watcher {
	return &Watcher{dir: dir, read: read, log: log, onChange: onChange, reload: make(chan struct{}, 1)}
}

// Reload makes Run read the directory now and call onChange even if nothing
// changed, as a person expects of SIGHUP. It never blocks.
func (w *Watcher) Reload() {
	select {
	case w.reload <- struct{}{}:
	default:
	}
}

// Run watches until ctx ends, and returns ctx's error.
func (w *Watcher) Run(ctx context.Context) error {
	events, watch, stop := w.notify()
	defer stop()
	watch()
	seen := w.look()
	w.load(false)
	ticker := time.NewTicker(look)
	defer ticker.Stop()
	quiet := time.NewTimer(settle)
	quiet.Stop()
	defer quiet.Stop()
	var first time.Time // of the events that are not yet answered
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-events:
			if first.IsZero() {
				first = time.Now()
			}
			if time.Since(first) < most {
				quiet.Reset(settle)
			}
		case <-w.reload:
			watch()
			seen = w.look()
			w.load(true)
		case <-quiet.C:
			first = time.Time{}
			watch()
			seen = w.look()
			w.load(false)
		case <-ticker.C:
			if now := w.look(); now != seen {
				seen = now
				quiet.Reset(settle)
			}
		}
	}
}

// load reads the directory and tells of it if something changed.
func (w *Watcher) load(always bool) {
	set, problems := w.read()
	if !always && w.last != nil && w.last.sha == set.SHA && slices.Equal(w.last.problems, problems) {
		return
	}
	w.last = &loaded{set.SHA, problems}
	w.onChange(set, problems)
}

// look sums up names, sizes and times of the files, through links.
func (w *Watcher) look() [sha256.Size]byte {
	h := sha256.New()
	entries, err := os.ReadDir(w.dir)
	if err != nil {
		fmt.Fprintln(h, err)
	}
	for _, e := range entries {
		info, err := os.Stat(filepath.Join(w.dir, e.Name()))
		if err != nil {
			fmt.Fprintln(h, e.Name(), err)
			continue
		}
		fmt.Fprintln(h, e.Name(), info.Size(), info.ModTime().UnixNano(), info.Mode())
	}
	return [sha256.Size]byte(h.Sum(nil))
}

// notify begins to listen to the file system. watch has to be called again
// after each change: a swapped link leads to another directory. Where no
// watching is possible events never come and the look every 30 seconds is all.
func (w *Watcher) notify() (events <-chan fsnotify.Event, watch func(), stop func()) {
	n, err := fsnotify.NewWatcher()
	if err != nil {
		w.log.Warn("queries: no file system events, looking every 30 seconds", "dir", w.dir, "err", err)
		return nil, func() {}, func() {}
	}
	out := make(chan fsnotify.Event)
	done := make(chan struct{})
	go w.pass(n, out, done)
	var lastErr string
	watch = func() {
		for _, dir := range n.WatchList() {
			_ = n.Remove(dir) // may have gone with its directory
		}
		for _, dir := range []string{w.dir, filepath.Dir(filepath.Clean(w.dir))} {
			if err := n.Add(dir); err != nil && err.Error() != lastErr {
				lastErr = err.Error()
				w.log.Warn("queries: cannot watch", "dir", dir, "err", err)
			}
		}
	}
	return out, watch, func() {
		close(done)
		_ = n.Close()
	}
}

// pass hands on the events that may concern the directory: those of files
// within, and in its parent those of its own name.
func (w *Watcher) pass(n *fsnotify.Watcher, out chan<- fsnotify.Event, done <-chan struct{}) {
	for {
		select {
		case <-done:
			return
		case err, ok := <-n.Errors:
			if !ok {
				return
			}
			w.log.Warn("queries: file system events", "dir", w.dir, "err", err)
		case ev, ok := <-n.Events:
			if !ok {
				return
			}
			dir := filepath.Clean(w.dir)
			if ev.Op == fsnotify.Chmod || filepath.Dir(ev.Name) != dir && filepath.Clean(ev.Name) != dir {
				continue
			}
			select {
			case out <- ev:
			case <-done:
				return
			}
		}
	}
}
