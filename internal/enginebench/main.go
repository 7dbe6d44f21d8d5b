// Enginebench measures the embedded engine against its peers, in turn, on the
// same files:
//
//	taskset -c 0 go run ./internal/enginebench [-dir DIR] [-rounds 3]
//
// DIR holds corpus/ with logs and their manifest.jsonl, all.txt (all of them in
// one), and for N of 86, 1000 and 10000 queries-N.jsonl and lit-N.txt (their
// texts, one a line). Without it a set of its own is made, 256 MB. Peers are
// ripgrep, where it is installed, and Lucene, where DIR has java/ and a CP file.
// Each run is a process of its own, ours too; ratios are of medians, by the
// clock and by the processor's time: the latter bears a machine that has other
// things to do.
package main

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"text/tabwriter"
	"time"
)

func main() { os.Exit(run()) }

func run() int {
	var s set
	var one job
	flag.StringVar(&s.dir, "dir", "", "the set; empty: one is made in a temporary folder")
	flag.IntVar(&s.rounds, "rounds", 3, "how often each is run")
	flag.BoolVar(&s.lucene, "lucene", false, "run Lucene too, where it is there: minutes")
	flag.StringVar(&one.queries, "scan", "", "only scan with the queries of this file")
	flag.BoolVar(&one.everyByte, "every-byte", false, "with -scan: prune nothing")
	flag.BoolVar(&one.packed, "packed", false, "with -scan: the gzipped logs")
	flag.IntVar(&one.cpu, "cpu", 1, "with -scan: processors")
	flag.StringVar(&one.profile, "cpuprofile", "", "with -scan: write a profile to this file")
	flag.Parse()
	err := func() error {
		if one.queries != "" {
			return one.scan(s.dir)
		}
		return s.bench()
	}()
	if err != nil {
		fmt.Fprintln(os.Stderr, "enginebench:", err)
		return 1
	}
	return 0
}

// set is what is measured, and how often.
type set struct {
	dir    string
	rounds int
	lucene bool
}

func (s *set) bench() error {
	if s.dir == "" {
		dir, err := os.MkdirTemp("", "enginebench")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		s.dir = dir
		if err := makeSet(dir, 256<<20); err != nil {
			return err
		}
	}
	runs, err := s.runs()
	if err != nil {
		return err
	}
	for round := range s.rounds {
		for _, r := range runs {
			if r.once && round > 0 {
				continue
			}
			if err := r.measure(); err != nil {
				return fmt.Errorf("%s: %w", r.name, err)
			}
		}
	}
	return report(runs)
}

// report prints a line for each run; the ratio is to the first.
func report(runs []*measured) error {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "what\tclock MB/s\tratio\tprocessor MB/s\tratio\tpeak MB")
	first := runs[0]
	for _, r := range runs {
		fmt.Fprintf(w, "%s\t%.0f\t%.2f\t%.0f\t%.2f\t%d\n", r.name, r.rate(r.clock), ratio(first.clock, r.clock),
			r.rate(r.processor), ratio(first.processor, r.processor), r.peak>>20)
	}
	return w.Flush()
}

func median(list []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(list))
	return sorted[len(sorted)/2]
}

func ratio(first, other []time.Duration) float64 {
	return float64(median(first)) / float64(median(other))
}

func (m *measured) rate(list []time.Duration) float64 {
	return float64(m.bytes) / 1e6 / median(list).Seconds()
}
