package bot

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/recheckbot/recheckbot/handlers"
	"github.com/recheckbot/recheckbot/internal/config"
	"github.com/recheckbot/recheckbot/internal/fake/gerrit"
	"github.com/recheckbot/recheckbot/internal/store"
)

// past is a Gerrit in which something was said each hour of the last days, and
// a configuration that reaches it.
func past(t *testing.T, hours int) config.Config {
	t.Helper()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	now := time.Now().Add(-time.Duration(hours+3) * time.Hour)
	s, err := gerrit.Start(gerrit.Options{Now: func() time.Time { return now }})
	check(err)
	t.Cleanup(func() { s.Close() })
	dir := t.TempDir()
	pub, err := gerrit.WriteKey(filepath.Join(dir, "id"))
	check(err)
	check(s.AddAccount("recheckbot", "Recheck Bot", "bot@example.org", pub, true))
	check(s.AddAccount("zuul", "Zuul", "zuul@example.org", "", true))
	check(s.AddAccount("alice", "Alice", "alice@example.org", "", false))
	for h := range hours {
		n := s.NewChange(gerrit.ChangeSpec{Project: []string{"openstack/nova", "openstack/neutron"}[h%2], Owner: "alice"})
		report := fmt.Sprintf("Build failed (check pipeline).\n\n- job https://logs.example.org/%d/ : FAILURE in 5m 00s\n", h)
		_, err := s.Post(n, "zuul", gerrit.Comment{Message: report})
		check(err)
		_, err = s.Post(n, "alice", gerrit.Comment{PatchsetLevel: []string{"recheck bug 42"}})
		check(err)
		now = now.Add(time.Hour)
	}
	now = time.Now()
	text := fmt.Sprintf("[gerrit]\naddr = %q\nuser = \"recheckbot\"\nkey_file = \"id\"\nhost_key = %q\n[[ci]]\nname = \"zuul\"\nlog_hosts = [\"*\"]\n",
		s.Addr(), s.HostKeySHA256())
	check(os.WriteFile(filepath.Join(dir, "config.toml"), []byte(text), 0o600))
	cfg, err := config.Load(filepath.Join(dir, "config.toml"))
	check(err)
	return cfg
}

func sizes(t *testing.T, cfg config.Config) (n store.Sizes, begun bool) {
	t.Helper()
	s, err := store.OpenReadOnly(t.Context(), cfg.Store.Path)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	n, err = s.Sizes(t.Context())
	value, _, cerr := s.Cursor(t.Context(), store.CursorBegin)
	if err := errors.Join(err, cerr); err != nil {
		t.Fatal(err)
	}
	return n, value != ""
}

// TestBackfillOverTheWire: of a project, then of all, beside a bot that holds
// the database; it is no first start.
func TestBackfillOverTheWire(t *testing.T) {
	cfg := past(t, 12)
	since := time.Now().Add(-48 * time.Hour)
	p, err := Backfill(t.Context(), cfg, BackfillOptions{Since: since, Projects: []string{"openstack/nova"}})
	if err != nil || p.Changes != 6 || p.GivenUp != 0 {
		t.Fatalf("%+v %v", p, err)
	}
	if n, begun := sizes(t, cfg); n.Reports != 6 || n.Rechecks != 6 || begun {
		t.Errorf("one project: %+v, begun %t", n, begun)
	}
	release, err := store.Lock(cfg.Store.Path)
	if err != nil {
		t.Fatal(err)
	}
	told := 0
	p, err = Backfill(t.Context(), cfg, BackfillOptions{Since: since, Told: func(handlers.BackfillProgress) { told++ }})
	if err := errors.Join(err, release()); err != nil || p.Changes != 12 || p.Share() != 1 || told == 0 {
		t.Fatalf("%+v %v, told %d times", p, err, told)
	}
	if n, _ := sizes(t, cfg); n.Comments != 36 || n.Reports != 12 || n.Builds != 12 || n.Rechecks != 12 {
		t.Errorf("all: %+v", n)
	}
}

// TestBackfillThatCannotBegin says why.
func TestBackfillThatCannotBegin(t *testing.T) {
	cfg := past(t, 1)
	for _, name := range []string{"", "a b", `a"`, "a} OR {b", "a'"} {
		if _, err := Backfill(t.Context(), cfg, BackfillOptions{Projects: []string{name}}); err == nil || !strings.Contains(err.Error(), "no project's name") {
			t.Errorf("%q: %v", name, err)
		}
	}
	release, err := store.Lock(cfg.Store.Path)
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	if _, err := Backfill(t.Context(), cfg, BackfillOptions{Since: time.Now()}); err == nil || !strings.Contains(err.Error(), "there is no database") {
		t.Errorf("beside a bot that has none yet: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	cfg.Store.Path += ".other"
	if _, err := Backfill(ctx, cfg, BackfillOptions{Since: time.Now().Add(-time.Hour)}); !errors.Is(err, context.Canceled) {
		t.Errorf("stopped at once: %v", err)
	}
}
