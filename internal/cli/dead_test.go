package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/recheckbot/recheckbot/internal/store"
)

// site is a config file with a database beside it.
func site(t *testing.T) (config string, s *store.Store) {
	t.Helper()
	dir := t.TempDir()
	config = filepath.Join(dir, "config.toml")
	text := `store.path = "bot.db"
[gerrit]
addr = "review.example.org"
user = "recheckbot"
key_file = "id"
host_key = "SHA256:0123456789012345678901234567890123456789012"
[[ci]]
name = "zuul"
log_hosts = ["logs.example.org"]
`
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(t.Context(), filepath.Join(dir, "bot.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return config, s
}

// typed runs the program as a person would.
func typed(t *testing.T, args ...string) (code int, out string) {
	t.Helper()
	var b bytes.Buffer
	code = Run(args, strings.NewReader(""), &b, &b)
	return code, b.String()
}

// TestDead: what was given up is listed with its error, and retried or dropped
// beside a running bot.
func TestDead(t *testing.T) {
	config, s := site(t)
	if code, out := typed(t, "-c", config, "dead", "list"); code != 0 || out != "Nothing was given up.\n" {
		t.Errorf("%d: %s", code, out)
	}
	for _, item := range []int64{1, 2} {
		if err := s.Bury(t.Context(), store.StepCompose, item, "it is \x1b[31mbad\nat line 2", 5); err != nil {
			t.Fatal(err)
		}
	}
	if code, out := typed(t, "-c", config, "dead", "list"); code != 0 || !strings.Contains(out, "it is [31mbad at line 2") || strings.Contains(out, "\x1b[31m") {
		t.Errorf("%d: %q", code, out)
	}
	if code, out := typed(t, "-c", config, "dead", "list", "--json"); code != 0 || !strings.Contains(out, `"total": 2`) {
		t.Errorf("%d: %s", code, out)
	}
	if code, out := typed(t, "-c", config, "dead", "retry", "compose", "1", "--why", "mended"); code != 0 {
		t.Errorf("%d: %s", code, out)
	}
	if code, out := typed(t, "-c", config, "dead", "drop", "compose", "2"); code != 0 {
		t.Errorf("%d: %s", code, out)
	}
	if code, out := typed(t, "-c", config, "dead", "retry", "compose", "2"); code == 0 || !strings.Contains(out, "there is no item 2 of step compose") {
		t.Errorf("%d: %s", code, out)
	}
	if _, total, err := s.DeadLetters(t.Context(), 9); total != 0 || err != nil {
		t.Errorf("%d left, %v", total, err)
	}
}

// TestDeadWithoutDatabase makes none by the way.
func TestDeadWithoutDatabase(t *testing.T) {
	config, s := site(t)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(filepath.Dir(config), "bot.db")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if code, out := typed(t, "-c", config, "dead", "drop", "compose", "2"); code == 0 || !strings.Contains(out, "there is no database") {
		t.Errorf("%d: %s", code, out)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("a database was made")
	}
}
