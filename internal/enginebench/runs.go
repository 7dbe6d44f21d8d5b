package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// measured is one thing that is run several times.
type measured struct {
	name      string
	command   []string
	bytes     int64
	once      bool
	clock     []time.Duration
	processor []time.Duration
	peak      int64 // bytes of memory
}

// runs are what can be run here, the peer that others are compared with first.
func (s *set) runs() ([]*measured, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	all, err := os.Stat(filepath.Join(s.dir, "all.txt"))
	if err != nil {
		return nil, err
	}
	if err := pack(s.dir); err != nil {
		return nil, err
	}
	var runs []*measured
	add := func(name string, command ...string) *measured {
		m := &measured{name: name, command: command, bytes: all.Size()}
		runs = append(runs, m)
		return m
	}
	if rg, err := exec.LookPath("rg"); err == nil {
		add("rg -i -c -F, 86", rg, "-i", "-c", "-F", "-f", filepath.Join(s.dir, "lit-86.txt"), filepath.Join(s.dir, "all.txt"))
	}
	ours := func(name, n string, flags ...string) {
		add(name, append([]string{self, "-dir", s.dir, "-scan", filepath.Join(s.dir, "queries-"+n+".jsonl")}, flags...)...)
	}
	ours("86, every byte", "86", "-every-byte")
	ours("86, metadata first", "86")
	ours("1000, every byte", "1000", "-every-byte")
	ours("10000, every byte", "10000", "-every-byte")
	ours("86, every byte, two processors", "86", "-every-byte", "-cpu", "2")
	if taskset, err := exec.LookPath("taskset"); err == nil { // the one that all others are bound to is not enough
		two := runs[len(runs)-1]
		two.command = append([]string{taskset, "-c", "0,1"}, two.command...)
	}
	ours("86, every byte, gzipped", "86", "-every-byte", "-packed")
	if cp := s.classPath(); s.lucene && cp != "" {
		m := add("Lucene, index and 86 queries", "java", "-XX:+UseSerialGC", "-Xmx4g", "-cp", cp, "LuceneBench",
			filepath.Join(s.dir, "corpus"), filepath.Join(s.dir, "queries-86.jsonl"), "1", "nostore")
		m.once = true
	}
	return runs, nil
}

// classPath is Lucene's, from the set's env.sh.
func (s *set) classPath() string {
	text, err := os.ReadFile(filepath.Join(s.dir, "env.sh"))
	if err != nil {
		return ""
	}
	_, cp, _ := strings.Cut(strings.TrimSpace(string(text)), "CP=")
	return cp + filepath.Join(s.dir, "java")
}

// measure runs it once.
func (m *measured) measure() error {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, m.command[0], m.command[1:]...)
	var errs strings.Builder
	cmd.Stderr = &errs
	began := time.Now()
	err := cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.ExitCode() == 1 && errs.Len() == 0 {
		err = nil // rg's "nothing found"
	}
	if err != nil {
		return fmt.Errorf("%w: %s", err, errs.String())
	}
	m.clock = append(m.clock, time.Since(began))
	m.processor = append(m.processor, cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime())
	m.peak = max(m.peak, peak(cmd.ProcessState))
	return nil
}
