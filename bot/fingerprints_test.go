package bot

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/recheckbot/recheckbot/internal/ci"
	"github.com/recheckbot/recheckbot/internal/config"
	"github.com/recheckbot/recheckbot/internal/fake/loghost"
	"github.com/recheckbot/recheckbot/internal/logsearch"
	"github.com/recheckbot/recheckbot/internal/store"
)

// noStore takes sets and forgets them.
type noStore struct{}

func (noStore) SaveSet(context.Context, [32]byte, []store.FingerprintRow) (int64, error) {
	return 1, nil
}

// TestDebugLines are left out of what is searched, or kept, as configured.
func TestDebugLines(t *testing.T) {
	h, err := loghost.Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	h.List("1/", loghost.Manifest)
	h.Put("1/logs/screen-n-cpu.txt", []byte("2026-03-01 12:00:00.000 12 DEBUG nova.compute [-] boom\n"), loghost.Options{})
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "boom.yaml"), []byte(`query: 'message:"boom" AND tags:"screen-n-cpu.txt"'`), 0o600); err != nil {
		t.Fatal(err)
	}
	for keep, want := range map[bool]int{false: 0, true: 1} {
		cfg := config.Config{
			CI:     []config.CI{{Name: "zuul", LogHosts: []string{"127.0.0.1"}, AllowPrivate: true}},
			Logs:   config.Logs{DebugLines: keep},
			Engine: config.Engine{Fingerprints: dir},
		}
		logs := newSources(cfg, nil)
		f, err := openFingerprints(t.Context(), cfg, noStore{}, logs, newWakes(), slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		b := logsearch.Build{CI: "zuul", LogURL: h.URL() + "1/", Fields: ci.Fields{"voting": {"1"}}}
		a, err := f.current.Current().Searcher.Search(t.Context(), b)
		if err != nil || a.Status != logsearch.Complete || len(a.Matches) != want {
			t.Errorf("debug_lines = %v: %+v, %v", keep, a, err)
		}
		if err := logs.close(); err != nil {
			t.Error(err)
		}
	}
}
