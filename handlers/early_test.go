package handlers

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/recheckbot/recheckbot/internal/fake/loghost"
	fakezuul "github.com/recheckbot/recheckbot/internal/fake/zuul"
	"github.com/recheckbot/recheckbot/internal/joblog"
	"github.com/recheckbot/recheckbot/internal/logsearch"
	"github.com/recheckbot/recheckbot/internal/logsearch/scan"
	"github.com/recheckbot/recheckbot/internal/lucene"
	"github.com/recheckbot/recheckbot/internal/store"
	"github.com/recheckbot/recheckbot/internal/zuul"
	"github.com/recheckbot/recheckbot/queries"
)

// wire is a world with a Zuul and a log host on real sockets and the real
// engine, whose fingerprints are files.
type wire struct {
	*world
	zuul     *fakezuul.Server
	api      *zuul.Client
	logs     *loghost.Server
	source   *joblog.Source
	classify *Classify
}

func newWire(t *testing.T, files map[string]string) *wire {
	t.Helper()
	w := &wire{world: newWorld(t)}
	var err error
	w.zuul, err = fakezuul.Start("127.0.0.1:0")
	w.ok(err)
	t.Cleanup(func() { w.zuul.Close() })
	w.logs, err = loghost.Start("127.0.0.1:0")
	w.ok(err)
	t.Cleanup(func() { w.logs.Close() })
	w.api = zuul.New(zuul.Options{Root: w.zuul.URL()})
	w.source = joblog.New(joblog.Options{Hosts: []string{"127.0.0.1"}, AllowPrivate: true})
	t.Cleanup(w.source.Close)
	w.classify = NewClassify(ClassifyOptions{
		Store: w.store, Sets: w.fingerprints(files), Now: w.clock.now, ReportAfter: 3 * time.Minute,
		Logs: func(string) Logs { return w.source },
	})
	return w
}

// fingerprints are files put in use with the real engine.
func (w *wire) fingerprints(files map[string]string) *Sets {
	w.t.Helper()
	dir := fstest.MapFS{}
	for name, text := range files {
		dir[name] = &fstest.MapFile{Data: []byte(text)}
	}
	set, problems := queries.Load(dir)
	if queries.HasErrors(problems) {
		w.t.Fatal(problems)
	}
	in, items, rows := logsearch.Set{SHA: set.SHA}, []Fingerprint{}, []store.FingerprintRow{}
	for _, q := range set.Items {
		in.Items = append(in.Items, logsearch.Fingerprint{Name: q.Name, SHA: q.SHA, Query: q.Query, Tree: q.Tree})
		items = append(items, Fingerprint{Name: q.Name, TestIDs: q.TestIDs})
		rows = append(rows, store.FingerprintRow{Name: q.Name, SHA: q.SHA, Bugs: q.Bugs})
	}
	searcher, _, err := scan.New(scan.Options{Source: w.source}).Compile(w.t.Context(), in)
	w.ok(err)
	id, err := w.store.SaveSet(w.t.Context(), set.SHA, rows)
	w.ok(err)
	var sets Sets
	sets.Swap(&Set{ID: id, Engine: "scan", Searcher: searcher, Fingerprints: items})
	return &sets
}

// round runs classify once and waits for what it began.
func (w *wire) round() { w.world.classify(w.classify) }

// running is a buildset one of whose builds has failed while the other runs.
func (w *wire) running() fakezuul.Buildset {
	return fakezuul.Buildset{UUID: uuid(1), Pipeline: "gate", Project: "openstack/nova", Branch: "master", Change: 12345, Patchset: 2,
		Builds: []fakezuul.Build{
			{UUID: uuid(2), Job: "tempest-full", Result: "FAILURE", LogURL: w.logs.URL() + "2/", Start: at(-time.Hour), End: at(-time.Minute)},
			{UUID: uuid(3), Job: "pep8"},
		}}
}

// console serves a build's console.
func (w *wire) console(build int, lines ...string) {
	text := ""
	for _, l := range lines {
		text += "2026-03-01 11:59:00.000000 | " + l + "\n"
	}
	w.logs.List(fmt.Sprintf("%d/", build), loghost.Manifest)
	w.logs.Put(fmt.Sprintf("%d/job-output.txt", build), []byte(text), loghost.Options{})
}

