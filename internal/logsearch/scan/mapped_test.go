package scan

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/recheckbot/recheckbot/internal/logsearch"
)

// TestAFileThatShrinksWhileItIsScannedIsIncomplete: the hits before count, and
// nothing dies of it.
func TestAFileThatShrinksWhileItIsScannedIsIncomplete(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("not Linux: a file that shrinks while it is mapped is not looked at")
	}
	path := filepath.Join(t.TempDir(), "job-output.txt")
	text := "2024-01-02 03:04:05.678 | needle one\n" + strings.Repeat("2024-01-02 03:04:05.678 | hay and hay\n", 50_000)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	e := New(Options{EachHit: func(int, logsearch.Hit, string) {
		if err := os.Truncate(path, 0); err != nil {
			t.Error(err)
		}
	}})
	s, problems, err := e.Compile(context.Background(), setOf(t, `message:"needle one"`, `message:"hay and grass"`))
	if err != nil || len(problems) > 0 {
		t.Fatal(err, problems)
	}
	a, err := s.SearchLocal(t.Context(), path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if a.Status != logsearch.Incomplete || !strings.Contains(a.Why, "changed while it was read") || a.RetryAfter == 0 {
		t.Error(a.Status, a.Why, a.RetryAfter)
	}
	if len(a.Matches) != 1 || a.Matches[0].Count != 1 {
		t.Error(a.Matches)
	}
}
