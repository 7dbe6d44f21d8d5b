package demo

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/recheckbot/recheckbot/internal/fake/gerrit"
	"github.com/recheckbot/recheckbot/internal/fake/ircd"
	"github.com/recheckbot/recheckbot/internal/fake/loghost"
	"github.com/recheckbot/recheckbot/internal/fake/zuul"
)

// Where the bot is, in every world.
const (
	BotUser = "recheckbot" // on Gerrit and on IRC
	CIUser  = "zuul"
	Tenant  = "openstack"
	Channel = "#openstack-qa"
)

// WorldOptions shape a world. The zero value is one on free ports.
type WorldOptions struct {
	Dir          string           // of the bot's files; empty: a temporary one that Close removes
	IRCAddr      string           // empty: a free port of 127.0.0.1
	Seed         uint64           // of all that is at random
	Fingerprints string           // a folder of fingerprints in place of the world's own
	GerritClock  func() time.Time // nil: time.Now
}

// World is a set of running servers and the files of a bot that knows them. It
// is safe for concurrent use.
type World struct {
	Gerrit    *gerrit.Server
	IRC       *ircd.Server
	Zuul      *zuul.Server
	Logs      *loghost.Server
	Launchpad *Launchpad
	Dir       string

	scenery  scenery
	projects map[int64]string // by change; guarded by mu
	seed     *rand.Rand       // guarded by mu
	mu       sync.Mutex
	stops    []func() error
}

// NewWorld starts the servers and writes the bot's files into the folder.
func NewWorld(o WorldOptions) (*World, error) {
	w := &World{Dir: o.Dir, seed: rand.New(rand.NewPCG(o.Seed, 0))}
	if err := w.start(o); err != nil {
		return nil, errors.Join(fmt.Errorf("demo: world: %w", err), w.Close())
	}
	return w, nil
}

func (w *World) start(o WorldOptions) error {
	var err error
	if w.scenery, err = readScenery(); err != nil {
		return err
	}
	if w.Dir == "" {
		if w.Dir, err = os.MkdirTemp("", "recheckbot-demo-"); err != nil {
			return err
		}
		w.stops = append(w.stops, func() error { return os.RemoveAll(w.Dir) })
	}
	if err := w.startServers(o); err != nil {
		return err
	}
	if err := w.addAccounts(); err != nil {
		return err
	}
	if err := w.writeQueries(o.Fingerprints); err != nil {
		return err
	}
	return w.writeConfig()
}

// Close ends the servers, last started first.
func (w *World) Close() error {
	var errs []error
	for _, stop := range slices.Backward(w.stops) {
		errs = append(errs, stop())
	}
	w.stops = nil
	return errors.Join(errs...)
}

const anyPort = "127.0.0.1:0"

func (w *World) startServers(o WorldOptions) (err error) {
	if w.Gerrit, err = gerrit.Start(gerrit.Options{Now: o.GerritClock}); err != nil {
		return err
	}
	w.stops = append(w.stops, w.Gerrit.Close)
	if w.Zuul, err = zuul.Start(anyPort); err != nil {
		return err
	}
	w.stops = append(w.stops, w.Zuul.Close)
	if w.Logs, err = loghost.Start(anyPort); err != nil {
		return err
	}
	w.stops = append(w.stops, w.Logs.Close)
	if w.Launchpad, err = startLaunchpad(w.scenery.bugs); err != nil {
		return err
	}
	w.stops = append(w.stops, w.Launchpad.Close)
	addr := o.IRCAddr
	if addr == "" {
		addr = anyPort
	}
	if w.IRC, err = ircd.Start(addr, ircd.Options{Network: "Demo"}); err != nil {
		return err
	}
	w.stops = append(w.stops, w.IRC.Close)
	w.IRC.Mode(Channel, "+n") // it exists from now on, and nobody becomes operator by being first
	return nil
}

// addAccounts makes the bot, the CI and the people known to Gerrit.
func (w *World) addAccounts() error {
	key, err := gerrit.WriteKey(filepath.Join(w.Dir, keyFile))
	if err != nil {
		return err
	}
	errs := []error{
		w.Gerrit.AddAccount(BotUser, "recheckbot", "", key, true),
		w.Gerrit.AddAccount(CIUser, "Zuul", "", "", true),
	}
	for _, name := range w.scenery.people {
		errs = append(errs, w.Gerrit.AddAccount(name, name, name+"@example.org", "", false))
	}
	return errors.Join(errs...)
}

// writeQueries fills the folder of fingerprints.
func (w *World) writeQueries(from string) error {
	dir := filepath.Join(w.Dir, queriesDir)
	if from != "" {
		return os.CopyFS(dir, os.DirFS(from))
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for name, body := range w.scenery.queries {
		if err := os.WriteFile(filepath.Join(dir, name), body, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// uuid makes up a name as Zuul gives to builds.
func (w *World) uuid() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return fmt.Sprintf("%016x%016x", w.seed.Uint64(), w.seed.Uint64())
}

// Ready waits until the bot reads Gerrit's events and is in its channel.
func (w *World) Ready(ctx context.Context) error {
	return until(ctx, func() bool {
		return w.Gerrit.Streams() > 0 && slices.Contains(w.IRC.Nicks(Channel), BotUser)
	})
}