const boomQuery = `query: 'message:"boom" AND tags:"console"'`

// TestEarly: the logs of a failed build are searched while another of its
// buildset runs; when the CI reports, the answer is there at once, for one
// search, and rates count the build then only.
func TestEarly(t *testing.T) {
	t.Parallel()
	w := newWire(t, map[string]string{"1234567.yaml": boomQuery})
	w.console(2, "all well", "boom")
	w.hear(w.event("patchset-created", nil))
	w.zuul.Add(w.running())
	e := NewEarly(EarlyOptions{Store: w.store, Now: w.clock.now})
	p := &poll{ci: "zuul", api: w.api}
	w.ok(e.step(t.Context(), p))
	w.round()
	if n := w.logs.Asked("2/job-output.txt"); n != 1 {
		t.Fatalf("the console was read %d times before the report", n)
	}
	w.clock.move(20 * time.Minute)
	w.hear(w.comment("zuul", zuulFailure()))
	ids := w.reports()
	if len(ids) != 1 {
		t.Fatal("the report is not settled when it comes")
	}
	b := w.report(ids[0]).Builds[0]
	if b.State != store.BuildRecognized || len(b.Hits) != 1 || b.Hits[0].Excerpt == "" {
		t.Errorf("%+v", b)
	}
	w.round()
	if n := w.logs.Asked("2/job-output.txt"); n != 1 {
		t.Errorf("the console was read %d times", n)
	}
}

// TestEarlyIsPolite: fewer questions where nothing happens, none while a rest
// was asked for; an unchanged answer is not sent again.
func TestEarlyIsPolite(t *testing.T) {
	t.Parallel()
	w := newWire(t, map[string]string{"1234567.yaml": boomQuery})
	w.hear(w.event("patchset-created", nil))
	e := NewEarly(EarlyOptions{Store: w.store, Every: 30 * time.Second, Now: w.clock.now})
	p := &poll{ci: "zuul", api: w.api}
	asked := func(d time.Duration) int {
		before := len(w.zuul.Requests())
		for range int(d / (10 * time.Second)) {
			w.ok(e.step(t.Context(), p))
			w.clock.move(10 * time.Second)
		}
		return len(w.zuul.Requests()) - before
	}
	if n := asked(10 * time.Minute); n < 5 || n > 9 {
		t.Errorf("asked %d times in 10 quiet minutes", n)
	}
	set := w.running()
	set.Builds[0].End = w.clock.now()
	w.zuul.Add(set)
	asked(3 * time.Minute)
	if len(w.due()) != 1 {
		t.Error("the news was not seen")
	}
	away := &resting{}
	busy := &poll{ci: "zuul", api: away}
	for range 30 {
		if err := e.step(t.Context(), busy); err == nil {
			t.Error("trouble that lasts is told as over")
		}
		w.clock.move(10 * time.Second)
	}
	if away.asked != 1 {
		t.Errorf("asked %d times within the 5 minutes of rest", away.asked)
	}
}

// resting is an API that asks to be left alone.
type resting struct{ asked int }

func (r *resting) Failures(context.Context, int) ([]zuul.Build, bool, error) {
	r.asked++
	return nil, false, &zuul.StatusError{Code: 429, RetryAfter: 5 * time.Minute}
}

// TestEarlyBuilds: only what a report will speak of.
func TestEarlyBuilds(t *testing.T) {
	t.Parallel()
	good := zuul.Build{UUID: uuid(2), Result: "FAILURE", Final: true, Voting: true, LogURL: "https://logs/", Buildset: uuid(1), Change: 1, End: noon()}
	list := []zuul.Build{good}
	for _, change := range []func(*zuul.Build){
		func(b *zuul.Build) { b.Result = "" }, func(b *zuul.Build) { b.Result = "SUCCESS" }, func(b *zuul.Build) { b.Result = "NODE_FAILURE" },
		func(b *zuul.Build) { b.Final = false }, func(b *zuul.Build) { b.Voting = false }, func(b *zuul.Build) { b.LogURL = "" },
		func(b *zuul.Build) { b.Buildset = "" }, func(b *zuul.Build) { b.Change = 0 }, func(b *zuul.Build) { b.End = at(-2 * time.Hour) },
		func(b *zuul.Build) { b.End = time.Time{} },
	} {
		b := good
		change(&b)
		list = append(list, b)
	}
	if got := earlyBuilds(list, noon()); len(got) != 1 {
		t.Errorf("%+v", got)
	}
}

