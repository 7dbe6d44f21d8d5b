package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/recheckbot/recheckbot/internal/demo"
	"github.com/recheckbot/recheckbot/internal/fake/gerrit"
)

// arena is a world with a bot to be hurt, and what should be seen in it.
type arena struct {
	*demo.World
	o        options
	life     life // the last one; nil before the first
	born     int  // lives so far
	lost     int  // reviews that were cut off, so far
	ear      *demo.Person
	notes    []string // what a row that passed tells of itself
	ends     []func() error
	database string // path
	start    time.Time
	offset   atomic.Int64 // of Gerrit's clock, and of the bot's where it lives in this process

	mu      sync.Mutex
	rand    *rand.Rand
	heard   map[string]int // the bot's lines in the channel
	posts   []gerrit.Posted
	reports []report
	states  map[string]string // of builds, by job: what they should end as
	bugs    int               // announcements that are due, one for each bug
	lines   int               // and for each report in the gate
	reviews chan struct{}
	said    chan struct{}
	told    chan struct{}
}

// report is a CI's comment that wants an answer.
type report struct {
	change int64
	builds int
	silent bool // nothing is known of it that could be said
}

// newArena makes a world in a folder that stays until the row has passed.
func newArena(ctx context.Context, o options) (*arena, error) {
	dir, err := os.MkdirTemp("", "recheckbot-fault-")
	if err != nil {
		return nil, err
	}
	a := &arena{
		o: o, start: time.Now(), rand: rand.New(rand.NewPCG(o.seed, 1)), heard: map[string]int{}, states: map[string]string{}, database: filepath.Join(dir, "recheckbot.db"),
		reviews: make(chan struct{}, 1), said: make(chan struct{}, 1), told: make(chan struct{}, 1),
	}
	if a.World, err = demo.NewWorld(demo.WorldOptions{Dir: dir, Seed: o.seed, GerritClock: a.now}); err != nil {
		return nil, err
	}
	a.Gerrit.OnPost(a.posted)
	if a.ear, err = a.Meet(ctx, "listener", a.hear); err != nil {
		return nil, errors.Join(err, a.World.Close())
	}
	return a, nil
}

// close ends the bot, if it still lives, and the world.
func (a *arena) close() error {
	if a.life != nil {
		a.life.kill()
	}
	errs := []error{a.ear.Leave(), a.World.Close()}
	for _, end := range a.ends {
		errs = append(errs, end())
	}
	return errors.Join(errs...)
}

// configure puts lines into a table of the bot's configuration.
func (a *arena) configure(table string, lines ...string) error {
	head := "[" + table + "]\n"
	return a.replace(head, head+strings.Join(lines, "\n")+"\n")
}

// replace replaces a text in the bot's configuration.
func (a *arena) replace(old, by string) error {
	path := filepath.Join(a.Dir, "config.toml")
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if !strings.Contains(string(b), old) {
		return fmt.Errorf("the world's configuration has no %q", old)
	}
	return os.WriteFile(path, []byte(strings.Replace(string(b), old, by, 1)), 0o600)
}

// posted notes what somebody posted on Gerrit.
func (a *arena) posted(p gerrit.Posted) {
	a.mu.Lock()
	a.posts = append(a.posts, p)
	a.mu.Unlock()
	switch p.Author {
	case demo.BotUser:
		ring(a.reviews)
	case demo.CIUser:
		ring(a.told)
	}
}

// hear notes what the bot said.
func (a *arena) hear(h demo.Heard) {
	if h.From != demo.BotUser || h.Target != demo.Channel {
		return
	}
	a.mu.Lock()
	a.heard[h.Text]++
	a.mu.Unlock()
	ring(a.said)
}

// oneLine is a program's complaint.
func oneLine(b []byte) string { return strings.Join(strings.Fields(string(b)), " ") }

func ring(bell chan struct{}) {
	select {
	case bell <- struct{}{}:
	default: // rung already
	}
}

// note keeps something that the row tells when it has passed.
func (a *arena) note(format string, args ...any) {
	a.notes = append(a.notes, fmt.Sprintf(format, args...))
}

// n is a number below most, of the seed's.
func (a *arena) n(most int) int { a.mu.Lock(); defer a.mu.Unlock(); return a.rand.IntN(most) }

// between is a duration of the seed's.
func (a *arena) between(least, most time.Duration) time.Duration {
	return least + time.Duration(a.n(int(most-least)))
}

// ready waits until the bot listens.
func (a *arena) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, errors.New("the bot does not listen"))
	defer cancel()
	return a.Ready(ctx)
}

// pause waits for d or the end of ctx, and reports whether it was d.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// until waits until done says so, and fails with what after within.
func until(ctx context.Context, within time.Duration, what string, done func() bool) error {
	ctx, cancel := context.WithTimeoutCause(ctx, within, fmt.Errorf("not within %s: %s", within, what))
	defer cancel()
	for !done() {
		if !pause(ctx, 50*time.Millisecond) {
			return context.Cause(ctx)
		}
	}
	return nil
}
