package demo

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/recheckbot/recheckbot/bot"
)

// Running is a bot that runs in a world.
type Running struct {
	cancel context.CancelFunc
	done   chan struct{}
	err    error // after done
}

// StartBot builds the bot from its configuration file and runs it until ctx
// ends or Stop.
func (w *World) StartBot(ctx context.Context, version string, log *slog.Logger) (*Running, error) {
	cfg, err := w.Config()
	if err != nil {
		return nil, fmt.Errorf("demo: bot: %w", err)
	}
	b, err := bot.New(ctx, cfg, bot.Options{Version: version, Logger: log})
	if err != nil {
		return nil, fmt.Errorf("demo: bot: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	r := &Running{cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(r.done)
		if err := b.Run(ctx); err != nil && !errors.Is(err, context.Canceled) {
			r.err = fmt.Errorf("demo: the bot ended: %w", err)
		}
	}()
	return r, nil
}

// Done is closed when the bot has ended.
func (r *Running) Done() <-chan struct{} { return r.done }

// Kill tells the bot to end, whatever it is doing, and does not wait.
func (r *Running) Kill() { r.cancel() }

// Stop ends the bot, waits for it and returns why it ended, nil when it was
// told to.
func (r *Running) Stop() error {
	r.cancel()
	<-r.done
	return r.err
}
