// Command bench measures how soon a failure is explained: the real bot in the
// demo's world hears of failed builds at a steady rate, each with one Zuul
// look-up and a log of several megabytes, and the time runs from just before
// Gerrit writes the CI's comment until it has taken the bot's, which is just
// before it says so. All that the bot talks to runs in the same process and on
// the same processors. It fails when a review is lost or doubled; what no
// fingerprint matches gets none, and is lost here.
//
// "bench backfill" measures how fast history is read: a Gerrit that answers at
// once runs in a process of its own, and time and memory are this one's.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"time"

	"github.com/recheckbot/recheckbot/internal/demo"
	"github.com/recheckbot/recheckbot/internal/fake/gerrit"
	"github.com/recheckbot/recheckbot/queries"
)

// options are the load.
type options struct {
	minutes, rate float64 // failed builds a minute, for so long
	megabytes     int     // of plain log, each build
	fingerprints  string  // folder; empty: the starter set
	line          string  // what one of them matches
	seed          uint64
}

// A bot that is not listening by then has failed, and a review that is not
// there by then is lost; one that is said again comes soon after the first.
const (
	readyWithin = 30 * time.Second
	lostAfter   = 30 * time.Second
	againWithin = 3 * time.Second
)

func main() { os.Exit(choose(os.Args[1:])) }

// choose runs the benchmark that the first word names; without one, how soon a
// failure is explained.
func choose(args []string) int {
	if len(args) > 0 && args[0] == "backfill" {
		return runBackfill(args[1:])
	}
	if len(args) > 0 && args[0] == historyCommand {
		return runHistory(args[1:])
	}
	return run()
}

func run() int {
	var o options
	flag.Float64Var(&o.minutes, "minutes", 1, "how long")
	flag.Float64Var(&o.rate, "rate", 100, "failed builds a minute")
	flag.IntVar(&o.megabytes, "mb", 10, "megabytes of log of each build")
	flag.StringVar(&o.fingerprints, "fingerprints", "", "`folder` of fingerprints (default: the starter set)")
	flag.StringVar(&o.line, "line", "cp: error writing out/x.o: No space left on device",
		"a line that a fingerprint matches in the job's console")
	flag.Uint64Var(&o.seed, "seed", 1, "of all that is at random")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := o.bench(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		return 1
	}
	return 0
}

// bench builds the world, and takes it down again.
func (o options) bench(ctx context.Context) (err error) {
	if o.minutes <= 0 || o.rate <= 0 || o.minutes*o.rate < 1 || o.megabytes < 0 {
		return errors.New("nothing to do: -minutes, -rate and their product have to be positive, -mb not negative")
	}
	if o.fingerprints == "" {
		dir, err := os.MkdirTemp("", "recheckbot-bench-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		if err := os.CopyFS(dir, queries.Starter()); err != nil {
			return err
		}
		o.fingerprints = dir
	}
	w, err := demo.NewWorld(demo.WorldOptions{Seed: o.seed, Fingerprints: o.fingerprints})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	return o.measure(ctx, w)
}

// measure runs the load on a bot and prints what it took.
func (o options) measure(ctx context.Context, w *demo.World) (err error) {
	log, err := o.log()
	if err != nil {
		return err
	}
	b, err := w.StartBot(ctx, "bench", slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.Stop()) }()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() { // ends with the bot, which ends with this function
		<-b.Done()
		cancel(errors.New("the bot ended by itself"))
	}()
	ready, done := context.WithTimeoutCause(ctx, readyWithin, errors.New("the bot does not listen"))
	defer done()
	if err := w.Ready(ready); err != nil {
		return err
	}
	t := newTimes()
	w.Gerrit.OnPost(t.posted)
	began := time.Now()
	if err := o.load(ctx, w, t, log); err != nil {
		return err
	}
	took := time.Since(began)
	if err := t.wait(ctx); err != nil {
		return err
	}
	fmt.Printf("%d look-ups at Zuul, %d requests for logs\n", len(w.Zuul.Requests()), len(w.Logs.Requests()))
	return t.print(o, took)
}

// load posts reports at the rate. Each has its moment, counted from the first:
// one that was late does not make the next ones late, which would slow the load
// down just when it is too much.
func (o options) load(ctx context.Context, w *demo.World, t *times, log []byte) error {
	every := time.Duration(float64(time.Minute) / o.rate)
	start := time.Now()
	for n := range int(o.minutes * o.rate) {
		change, comment := o.prepare(w, n, log)
		if err := pause(ctx, time.Until(start.Add(time.Duration(n+1)*every))); err != nil {
			return err
		}
		t.begin(change)
		if _, err := w.Gerrit.Post(change, demo.CIUser, comment); err != nil {
			return err
		}
	}
	return nil
}

// prepare makes a change and its failed build, whose report is not posted yet.
// No channel wants its project: what is said on IRC is not what is measured.
func (o options) prepare(w *demo.World, n int, log []byte) (int64, gerrit.Comment) {
	const project = "bench/service"
	change := w.NewChange(gerrit.ChangeSpec{Project: project, Owner: "alice", Subject: fmt.Sprint("change ", n)})
	_, comment := w.Prepare(demo.Report{
		Change: change, Project: project, Pipeline: "gate",
		Builds: []demo.Build{{Job: "tempest-full-py3", Logs: map[string][]byte{"job-output.txt": log}, Pack: true}},
	})
	return change, comment
}

// pause waits for d or the end of ctx.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}
