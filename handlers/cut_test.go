package handlers

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/recheckbot/recheckbot/internal/fake/loghost"
	"github.com/recheckbot/recheckbot/internal/store"
)

// TestCutLogsAreReadAgain: a console that breaks off shows what it has; without
// a hit the build is incomplete, never unrecognized, and is read again.
func TestCutLogsAreReadAgain(t *testing.T) {
	t.Parallel()
	w := newWire(t, map[string]string{"1234567.yaml": boomQuery})
	long := strings.Repeat("2026-03-01 11:59:00.000000 | nothing\n", 5000)
	boom := "2026-03-01 11:59:00.000000 | boom\n"
	put := func(n int, text string, o loghost.Options) {
		w.logs.List(fmt.Sprintf("%d/", n), loghost.Manifest)
		w.logs.Put(fmt.Sprintf("%d/job-output.txt", n), []byte(text), o)
	}
	put(1, boom+long, loghost.Options{CutAfter: 50_000})
	put(2, long+boom, loghost.Options{CutAfter: 50_000})
	put(3, long+"x", loghost.Options{CutAfter: 300, Encoding: "gzip"})
	w.hear(w.comment("zuul", w.folders(1, 2, 3)))
	w.round()
	due, err := w.store.DueBuilds(t.Context(), at(time.Hour), 9)
	w.ok(err)
	if len(due) != 2 || due[0].Job == "job1" || due[1].Job == "job1" {
		t.Fatalf("%+v", due)
	}
	put(2, long+boom, loghost.Options{})
	w.clock.move(time.Minute)
	w.round()
	for range 9 {
		w.clock.move(6 * time.Minute)
		w.round()
	}
	s := w.states(w.reports()[0])
	if s["job1"] != store.BuildRecognized || s["job2"] != store.BuildRecognized || s["job3"] != store.BuildIncomplete {
		t.Error(s)
	}
	if n := w.logs.Asked("3/job-output.txt"); n != 5 {
		t.Errorf("read %d times", n)
	}
}

// TestReloadWhileReading: a scan that downloads keeps the set that it began
// with, and its verdict is that set's.
func TestReloadWhileReading(t *testing.T) {
	t.Parallel()
	w := newWire(t, map[string]string{"1234567.yaml": boomQuery})
	w.console(1, "boom", strings.Repeat("x", 20<<10))
	w.logs.Put("1/job-output.txt", []byte("2026-03-01 11:59:00 | boom\n"+strings.Repeat("x\n", 10<<10)), loghost.Options{Slow: 100 * time.Millisecond})
	w.hear(w.comment("zuul", w.folders(1)))
	var wg sync.WaitGroup
	w.ok(w.classify.step(t.Context(), &wg))
	wait(t, func() bool { return w.logs.Asked("1/job-output.txt") == 1 })
	w.classify.o.Sets.Swap(w.fingerprints(map[string]string{"7654321.yaml": boomQuery}).Current())
	wg.Wait()
	b := w.report(w.reports()[0]).Builds[0]
	if len(b.Hits) != 1 || b.Hits[0].Fingerprint != "1234567" {
		t.Errorf("%+v", b)
	}
}
