package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/recheckbot/recheckbot/bot"
)

// inner is a life within this process: no clock can be set for one process alone
// (the program asks the kernel itself), nor can one wait for hours.
type inner struct {
	*bot.Bot
	cancel context.CancelFunc
	done   chan struct{}
	err    error // after done
}

// inside starts the bot in this process, by the arena's clock unless the options
// give another, and waits until it listens.
func (a *arena) inside(ctx context.Context, o bot.Options) error {
	log, err := os.OpenFile(filepath.Join(a.Dir, logFile), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	cfg, err := a.Config()
	if err != nil {
		return errors.Join(err, log.Close())
	}
	if o.Now == nil {
		o.Now, o.Mono = a.now, a.mono
	}
	cfg.Web.Listen = "127.0.0.1:0"
	o.Version, o.Logger = "faulttest", slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	b, err := bot.New(ctx, cfg, o)
	if err != nil {
		return errors.Join(err, log.Close())
	}
	in := &inner{Bot: b, done: make(chan struct{})}
	ctx, in.cancel = context.WithCancel(ctx)
	go func() {
		defer close(in.done)
		in.err = errors.Join(b.Run(ctx), log.Close())
	}()
	a.life = in
	a.born++
	return a.ready(ctx)
}

// now is the arena's clock, which Gerrit has too.
func (a *arena) now() time.Time { return time.Now().Add(time.Duration(a.offset.Load())) }

// mono is a monotonic clock that shows that a.now was not set: time has passed.
func (a *arena) mono() time.Duration { return time.Since(a.start) + time.Duration(a.offset.Load()) }

// pass lets time pass for Gerrit and for a bot in this process.
func (a *arena) pass(d time.Duration) { a.offset.Add(int64(d)) }

func (in *inner) ended() (bool, error) {
	select {
	case <-in.done:
		return true, in.err
	default:
		return false, nil
	}
}

func (in *inner) kill() {
	in.cancel()
	<-in.done
}

func (in *inner) stop() error {
	if ended, err := in.ended(); ended {
		return fmt.Errorf("the bot ended by itself: %v", err)
	}
	in.kill()
	return in.err
}
