package bot

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/recheckbot/recheckbot/internal/ci"
	"github.com/recheckbot/recheckbot/internal/config"
	"github.com/recheckbot/recheckbot/internal/fake/loghost"
	"github.com/recheckbot/recheckbot/internal/logsearch"
	"github.com/recheckbot/recheckbot/internal/logsearch/scan"
	"github.com/recheckbot/recheckbot/internal/store"
	"github.com/recheckbot/recheckbot/queries"
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

// TestStepThatDoesNotEnd keeps the program for a while, not for ever, and is
// named.
func TestStepThatDoesNotEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		running, hang := &names{list: map[string]bool{}}, make(chan struct{})
		running.add("classify")
		running.add("compose")
		cancel()
		began := time.Now()
		err := wait(ctx, func() error { running.remove("compose"); <-hang; return nil }, running)
		if err == nil || err.Error() != "these steps do not end: classify" || time.Since(began) != stepsWithin {
			t.Errorf("after %s: %v", time.Since(began), err)
		}
		close(hang)
		synctest.Wait()
		if err := wait(ctx, func() error { return errors.New("x") }, running); err == nil || err.Error() != "x" {
			t.Errorf("one that ends with an error: %v", err)
		}
	})
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

// TestLogHostsKeepTheirCIsRules: one CI's reports do not reach what another's
// rules allow, such as private addresses.
func TestLogHostsKeepTheirCIsRules(t *testing.T) {
	h, err := loghost.Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	h.Put("1/job-output.txt", []byte("2024-01-02 03:04:05 | boom\n"), loghost.Options{})
	s := newSources(config.Config{CI: []config.CI{
		{Name: "public", LogHosts: []string{"127.0.0.1"}},
		{Name: "inside", LogHosts: []string{"127.0.0.1"}, AllowPrivate: true},
	}}, nil)
	defer s.close()
	set, problems := queries.Load(fstest.MapFS{"boom.yaml": {Data: []byte(`query: 'message:"boom" AND tags:"console"'`)}})
	if queries.HasErrors(problems) {
		t.Fatal(problems)
	}
	compiled, _, err := Scanner(t.Context(), set, scan.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]logsearch.Status{"public": logsearch.Incomplete, "inside": logsearch.Complete, "gone": logsearch.Incomplete} {
		b := logsearch.Build{CI: name, LogURL: h.URL() + "1/", Fields: ci.Fields{"voting": {"1"}}}
		a, err := search{compiled, s}.Search(t.Context(), b)
		if err != nil || a.Status != want || len(a.Matches) != map[logsearch.Status]int{logsearch.Complete: 1}[want] || a.RetryAfter != 0 {
			t.Errorf("%s: %+v, %v", name, a, err)
		}
	}
}
