package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime/pprof"
	"strings"
	"syscall"
	"time"

	"github.com/recheckbot/recheckbot/bot"
	"github.com/recheckbot/recheckbot/handlers"
	"github.com/recheckbot/recheckbot/internal/config"
	"github.com/recheckbot/recheckbot/internal/fake/gerrit"
	"github.com/recheckbot/recheckbot/internal/store"
)

// runBackfill measures a backfill of a made-up history.
func runBackfill(args []string) int {
	var h history
	f := flag.NewFlagSet("bench backfill", flag.ContinueOnError)
	h.flags(f)
	profile := f.String("cpuprofile", "", "write a CPU profile to this `file`")
	if f.Parse(args) != nil {
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := measureBackfill(ctx, &h, f, *profile); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		return 1
	}
	return 0
}

func measureBackfill(ctx context.Context, h *history, f *flag.FlagSet, profile string) (err error) {
	dir, err := os.MkdirTemp("", "recheckbot-backfill-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	addr, key, stop, err := startHistory(dir, f)
	if err != nil {
		return err
	}
	defer stop()
	cfg, err := backfillConfig(dir, addr, key)
	if err != nil {
		return err
	}
	if profile != "" {
		out, err := os.Create(profile)
		if err != nil {
			return err
		}
		defer out.Close()
		if err := pprof.StartCPUProfile(out); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	before, began := usage(), time.Now()
	p, err := bot.Backfill(ctx, cfg, bot.BackfillOptions{Since: began.Add(-time.Duration(h.days+1) * 24 * time.Hour), Told: progress(began)})
	if err != nil {
		return err
	}
	took := time.Since(began)
	after := usage()
	fmt.Printf("%d comments on %d changes in %.1f s: %.0f comments/s; processor %.1f s; peak RSS %d MiB\n", p.Comments, p.Changes,
		took.Seconds(), float64(p.Comments)/took.Seconds(), (after.cpu - before.cpu).Seconds(), after.rss>>20)
	return h.check(ctx, cfg.Store.Path, p)
}

// progress prints how far it is, seldom.
func progress(began time.Time) func(handlers.BackfillProgress) {
	last := began
	return func(p handlers.BackfillProgress) {
		if now := time.Now(); now.Sub(last) > 10*time.Second {
			last = now
			fmt.Printf("%3.0f s: %d comments, %.0f%%\n", now.Sub(began).Seconds(), p.Comments, 100*p.Share())
		}
	}
}

// check fails when not everything is there, or more.
func (h *history) check(ctx context.Context, path string, p handlers.BackfillProgress) (err error) {
	s, err := store.OpenReadOnly(ctx, path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	n, err := s.Sizes(ctx)
	if err != nil {
		return err
	}
	reports := (h.changes()*h.perChange + h.perReport - 1) / h.perReport
	fmt.Printf("%d comments, %d reports, %d builds, %d rechecks; %d MiB\n", n.Comments, n.Reports, n.Builds, n.Rechecks, n.Bytes>>20)
	if n.Comments != h.changes()*h.perChange || n.Reports != reports || n.Builds != reports*h.builds || p.GivenUp > 0 {
		return fmt.Errorf("%d comments, %d reports, %d builds were to be found", h.changes()*h.perChange, reports, reports*h.builds)
	}
	return nil
}

// startHistory runs this program again as a Gerrit with a past.
func startHistory(dir string, f *flag.FlagSet) (addr, key string, stop func(), err error) {
	exe, err := os.Executable()
	if err != nil {
		return "", "", nil, err
	}
	args := []string{historyCommand, "-keys", dir}
	f.VisitAll(func(v *flag.Flag) {
		if v.Name != "cpuprofile" {
			args = append(args, "-"+v.Name, v.Value.String())
		}
	})
	c := exec.Command(exe, args...)
	c.Stderr = os.Stderr
	in, err := c.StdinPipe()
	if err != nil {
		return "", "", nil, err
	}
	out, err := c.StdoutPipe()
	if err != nil {
		return "", "", nil, err
	}
	if err := c.Start(); err != nil {
		return "", "", nil, err
	}
	stop = func() { in.Close(); _ = c.Wait() }
	line, err := bufio.NewReader(out).ReadString('\n')
	addr, key, ok := strings.Cut(strings.TrimSpace(line), " ")
	if err == nil && !ok {
		err = fmt.Errorf("the Gerrit says %q", line)
	}
	if err != nil {
		stop()
	}
	return addr, key, stop, err
}

func backfillConfig(dir, addr, key string) (config.Config, error) {
	if _, err := gerrit.WriteKey(filepath.Join(dir, "id")); err != nil {
		return config.Config{}, err
	}
	path := filepath.Join(dir, "config.toml")
	text := fmt.Sprintf("[gerrit]\naddr = %q\nuser = \"bot\"\nkey_file = \"id\"\nhost_key = %q\n"+
		"[[ci]]\nname = \"zuul\"\nlog_hosts = [\"*\"]\n", addr, key)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		return config.Config{}, err
	}
	return config.Load(path)
}

// used is what this process has used of the machine.
type used struct {
	cpu time.Duration
	rss int64 // bytes at the peak
}

func usage() used {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return used{}
	}
	return used{time.Duration(u.Utime.Nano() + u.Stime.Nano()), u.Maxrss << 10}
}
