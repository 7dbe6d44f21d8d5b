//go:build real

package gerrit_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/recheckbot/recheckbot/gerritstream"
	"github.com/recheckbot/recheckbot/handlers"
	"github.com/recheckbot/recheckbot/internal/cicomment"
	"github.com/recheckbot/recheckbot/internal/store"
	"github.com/recheckbot/recheckbot/test/real/gerrit"
)

// hearing are the steps that hear: stream, sink, ingest and catch-up.
type hearing struct {
	t     *testing.T
	store *store.Store
	stop  func()
}

func hear(t *testing.T, s *gerrit.Server, path string) *hearing {
	t.Helper()
	db, err := store.Open(t.Context(), path, store.Options{})
	must(t, err)
	c, err := gerritstream.New(options(t, s))
	must(t, err)
	log := slog.New(slog.NewTextHandler(t.Output(), nil))
	ingest, catchup := handlers.NewWake(), handlers.NewWake()
	offset := &handlers.Offset{}
	sink := handlers.NewSink(handlers.SinkOptions{Store: db, Logger: log, Ingest: ingest, Catchup: catchup})
	steps := []func(context.Context) error{
		func(ctx context.Context) error { return c.Stream(ctx, sink) },
		handlers.NewIngest(handlers.IngestOptions{Store: db, Rules: cicomment.Defaults(), Offset: offset, Sink: sink, Logger: log, Wake: ingest, Catchup: catchup}).Run,
		handlers.NewCatchup(handlers.CatchupOptions{
			Gerrit: c, Store: db, Rules: cicomment.Defaults(), Offset: offset, Again: 5 * time.Second, Logger: log, Wake: catchup,
		}).Run,
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, len(steps))
	for _, run := range steps {
		go func() { ended <- run(ctx) }()
	}
	h := &hearing{t: t, store: db}
	h.stop = func() {
		cancel()
		for range steps {
			<-ended
		}
		c.Close()
		must(t, db.Close())
	}
	eventually(t, "connected", func() bool { return c.State().Connected })
	return h
}

// rechecks are how many rechecks of the bug are known.
func (h *hearing) rechecks() int {
	items, _, err := h.store.Queue(h.t.Context(), "", 10)
	must(h.t, err)
	if len(items) == 0 {
		return 0
	}
	return items[0].Total
}

// TestMissedOnAKilledServer: what was posted while nobody listened, just before
// the server was killed, is found, each once, though its index, which is written
// every five minutes, has forgotten that the change was updated.
func TestMissedOnAKilledServer(t *testing.T) {
	s, err := gerrit.New(filepath.Join(t.TempDir(), "gerrit"))
	must(t, err)
	t.Cleanup(func() { _ = s.Kill() })
	lazyIndex(t, s)
	must(t, s.Start())
	n := newChange(t, s, "openstack/nova")
	must(t, s.Stop()) // its index is written
	must(t, s.Start())
	path := filepath.Join(t.TempDir(), "bot.db")
	h := hear(t, s, path)
	time.Sleep(time.Second)
	const heard, missed = 5, 5
	say := func(times int) {
		for range times {
			post(t, s, "alice", n, `{"message":"recheck bug 42"}`)
		}
	}
	say(heard)
	eventually(t, "heard", func() bool { return h.rechecks() == heard })
	h.stop()
	say(missed)
	must(t, s.Kill())
	must(t, s.Start())
	indexed := query1(t, s, fmt.Sprintf("after:{%s} change:%d", time.Now().Add(-2*time.Minute).UTC().Format("2006-01-02 15:04:05 -0700"), n))
	t.Logf("a query by time shows the change after the kill: %t", indexed)
	h = hear(t, s, path)
	defer func() { h.stop() }()
	eventually(t, "all found", func() bool { return h.rechecks() >= heard+missed })
	eventually(t, "gaps closed", func() bool {
		gaps, err := h.store.Gaps(t.Context())
		return err == nil && len(gaps) == 0
	})
	say(2)
	eventually(t, "heard again", func() bool { return h.rechecks() >= heard+missed+2 })
	time.Sleep(8 * time.Second) // one more look
	if got := h.rechecks(); got != heard+missed+2 {
		t.Errorf("%d rechecks are known of %d", got, heard+missed+2)
	}
	b, err := s.REST("alice", "GET", fmt.Sprintf("/changes/openstack%%2Fnova~%d/messages", n), "")
	must(t, err)
	var all []any
	must(t, json.Unmarshal(b, &all))
	closed, err := h.store.ClosedGaps(t.Context(), 5)
	must(t, err)
	for _, g := range closed {
		t.Logf("%s: closed by %s", g.Cause, g.ClosedBy)
	}
	if len(all) != heard+missed+2+1 || len(closed) == 0 {
		t.Errorf("Gerrit has %d messages; %d gaps were closed", len(all), len(closed))
	}
}

// lazyIndex lets Gerrit write its index as it does by default.
func lazyIndex(t *testing.T, s *gerrit.Server) {
	t.Helper()
	path := filepath.Join(s.Dir, "site", "etc", "gerrit.config")
	b, err := os.ReadFile(path)
	must(t, err)
	lazy := regexp.MustCompile(`(?m)^\s*commitWithin.*\n`).ReplaceAll(b, nil)
	if len(lazy) == len(b) {
		t.Fatalf("no commitWithin in %s", path)
	}
	must(t, os.WriteFile(path, lazy, 0o644))
}

// query1 reports whether a query finds a change.
func query1(t *testing.T, s *gerrit.Server, text string) bool {
	t.Helper()
	p, err := open(t, options(t, s)).Query(t.Context(), gerritstream.Query{Text: text})
	must(t, err)
	return len(p.Changes) > 0
}
