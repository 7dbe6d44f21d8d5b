package bot

import (
	"context"
	"strings"
	"testing"
	"time"

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
	b, _, _ := site(t)
	url := running(t, b)
	for _, name := range []string{
		"announce", "breaker", "catchup", "classify", "clock", "compose", "deafness", "deliver to gerrit", "ingest", "keep", "lookup", "titles",
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
