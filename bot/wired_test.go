package bot

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/recheckbot/recheckbot/internal/config"
	"github.com/recheckbot/recheckbot/internal/fake/gerrit"
	"github.com/recheckbot/recheckbot/internal/store"
)

// running runs the bot until the test ends and returns the address of its pages.
func running(t *testing.T, b *Bot) (url string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- b.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		ok(t, <-ended)
	})
	return "http://" + b.WebAddr()
}

// TestEveryStepRuns: a step that nobody starts is missed by no test of its own.
func TestEveryStepRuns(t *testing.T) {
	dir := t.TempDir()
	ok(t, os.WriteFile(filepath.Join(dir, "1.yaml"), []byte("query: 'message:\"boom\" AND tags:\"console\"'\n"), 0o600))
	b, _, _ := site(t, func(cfg *config.Config) { cfg.Engine.Fingerprints = dir })
	url := running(t, b)
	for _, name := range []string{
		"announce", "breaker", "catchup", "classify", "clock", "compose", "deafness", "deliver to gerrit", "fingerprints", "gerrit stream", "ingest", "keep", "lookup", "titles",
	} {
		eventually(t, name+" runs", func() bool {
			_, body := page(t, url+"/healthz")
			return strings.Contains(body, `"name":"`+name+`"`)
		})
	}
}

// TestBreakerHoldsReviews: while it is open nothing is posted, and what waited is
// when a person has resumed, from another process too.
func TestBreakerHoldsReviews(t *testing.T) {
	b, g, _ := site(t)
	_, err := b.store.Trip(t.Context(), "a test")
	ok(t, err)
	ok(t, b.store.Say(t.Context(), []store.Outgoing{{
		Medium: store.MediumGerrit, Target: "1,1", Cause: "test:1", Body: "known\n\n(rb-0123456789ab)", Ref: "rb-0123456789ab",
		Own: time.Now(), NotAfter: time.Now().Add(time.Hour),
	}}))
	state := func() string {
		t.Helper()
		out, err := b.store.Outbox(t.Context(), "test:1")
		ok(t, err)
		return out[0].State
	}
	url := running(t, b)
	eventually(t, "delivering", func() bool {
		_, body := page(t, url+"/healthz")
		return strings.Contains(body, `"deliver to gerrit"`)
	})
	if got := state(); got != store.OutReady || len(g.Comments(1)) != 0 {
		t.Errorf("while the breaker is open the review is %s", got)
	}
	_, err = b.store.Resume(t.Context(), store.By{Who: "op", Via: "cli"}, false)
	ok(t, err)
	eventually(t, "posted", func() bool { return len(g.Comments(1)) == 1 })
}

// TestProgramsAreNoPeople: an account that the configuration does not know and
// Gerrit tags as a service user announces no bug; a person does.
func TestProgramsAreNoPeople(t *testing.T) {
	b, g, _ := site(t, func(cfg *config.Config) {
		cfg.Channels = []config.Channel{{Name: "#bugs", Kinds: []string{"untracked-bug"}}}
	})
	ok(t, b.Close())
	b.cfg.Gerrit.HTTPURL = g.URL()
	b, err := New(t.Context(), b.cfg, Options{Version: "test"})
	ok(t, err)
	ok(t, g.AddAccount("otherci", "Other CI", "ci@example.org", "", true))
	ok(t, g.AddAccount("alice", "Alice", "alice@example.org", "", false))
	running(t, b)
	eventually(t, "listening", func() bool { return g.Streams() == 1 })
	for author, text := range map[string]string{"otherci": "recheck bug 41", "alice": "recheck bug 42"} {
		_, err := g.Post(1, author, gerrit.Comment{Message: text})
		ok(t, err)
	}
	eventually(t, "decided", func() bool {
		bugs, total, err := b.store.Queue(t.Context(), "", 10)
		ok(t, err)
		out, _, err := b.store.OutboxIn(t.Context(), "", 10)
		ok(t, err)
		return total == 1 && bugs[0].Bug.Ref == "42" && len(out) == 1 && strings.Contains(out[0].Body, "bug 42")
	})
}
