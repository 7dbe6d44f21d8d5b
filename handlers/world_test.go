package handlers

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/recheckbot/recheckbot/gerritstream"
	"github.com/recheckbot/recheckbot/internal/ci"
	"github.com/recheckbot/recheckbot/internal/cicomment"
	"github.com/recheckbot/recheckbot/internal/logsearch"
	"github.com/recheckbot/recheckbot/internal/store"
)

// hand is a clock that only a test moves.
type hand struct {
	mu sync.Mutex
	t  time.Time
}

func (h *hand) now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.t
}

func (h *hand) move(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.t = h.t.Add(d)
}

// world is a real store on a file with a clock driven by hand, and the sink and
// the step that fill it.
type world struct {
	t      *testing.T
	clock  *hand
	path   string
	store  *store.Store
	offset *Offset
	sink   *Sink
	ingest *Ingest
	seq    int64
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, clock: &hand{t: noon()}, path: filepath.Join(t.TempDir(), "bot.db"), offset: &Offset{}}
	w.open()
	return w
}

// open opens the store, again after close: that is a restart.
func (w *world) open() {
	w.t.Helper()
	s, err := store.Open(context.Background(), w.path, store.Options{Now: w.clock.now})
	if err != nil {
		w.t.Fatal(err)
	}
	w.store = s
	w.sink = NewSink(SinkOptions{Store: s, Now: w.clock.now})
	w.ingest = NewIngest(IngestOptions{Store: s, Rules: cicomment.Defaults(), Offset: w.offset, Sink: w.sink, Now: w.clock.now})
	w.t.Cleanup(func() { _ = s.Close() })
}

// ok fails the test on an error.
func (w *world) ok(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// change is the change that all comments are on, unless a test says otherwise.
func change() map[string]any {
	return map[string]any{
		"project": "openstack/nova", "branch": "master", "id": "I0123456789012345678901234567890123456789",
		"number": 12345, "subject": "A change", "status": "NEW",
		"owner": map[string]any{"name": "Alice", "username": "alice"},
		"url":   "https://review.example.org/c/openstack/nova/+/12345",
	}
}

// event is a line of the stream, made now by Gerrit's clock.
func (w *world) event(kind string, more map[string]any) string {
	w.t.Helper()
	e := map[string]any{
		"type": kind, "eventCreatedOn": w.clock.now().Unix(), "change": change(),
		"patchSet": map[string]any{"number": 2},
	}
	for k, v := range more {
		e[k] = v
	}
	b, err := json.Marshal(e)
	w.ok(err)
	return string(b)
}

// comment is a comment-added line.
func (w *world) comment(author, text string) string {
	return w.event("comment-added", map[string]any{
		"author": map[string]any{"name": author, "username": author}, "comment": "Patch Set 2:\n\n" + text,
	})
}

// hear brings lines through the sink and ingests them.
func (w *world) hear(lines ...string) {
	w.t.Helper()
	w.receive(lines...)
	_, err := w.ingest.step(w.t.Context())
	w.ok(err)
}

// receive brings lines through the sink only.
func (w *world) receive(lines ...string) {
	w.t.Helper()
	var batch []gerritstream.Line
	for _, l := range lines {
		w.seq++
		batch = append(batch, gerritstream.Line{Session: "s1", Seq: w.seq, Received: w.clock.now(), Body: []byte(l)})
	}
	w.ok(w.sink.Lines(w.t.Context(), batch))
}

// failure is Zuul's report of failed jobs, whose URLs are their log folders.
func failure(jobs ...string) string {
	text := "Build failed (gate pipeline).  For information on how to proceed, see https://docs.example.org/\n\n"
	for i, j := range jobs {
		text += fmt.Sprintf("- %s https://logs.example.org/%s/%07x/ : FAILURE in 5m 00s\n", j, j, 0xabc0000+i)
	}
	return text + "- pep8 https://logs.example.org/9/fedcba9/ : SUCCESS in 3m 00s\n"
}

// reports are the ids of the reports that are due.
func (w *world) reports() []int64 {
	w.t.Helper()
	ids, err := w.store.DueReports(w.t.Context(), w.clock.now(), 100)
	w.ok(err)
	return ids
}

// report is what the store knows of a report.
func (w *world) report(id int64) store.ReportView {
	w.t.Helper()
	v, err := w.store.Report(w.t.Context(), id)
	w.ok(err)
	return v
}

// engine is a Searcher that answers by job name; a job without an answer is
// unrecognized.
type engine struct {
	mu     sync.Mutex
	answer map[string]logsearch.Answer
	outage map[string]error
	asked  []logsearch.Build
	block  map[string]chan struct{}
}

func (e *engine) Search(ctx context.Context, b logsearch.Build) (logsearch.Answer, error) {
	job := b.Fields["build_name"][0]
	e.mu.Lock()
	e.asked = append(e.asked, b)
	answer, outage, block := e.answer[job], e.outage[job], e.block[job]
	e.mu.Unlock()
	if block != nil {
		select {
		case <-block:
		case <-ctx.Done():
			return answer, ctx.Err()
		}
	}
	return answer, outage
}

func (e *engine) times() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.asked)
}

// match is an answer in which the i-th fingerprint matched.
func match(i int) logsearch.Answer {
	return logsearch.Answer{Matches: []logsearch.Match{{Fingerprint: i, Count: 1, Exact: true, Sample: []logsearch.Hit{{
		File: "job-output.txt", URL: "https://logs.example.org/1/job-output.txt", Text: "boom", Line: 3,
	}}}}}
}

// sets saves fingerprints in the store and puts them in use with the engine.
// The first stands for Launchpad's bug 1234567, the second for none.
func (w *world) sets(e Searcher) *Sets {
	w.t.Helper()
	rows := []store.FingerprintRow{
		{Name: "1234567", SHA: [32]byte{1}, Bugs: []ci.BugRef{{Tracker: "launchpad", Ref: "1234567"}}},
		{Name: "mirror", SHA: [32]byte{2}, Title: "Mirror is down"},
	}
	id, err := w.store.SaveSet(w.t.Context(), [32]byte{9}, rows)
	w.ok(err)
	var sets Sets
	sets.Swap(&Set{ID: id, Engine: "test", Searcher: e, Fingerprints: []Fingerprint{{Name: "1234567"}, {Name: "mirror"}}})
	return &sets
}

// classify runs one round of the step and waits for its searches.
func (w *world) classify(c *Classify) {
	w.t.Helper()
	var wg sync.WaitGroup
	w.ok(c.step(w.t.Context(), &wg))
	wg.Wait()
}
