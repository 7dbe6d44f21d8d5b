package bot

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/recheckbot/recheckbot/gerritstream"
	"github.com/recheckbot/recheckbot/handlers"
	"github.com/recheckbot/recheckbot/internal/ci"
	"github.com/recheckbot/recheckbot/internal/config"
	"github.com/recheckbot/recheckbot/internal/irc"
	"github.com/recheckbot/recheckbot/internal/tracker"
	"github.com/recheckbot/recheckbot/internal/zuul"
)

// Check is one thing that was looked at before the bot runs.
type Check struct {
	What    string `json:"what"`
	OK      bool   `json:"ok"`
	Warning bool   `json:"warning,omitempty"` // OK, and worth a look
	Why     string `json:"why,omitempty"`
}

// String is one line for people.
func (c Check) String() string {
	mark := "ok     "
	switch {
	case !c.OK:
		mark = "ERROR  "
	case c.Warning:
		mark = "warning"
	}
	return strings.TrimSuffix(mark+" "+c.What+": "+c.Why, ": ")
}

// checkWithin bounds the check of one server.
const checkWithin = 20 * time.Second

// noUUID is a build that no Zuul has: to be told so proves that it answers.
const noUUID = "00000000000000000000000000000000"

// CheckOnline connects to each server that the config names.
func CheckOnline(ctx context.Context, cfg config.Config) []Check {
	checks := []Check{checked(ctx, "gerrit "+cfg.Gerrit.Addr, func(ctx context.Context) (string, error) { return askGerrit(ctx, cfg) })}
	for _, c := range cfg.CI {
		if c.Zuul != "" {
			checks = append(checks, checked(ctx, "zuul "+c.Zuul, func(ctx context.Context) (string, error) { return askZuul(ctx, c) }))
		}
	}
	for _, t := range cfg.Trackers {
		if t.Kind == string(tracker.Launchpad) {
			checks = append(checks, checked(ctx, "tracker "+t.Name, func(ctx context.Context) (string, error) { return askTracker(ctx, cfg, t.Name) }))
		}
	}
	for _, server := range cfg.IRC.Servers {
		one := cfg
		one.IRC.Servers = []string{server}
		checks = append(checks, checked(ctx, "irc "+server, func(ctx context.Context) (string, error) { return askIRC(ctx, one) }))
	}
	return checks
}

// checked asks one server, for a bounded time.
func checked(ctx context.Context, what string, ask func(context.Context) (string, error)) Check {
	ctx, cancel := context.WithTimeout(ctx, checkWithin)
	defer cancel()
	why, err := ask(ctx)
	if err != nil {
		return Check{What: what, Why: err.Error()}
	}
	return Check{What: what, OK: true, Why: why}
}

func askGerrit(ctx context.Context, cfg config.Config) (string, error) {
	b := &Bot{cfg: cfg, o: Options{Now: time.Now}, log: slog.New(slog.DiscardHandler), stops: &stops{log: slog.New(slog.DiscardHandler)}}
	if err := b.openGerrit(); err != nil {
		return "", err
	}
	version, err := b.gerrit.Version(ctx)
	if err == nil {
		_, err = b.gerrit.Query(ctx, gerritstream.Query{Text: "status:open", Limit: 1})
	}
	return version, errors.Join(err, b.Close())
}

func askZuul(ctx context.Context, c config.CI) (string, error) {
	_, err := zuul.New(zuul.Options{Root: c.Zuul, Tenant: c.Tenant}).Build(ctx, noUUID)
	var none *zuul.NotFoundError
	if errors.As(err, &none) {
		return "answers", nil
	}
	return "answers", err
}

func askTracker(ctx context.Context, cfg config.Config, name string) (string, error) {
	_, err := newTracker(cfg, nil).Title(ctx, ci.BugRef{Tracker: name, Ref: "1"})
	var none *tracker.NotFoundError
	if errors.As(err, &none) {
		return "answers", nil
	}
	return "answers", err
}

// askIRC connects, joins every channel and leaves again.
func askIRC(ctx context.Context, cfg config.Config) (string, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	changed := handlers.NewWake()
	client, err := newIRC(cfg, slog.New(slog.DiscardHandler), nil, changed)
	if err != nil {
		return "", err
	}
	ended := make(chan error, 1)
	go func() { ended <- client.Run(ctx) }()
	for {
		st := client.State()
		if st.Connected && joinedAll(st) {
			cancel()
			<-ended
			return fmt.Sprintf("connected as %s, %d channels", st.Nick, len(st.Joined)), nil
		}
		select {
		case <-changed:
		case err := <-ended:
			return "", errors.Join(err, troubleOf(st))
		}
	}
}

func joinedAll(st irc.State) bool {
	for _, in := range st.Joined {
		if !in {
			return false
		}
	}
	return true
}

// troubleOf is what the connection says is wrong with it.
func troubleOf(st irc.State) error {
	errs := []error{errors.New("not connected and joined in time")}
	if st.LastError != "" {
		errs = append(errs, errors.New(st.LastError))
	}
	for channel, why := range st.Trouble {
		errs = append(errs, fmt.Errorf("%s: %s", channel, why))
	}
	return errors.Join(errs...)
}