// TestEarlyRuns: each CI is asked by itself, until the end.
func TestEarlyRuns(t *testing.T) {
	t.Parallel()
	w := newWire(t, map[string]string{"1234567.yaml": boomQuery})
	w.hear(w.event("patchset-created", nil))
	w.zuul.Add(w.running())
	next := NewWake()
	e := NewEarly(EarlyOptions{Store: w.store, APIs: map[string]Failures{"other": &resting{}, "zuul": w.api}, Now: w.clock.now, Next: []Wake{next}})
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { w.ok(e.Run(ctx)) })
	<-next
	cancel()
	wg.Wait()
	if len(w.due()) != 1 {
		t.Error("nothing to search")
	}
}

// folders is a report whose builds name their log folders.
func (w *wire) folders(builds ...int) string {
	text := "Build failed (gate pipeline).\n\n"
	for _, n := range builds {
		text += fmt.Sprintf("- job%d %s%d/ : FAILURE in 5m 00s\n", n, w.logs.URL(), n)
	}
	return text
}

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

// TestTestIDs: a fingerprint with test_ids counts only if one of these tests
// failed; the build's own results decide, and where they cannot nothing is said.
func TestTestIDs(t *testing.T) {
	t.Parallel()
	w := newWire(t, map[string]string{"1234567.yaml": boomQuery + "\ntest_ids:\n  - tempest.api.test_x.Y.test_z\n"})
	junit := func(test string) []byte {
		return fmt.Appendf(nil, `<testsuite tests="2" failures="1" errors="0"><testcase classname="tempest.api.test_x.Y" name="test_ok"/>`+
			`<testcase classname="tempest.api.test_x.Y" name=%q><failure>no</failure></testcase></testsuite>`, test)
	}
	for n := 1; n <= 5; n++ {
		w.console(n, "boom")
	}
	w.logs.Put("1/logs/test_results.xml", junit("test_z[id-1,smoke]"), loghost.Options{Encoding: "gzip"})
	w.logs.Put("2/logs/test_results.xml", junit("test_other"), loghost.Options{})
	w.logs.Put("4/logs/test_results.xml", junit("test_other")[:120], loghost.Options{})
	w.logs.Put("5/logs/test_results.xml", nil, loghost.Options{Status: 503})
	w.hear(w.comment("zuul", w.folders(1, 2, 3, 4, 5)))
	for range 3 {
		w.round()
		w.clock.move(2 * time.Minute)
	}
	states := map[string]string{}
	for _, b := range w.report(1).Builds {
		states[b.Job] = string(b.State)
		if b.State == store.BuildUnknown && !strings.Contains(b.Why, "unverified test") {
			t.Errorf("%s: %s", b.Job, b.Why)
		}
	}
	want := map[string]string{"job1": "recognized", "job2": "unrecognized", "job3": "unknown", "job4": "unknown", "job5": "search"}
	for job, state := range want {
		if states[job] != state {
			t.Errorf("%s is %s, want %s", job, states[job], state)
		}
	}
	if n := w.logs.Asked("2/logs/test_results.xml"); n != 1 {
		t.Errorf("results were read %d times", n)
	}
}

// TestTestIDsBeforeAnOutage: what is known already decides.
func TestTestIDsBeforeAnOutage(t *testing.T) {
	t.Parallel()
	set := &Set{Fingerprints: []Fingerprint{{Name: "a", TestIDs: []string{"x.y"}}}}
	matches := []logsearch.Match{{Fingerprint: 0}}
	if !(tested{failed: []string{"x.y"}}).decides(set, matches) || (tested{}).decides(set, matches) {
		t.Error("decided otherwise")
	}
	if onlyOutage(errors.New("x")) != nil || onlyOutage(&joblog.IncompleteError{Again: true}) == nil {
		t.Error("what may pass is told wrongly")
	}
}

// tree is a parsed query.
func tree(t *testing.T, query string) lucene.Node {
	t.Helper()
	n, err := lucene.Parse(query, lucene.Historical())
	if err != nil {
		t.Fatal(err)
	}
	return n
}
