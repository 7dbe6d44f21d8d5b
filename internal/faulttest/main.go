// Command faulttest shows that the bot is never deaf, says nothing twice and
// loses nothing: the real binary runs as a child process in the demo's world of
// servers on real sockets, hears of failures, rechecks and comments, is killed
// at random instants and meets servers that fail in every way. At the end what
// the world saw is held against what it should have seen, and the database
// against both. A row that fails keeps its folder and says where it is; the
// seed brings the same load and the same faults again, though never the same
// instants.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"
)

// options are the harness's flags.
type options struct {
	kills   int
	rate    float64 // things that happen in a second
	seed    uint64
	binary  string // of the bot; empty: built from the current folder
	keep    bool   // folders of rows that passed, too
	long    bool   // the rows that take long, and waits with the program's defaults
	abreast int    // rows that run at the same time
}

func main() { os.Exit(run()) }

func run() int {
	var o options
	flag.IntVar(&o.kills, "kills", 30, "how often the row \"kills\" kills the bot")
	flag.Float64Var(&o.rate, "rate", 20, "how many things happen in a second")
	flag.Uint64Var(&o.seed, "seed", 1, "of all that is at random")
	flag.StringVar(&o.binary, "bot", "", "`binary` of the bot (default: built from the module in the current folder)")
	flag.BoolVar(&o.keep, "keep", false, "keep the folders of rows that pass")
	flag.BoolVar(&o.long, "long", false, "also what takes long, and with the program's default times")
	flag.IntVar(&o.abreast, "abreast", 5, "how many rows run at the same time; most of them wait most of the time")
	flag.Usage = usage
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := o.all(ctx, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "faulttest:", err)
		return 1
	}
	return 0
}

func usage() {
	fmt.Fprintln(flag.CommandLine.Output(), "usage: faulttest [flags] [row ...]\n\nThe rows, all without an argument:")
	for _, r := range rows() {
		fmt.Fprintf(flag.CommandLine.Output(), "  %-12s %s\n", r.name, r.what)
	}
	fmt.Fprintln(flag.CommandLine.Output(), "\nThe flags:")
	flag.PrintDefaults()
}

// row is one test.
type row struct {
	name, what string
	long       bool // only with -long, or when named
	run        func(context.Context, *arena) error
}

// rows are all tests, in the order in which they run.
func rows() []row {
	return []row{
		{"kills", "SIGKILL at random instants under load", false, kills},
		{"twice", "the same failure twice on one patchset: two reviews", false, sameTwice},
		{"send", "SIGKILL right after a review went out: one review", false, killAfterSend},
		{"away", "Gerrit is down while many comments come", false, gerritAway},
		{"blackhole", "Gerrit takes all and answers nothing", false, blackHole},
		{"halfopen", "connections to Gerrit are dead and nobody said so", false, halfOpen},
		{"deaf", "the stream brings nothing while Gerrit's list has comments", false, deafStream},
		{"lag", "Gerrit's list lacks for a while what was written last", false, laggingIndex},
		{"ircsilent", "the IRC server takes all and answers nothing", false, ircSilent},
		{"stuck", "a step hangs", false, stuckStep},
		{"toomany", "more reviews than the hour's limit", false, tooMany},
		{"toobroad", "a fingerprint recognizes nearly all builds", false, tooBroad},
		{"stream", "garbage, 100 MB lines, packets, wrong order, dropped events", false, oddStream},
		{"logs", "logs that are late, slow, cut, bombs, refused or never there", false, oddLogs},
		{"full", "the disk is full for a while", false, diskFull},
		{"readonly", "the database cannot be written at a start", false, diskReadOnly},
		{"locked", "another process locks the database", false, locked},
		{"first", "a first start on ten years of comments", false, firstStart},
		{"burst", "500 rechecks at once", false, burst},
		{"early", "Gerrit's clock is 30 minutes slow", false, gerritEarly},
		{"late", "Gerrit's clock is 30 minutes fast", false, gerritLate},
		{"stepped", "our clock jumps by a day", false, stepped},
	}
}

// all runs the wanted rows, each in a world of its own, and says how each went.
func (o options) all(ctx context.Context, want []string) (err error) {
	list, err := o.chosen(want)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "recheckbot-faults-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Remove(dir)) }()
	if o.binary == "" {
		o.binary = filepath.Join(dir, "recheckbot")
		if err := build(ctx, o.binary); err != nil {
			return err
		}
		defer os.Remove(o.binary)
	}
	var group errgroup.Group
	group.SetLimit(max(o.abreast, 1))
	failed := make([]error, len(list))
	for i, r := range list {
		group.Go(func() error {
			if ctx.Err() == nil && o.one(ctx, r) != nil {
				failed[i] = fmt.Errorf("%s failed", r.name)
			}
			return nil
		})
	}
	_ = group.Wait() // the rows' own errors are kept apart
	return errors.Join(append(failed, context.Cause(ctx))...)
}

func (o options) chosen(want []string) ([]row, error) {
	all := rows()
	for _, name := range want {
		if !slices.ContainsFunc(all, func(r row) bool { return r.name == name }) {
			return nil, fmt.Errorf("there is no row %q; -h lists them", name)
		}
	}
	return slices.DeleteFunc(all, func(r row) bool {
		if len(want) == 0 {
			return r.long && !o.long
		}
		return !slices.Contains(want, r.name)
	}), nil
}

// errSkipped is a row that this machine cannot run.
var errSkipped = errors.New("skipped")

// one runs one row in a fresh world.
func (o options) one(ctx context.Context, r row) (err error) {
	began := time.Now()
	a, err := newArena(ctx, o)
	if err == nil {
		err = errors.Join(r.run(ctx, a), a.close())
	}
	took := time.Since(began).Round(time.Second / 10)
	switch {
	case errors.Is(err, errSkipped):
		fmt.Printf("%-12s %v\n", r.name, err)
		return os.RemoveAll(a.Dir)
	case err != nil && a != nil:
		fmt.Printf("%-12s FAILED after %s, seed %d, its files are in %s\n%v\n", r.name, took, o.seed, a.Dir, err)
		return err
	case err != nil:
		fmt.Printf("%-12s FAILED: %v\n", r.name, err)
		return err
	}
	fmt.Printf("%-12s ok in %s: %s\n", r.name, took, strings.Join(a.notes, ", "))
	if o.keep {
		fmt.Printf("%-12s its files are in %s\n", "", a.Dir)
		return nil
	}
	return os.RemoveAll(a.Dir)
}
