// Command bench measures how soon a failure is explained: the real bot in the
// demo's world hears of failed builds at a steady rate, each with one Zuul
// look-up and a log of several megabytes, and the time runs from the moment
// Gerrit has the CI's comment until it has the bot's. It measures only, and
// fails when a review is lost or doubled.
package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"slices"
	"sync"
	"time"

	"github.com/recheckbot/recheckbot/internal/demo"
	"github.com/recheckbot/recheckbot/internal/fake/gerrit"
)

// options are the load.
type options struct {
	minutes, rate float64 // failed builds a minute, for so long
	megabytes     int     // of plain log, each build
	fingerprints  string  // folder
	line          string  // what one of them matches
}

func main() { os.Exit(run()) }

func run() int {
	var o options
	flag.Float64Var(&o.minutes, "minutes", 1, "how long")
	flag.Float64Var(&o.rate, "rate", 100, "failed builds a minute")
	flag.IntVar(&o.megabytes, "mb", 10, "megabytes of log of each build")
	flag.StringVar(&o.fingerprints, "fingerprints", "queries", "folder of fingerprints")
	flag.StringVar(&o.line, "line", "cp: error writing out/x.o: No space left on device",
		"a line that a fingerprint matches in the job's console")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := o.measure(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		return 1
	}
	return 0
}

// measure runs the load and prints what it took.
func (o options) measure(ctx context.Context) error {
	w, err := demo.NewWorld(demo.WorldOptions{Fingerprints: o.fingerprints})
	if err != nil {
		return err
	}
	defer w.Close()
	b, err := w.StartBot(ctx, "bench", slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	defer b.Stop()
	if err := w.Ready(ctx); err != nil {
		return err
	}
	t := newTimes()
	w.Gerrit.OnPost(t.posted)
	log, err := o.log()
	if err != nil {
		return err
	}
	if err := o.load(ctx, w, t, log); err != nil {
		return err
	}
	t.wait(ctx, 30*time.Second)
	return t.print(o)
}

// load posts reports at the rate until the time is over.
func (o options) load(ctx context.Context, w *demo.World, t *times, log []byte) error {
	tick := time.NewTicker(time.Duration(float64(time.Minute) / o.rate))
	defer tick.Stop()
	for n := range int(o.minutes * o.rate) {
		change := w.Gerrit.NewChange(gerrit.ChangeSpec{Project: "openstack/bench", Branch: "master", Owner: demo.CIUser, Subject: fmt.Sprint("change ", n)})
		_, comment := w.Prepare(demo.Report{
			Change: change, Project: "openstack/bench", Pipeline: "check",
			Builds: []demo.Build{{Job: "tempest-full-py3", Logs: map[string][]byte{"job-output.txt": log}, Pack: true}},
		})
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
		t.begin(change)
		if _, err := w.Gerrit.Post(change, demo.CIUser, comment); err != nil {
			return err
		}
	}
	return nil
}

// log is a packed console of about the wanted size with the line in its middle.
func (o options) log() ([]byte, error) {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	at := time.Now().Add(-time.Hour)
	size, middle := o.megabytes<<20, false
	for n := 0; n < size; {
		text := fmt.Sprintf("INFO nova.compute.resource_tracker [req-%08x] Final resource view: phys_ram=7966MB used_ram=%dMB free_disk=%dGB", n*2654435761%(1<<32), n%8192, n%77)
		if n > size/2 && !middle {
			text, middle = o.line, true
		}
		at = at.Add(time.Millisecond)
		wrote, err := fmt.Fprintf(z, "%s | controller | %s\n", at.UTC().Format("2006-01-02 15:04:05.000000"), text)
		if err != nil {
			return nil, err
		}
		n += wrote
	}
	err := z.Close()
	return packed.Bytes(), err
}

// times knows when each change's report was posted and when its review came.
type times struct {
	mu      sync.Mutex
	began   map[int64]time.Time
	took    map[int64]time.Duration
	doubled int
}

func newTimes() *times {
	return &times{began: map[int64]time.Time{}, took: map[int64]time.Duration{}}
}

func (t *times) begin(change int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.began[change] = time.Now()
}

// posted is called by Gerrit when it has a comment.
func (t *times) posted(p gerrit.Posted) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if p.Author != demo.BotUser {
		return
	}
	if _, again := t.took[p.Change]; again {
		t.doubled++
		return
	}
	t.took[p.Change] = time.Since(t.began[p.Change])
}

// wait waits until every review is there, for a bounded time.
func (t *times) wait(ctx context.Context, most time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for t.missing() > 0 {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

func (t *times) missing() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.began) - len(t.took)
}

// print prints the percentiles; an error if a review is lost or doubled.
func (t *times) print(o options) error {
	lost := t.missing()
	t.mu.Lock()
	defer t.mu.Unlock()
	var all []time.Duration
	for _, d := range t.took {
		all = append(all, d)
	}
	if len(all) == 0 {
		return fmt.Errorf("no review at all for %d reports", len(t.began))
	}
	slices.Sort(all)
	at := func(share float64) time.Duration {
		return all[min(int(share*float64(len(all))), len(all)-1)].Round(time.Millisecond)
	}
	fmt.Printf("%d failed builds at %g a minute, %d MB each: p50 %s, p90 %s, p99 %s, max %s; lost %d, doubled %d\n",
		len(t.began), o.rate, o.megabytes, at(0.5), at(0.9), at(0.99), at(1), lost, t.doubled)
	if lost+t.doubled > 0 {
		return fmt.Errorf("%d reviews lost, %d doubled", lost, t.doubled)
	}
	return nil
}
