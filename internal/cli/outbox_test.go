package cli

import (
	"strings"
	"testing"

	"github.com/recheckbot/recheckbot/internal/store"
)

// TestOutbox lists what may or may not have been said, without what a terminal
// would obey.
func TestOutbox(t *testing.T) {
	config, s := site(t)
	if code, out := typed(t, "-c", config, "outbox"); code != 0 || out != "Nothing.\n" {
		t.Errorf("%d: %s", code, out)
	}
	for _, body := range []string{"one", "two \x1b[2J", "three"} {
		if err := s.Say(t.Context(), []store.Outgoing{{Medium: store.MediumIRC, Target: "#gate", Cause: "report:" + body[:3], Body: body}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Sending(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	if err := s.Unconfirmed(t.Context(), 2, "the connection was cut"); err != nil {
		t.Fatal(err)
	}
	if code, out := typed(t, "-c", config, "outbox", "--state", "unconfirmd"); code != 2 || !strings.Contains(out, `"unconfirmd" is no state`) {
		t.Errorf("%d %q: a state that is none must not look as if nothing were in it", code, out)
	}
	code, out := typed(t, "-c", config, "outbox", "--state", "unconfirmed")
	if code != 0 || !strings.Contains(out, "two") || !strings.Contains(out, "the connection was cut") || strings.Contains(out, "one") || strings.Contains(out, "\x1b[2J") {
		t.Errorf("%d: %q", code, out)
	}
	if code, out := typed(t, "-c", config, "outbox", "--json", "-n", "1"); code != 0 || !strings.Contains(out, `"total": 3`) || strings.Count(out, `"cause"`) != 1 {
		t.Errorf("%d: %s", code, out)
	}
	if code, out := typed(t, "-c", config, "outbox", "-n", "1"); code != 0 || !strings.Contains(out, "+2 more") {
		t.Errorf("%d: %s", code, out)
	}
}
