package bot

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/recheckbot/recheckbot/internal/config"
	"github.com/recheckbot/recheckbot/internal/joblog"
	"github.com/recheckbot/recheckbot/internal/store"
)

// TestStopsRunLastInFirstOut: what was opened last is closed first, one that
// fails keeps no other from its stop.
func TestStopsRunLastInFirstOut(t *testing.T) {
	s := &stops{log: slog.New(slog.DiscardHandler)}
	var order []string
	for _, name := range []string{"lock", "store", "gerrit"} {
		s.add(name, func() error { order = append(order, name); return errors.New("bad " + name) })
	}
	err := s.run()
	if !slices.Equal(order, []string{"gerrit", "store", "lock"}) {
		t.Errorf("stopped in the order %v", order)
	}
	if err == nil || !strings.Contains(err.Error(), "stop store: bad store") {
		t.Errorf("error %v", err)
	}
	if s.run() != nil {
		t.Error("stopped twice")
	}
}

// TestSecondRunIsRefused: one process per database, and the refusal says so.
func TestSecondRunIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bot.db")
	release, err := store.Lock(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := lock(t.Context(), path, 10*time.Millisecond); err == nil || !strings.Contains(err.Error(), "in use by another recheckbot") {
		t.Errorf("second lock: %v", err)
	}
	if err := release(); err != nil {
		t.Fatal(err)
	}
	again, err := lock(t.Context(), path, time.Minute)
	if err != nil {
		t.Fatalf("after the first let go: %v", err)
	}
	if err := again(); err != nil {
		t.Fatal(err)
	}
}

// TestLogHostsKeepTheirCIsRules: one CI's private addresses are not allowed for
// the hosts of another.
func TestLogHostsKeepTheirCIsRules(t *testing.T) {
	cfg := config.Config{CI: []config.CI{
		{Name: "public", LogHosts: []string{"127.0.0.1"}},
		{Name: "inside", LogHosts: []string{"localhost"}, AllowPrivate: true},
	}}
	s := newSources(cfg, nil)
	for _, url := range []string{"http://127.0.0.1:1/logs/", "http://elsewhere.example.org/logs/"} {
		var refused *joblog.RefusedError
		if _, err := s.List(context.Background(), url); !errors.As(err, &refused) {
			t.Errorf("%s: %v, want a refusal", url, err)
		}
	}
	var refused *joblog.RefusedError
	if _, err := s.List(context.Background(), "http://localhost:1/logs/"); err == nil || errors.As(err, &refused) {
		t.Errorf("the inside CI's host: %v, want an outage: nobody listens there", err)
	}
}
