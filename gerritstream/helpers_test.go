package gerritstream_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/recheckbot/recheckbot/gerritstream"
	"github.com/recheckbot/recheckbot/internal/fake/gerrit"
)

// patience is how long a test waits for what must happen; a good run waits for
// none of it.
const patience = 20 * time.Second

// world is a fake Gerrit with one change and the options of a client that fit.
type world struct {
	*gerrit.Server
	Change int64
	Opt    gerritstream.Options
	Log    *lockedBuffer
}

func newWorld(t *testing.T, o gerrit.Options) *world {
	t.Helper()
	s, err := gerrit.Start(o)
	must(t, err)
	t.Cleanup(func() { s.Close() })
	key := filepath.Join(t.TempDir(), "key")
	pub, err := gerrit.WriteKey(key)
	must(t, err)
	must(t, s.AddAccount("recheckbot", "Recheck Bot", "recheckbot@example.org", pub, true))
	must(t, s.AddAccount("zuul", "Zuul", "zuul@example.org", "", true))
	must(t, s.AddAccount("alice", "Alice", "alice@example.org", "", false))
	log := &lockedBuffer{}
	return &world{
		Server: s, Log: log,
		Change: s.NewChange(gerrit.ChangeSpec{Project: "openstack/nova", Owner: "alice", Subject: "A change"}),
		Opt: gerritstream.Options{
			Addr: s.Addr(), User: "recheckbot", KeyFile: key, HostKey: s.HostKeySHA256(),
			RetryMin: 10 * time.Millisecond, RetryMax: 100 * time.Millisecond,
			Logger: slog.New(slog.NewTextHandler(log, nil)),
		},
	}
}

func (w *world) client(t *testing.T) *gerritstream.Client {
	t.Helper()
	c, err := gerritstream.New(w.Opt)
	must(t, err)
	t.Cleanup(func() { c.Close() })
	return c
}

// stream runs Stream until the test ends, and waits until it is connected.
func (w *world) stream(t *testing.T) (*recorder, *gerritstream.Client) {
	t.Helper()
	c, r := w.client(t), &recorder{}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- c.Stream(ctx, r) }()
	t.Cleanup(func() {
		cancel()
		select {
		case err := <-done:
			if !errors.Is(err, context.Canceled) {
				t.Errorf("Stream returned %v", err)
			}
		case <-time.After(patience):
			t.Error("Stream did not return after its context had ended")
		}
	})
	eventually(t, "connected", func() bool { return w.Streams() == 1 && r.count(&r.connected) == 1 })
	return r, c
}

func (w *world) post(t *testing.T, author, message string) {
	t.Helper()
	_, err := w.Post(w.Change, author, gerrit.Comment{Message: message})
	must(t, err)
}

// recorder is a Sink that keeps everything.
type recorder struct {
	mu        sync.Mutex
	batches   [][]gerritstream.Line
	connected []string
	lost      []string
	lastByte  []time.Time
	fail      error // of the next Lines
}

func (r *recorder) Lines(_ context.Context, lines []gerritstream.Line) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.fail; err != nil {
		r.fail = nil
		return err
	}
	r.batches = append(r.batches, lines)
	return nil
}

func (r *recorder) Connected(_ context.Context, session string, _ time.Time) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.connected = append(r.connected, session)
	return nil
}

func (r *recorder) Lost(ctx context.Context, _ string, last, _ time.Time, cause string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lost = append(r.lost, cause)
	r.lastByte = append(r.lastByte, last)
	return ctx.Err()
}

func (r *recorder) count(list *[]string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(*list)
}

func (r *recorder) lines() []gerritstream.Line {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []gerritstream.Line
	for _, b := range r.batches {
		all = append(all, b...)
	}
	return all
}

// wait waits for n lines and returns them.
func (r *recorder) wait(t *testing.T, n int) []gerritstream.Line {
	t.Helper()
	eventually(t, "lines", func() bool { return len(r.lines()) >= n })
	return r.lines()
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	end := time.Now().Add(patience)
	for !ok() {
		if time.Now().After(end) {
			t.Fatalf("%s: did not happen within %v", what, patience)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	must(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}
func (l *lockedBuffer) String() string { l.mu.Lock(); defer l.mu.Unlock(); return l.b.String() }
