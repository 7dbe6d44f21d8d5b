package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/recheckbot/recheckbot/handlers"
	"github.com/recheckbot/recheckbot/internal/ci"
	"github.com/recheckbot/recheckbot/internal/cicomment"
	"github.com/recheckbot/recheckbot/internal/fake/loghost"
	"github.com/recheckbot/recheckbot/internal/store"
)

// TestRescan: beside a database that is open, what a new file of fingerprints
// matches in logs that are still there is printed as a table or as JSON.
func TestRescan(t *testing.T) {
	config, s := site(t)
	h, err := loghost.Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	h.List("1/", loghost.Manifest)
	h.Put("1/job-output.txt", []byte("2026-03-01 12:00:00 | x\n2026-03-01 12:00:01 | a novel bug \x1b[31mx\n"), loghost.Options{})
	dir := filepath.Join(filepath.Dir(config), "queries")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	old, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(string(old), `log_hosts = ["logs.example.org"]`, "log_hosts = [\"127.0.0.1\"]\nallow_private = true\n[engine]\nfingerprints = \"queries\"", 1)
	for file, body := range map[string]string{config: text, filepath.Join(dir, "1234567.yaml"): `query: 'message:"novel" AND tags:"console"'`} {
		if err := os.WriteFile(file, []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	reported(t, s, h.URL()+"1/", time.Now().Add(-time.Hour))
	code, out := typed(t, "-c", config, "rescan", "--since", "30m")
	if code != 0 || !strings.Contains(out, "0 builds since") {
		t.Errorf("%d: %s", code, out)
	}
	code, out = typed(t, "-c", config, "rescan", "--json")
	var got handlers.Rescanned
	if err := json.Unmarshal([]byte(out), &got); code != 0 || err != nil || got.Recognized != 1 || len(got.Builds) != 1 || got.Builds[0].Hits[0].Line != 2 {
		t.Errorf("%d: %v %s", code, err, out)
	}
	if err := os.WriteFile(filepath.Join(dir, "7654321.yaml"), []byte(`query: 'message:"bug" AND tags:"console"'`), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out = typed(t, "-c", config, "rescan", "--since", "3d")
	if code != 0 || !strings.Contains(out, "7654321") || strings.Contains(out, "1234567") || strings.Contains(out, "\x1b[31m") ||
		!strings.Contains(out, "1 builds since") || !strings.Contains(out, "1 recognized by new fingerprints") {
		t.Errorf("%d: %q", code, out)
	}
	for _, bad := range []string{"3", "-1d", "x", "0d", "99999999d", "2562047h"} {
		if code, out := typed(t, "-c", config, "rescan", "--since", bad); code != exitError {
			t.Errorf("%s: %d %s", bad, code, out)
		}
	}
}

// reported stores a failed build that nothing recognized.
func reported(t *testing.T, s *store.Store, logs string, at time.Time) {
	t.Helper()
	parsed := cicomment.Parsed{Kind: cicomment.KindReport, CI: "zuul", Role: cicomment.RoleCI, Patchset: 1, Outcome: cicomment.Failure, Pipeline: "gate",
		Builds: []cicomment.Build{{Job: "tempest", URL: logs, Result: ci.Failure, Voting: true}}}
	err := s.Ingest(t.Context(), []store.Heard{{Via: store.ViaStream, Change: ci.Change{Number: 7, Project: "p", Branch: "master"},
		Comment: &store.Comment{Author: ci.Account{Username: "zuul"}, EventTime: at, Body: "Build failed.", Patchset: 1, Parsed: parsed, Own: at, FirstSeen: at}}})
	if err != nil {
		t.Fatal(err)
	}
	due, err := s.DueBuilds(t.Context(), time.Now(), 1)
	if err != nil || len(due) != 1 {
		t.Fatalf("%+v, %v", due, err)
	}
	set, err := s.SaveSet(t.Context(), [32]byte{1}, []store.FingerprintRow{{Name: "old"}})
	if err != nil {
		t.Fatal(err)
	}
	v := store.Verdict{Build: due[0].ID, FPSet: set, Engine: "scan", Purpose: store.PurposeReport, State: store.BuildUnrecognized, At: time.Now()}
	if err := s.RecordVerdict(t.Context(), v, 0); err != nil {
		t.Fatal(err)
	}
}
