package scan

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/recheckbot/recheckbot/internal/joblog"
	"github.com/recheckbot/recheckbot/internal/logsearch"
)

// longLog is a console log of several parts, with a line that is searched in
// pieces near its end.
func longLog(t *testing.T) string {
	t.Helper()
	var b bytes.Buffer
	for i := 0; b.Len() < 3*minPart; i++ {
		fmt.Fprintf(&b, "2024-01-02 03:04:05.678 | hay number %d and %s\n", i, strings.Repeat("more ", i%40))
		if i%1000 == 7 {
			b.WriteString("  folded needle two\n2024-01-02 03:04:05.678 | needle one\n")
		}
	}
	b.WriteString("2024-01-02 03:04:05.678 | " + strings.Repeat("long ", 300_000) + "\n2024-01-02 03:04:05.678 | needle last\n")
	path := filepath.Join(t.TempDir(), "job-output.txt")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestAFileInPartsHasTheSameAnswer as when one worker reads all of it.
func TestAFileInPartsHasTheSameAnswer(t *testing.T) {
	path := longLog(t)
	answer := func(workers int) logsearch.Answer {
		s, _, err := New(Options{Workers: workers, MaxSample: 100_000, Local: joblog.Options{MaxUnpacked: 1 << 30}}).
			Compile(context.Background(), setOf(t, `message:"needle one"`, `message:"folded needle"`, `message:"needle last"`,
				`message:"number 4000"`, `message:"nothing of this kind"`, `message:long`))
		if err != nil {
			t.Fatal(err)
		}
		a, err := s.SearchLocal(t.Context(), path, nil)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	one, three := answer(1), answer(3)
	if diff := cmp.Diff(one, three); diff != "" {
		t.Errorf("one worker, and three: %.4000s", diff)
	}
	if len(one.Matches) != 5 || !strings.Contains(one.Why, "searched in pieces") || len(three.Files) != 1 {
		t.Error(len(one.Matches), one.Why, three.Files)
	}
}

// TestLinesBehindAPartThatFailedAreNotKnown: a number would be wrong.
func TestLinesBehindAPartThatFailedAreNotKnown(t *testing.T) {
	s := &Searcher{e: New(Options{})}
	hit := func(line int64) map[int32]*found {
		return map[int32]*found{0: {sure: hits{1, []logsearch.Hit{{Line: line}}}}}
	}
	tasks := []task{{}, {more: true}, {more: true}, {}}
	got := s.whole(tasks, []result{
		{found: hit(3), over: map[int32]int64{}, lines: 10},
		{found: hit(4), over: map[int32]int64{1: 5}, lines: 7, cut: 2, file: logsearch.File{Why: "broken"}},
		{found: hit(5), over: map[int32]int64{2: 6}, lines: 8},
		{found: hit(6), lines: 9},
	})
	if len(got) != 2 || got[0].file.Why != "broken" || got[0].cut != 12 || got[0].over[1] != 15 || got[0].over[2] != -1 {
		t.Fatalf("%+v", got)
	}
	var lines []int64
	for _, h := range got[0].found[0].sure.sample {
		lines = append(lines, h.Line)
	}
	if diff := cmp.Diff([]int64{3, 14, -1}, lines); diff != "" || got[0].found[0].sure.n != 3 {
		t.Error(diff, got[0].found[0].sure.n)
	}
}
