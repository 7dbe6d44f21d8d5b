package cli

import (
	"strings"
	"testing"
)

// TestResume: a person lets the bot speak again, beside it.
func TestResume(t *testing.T) {
	config, s := site(t)
	if code, out := typed(t, "-c", config, "resume"); code == 0 || !strings.Contains(out, "the bot was not stopped") {
		t.Errorf("%d: %s", code, out)
	}
	if _, err := s.Trip(t.Context(), "too many"); err != nil {
		t.Fatal(err)
	}
	if code, out := typed(t, "-c", config, "status"); code != 0 || !strings.Contains(out, "SAYING NOTHING since") {
		t.Errorf("%d: %s", code, out)
	}
	if code, out := typed(t, "-c", config, "resume", "--drop", "--why", "a bad fingerprint, mended"); code != 0 || out != "It speaks again; dropped: 0.\n" {
		t.Errorf("%d: %s", code, out)
	}
	if b, err := s.Breaker(t.Context()); b.Open || err != nil {
		t.Errorf("%+v %v", b, err)
	}
}
