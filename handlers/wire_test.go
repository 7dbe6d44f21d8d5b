package handlers

import (
	"fmt"
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

// folders is a report whose builds name their log folders.
func (w *wire) folders(builds ...int) string {
	text := "Build failed (gate pipeline).\n\n"
	for _, n := range builds {
		text += fmt.Sprintf("- job%d %s%d/ : FAILURE in 5m 00s\n", n, w.logs.URL(), n)
	}
	return text
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
