package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"github.com/recheckbot/recheckbot/bot"
)

// health is what /healthz says.
type health struct {
	OK    bool     `json:"ok"`
	Stuck []string `json:"stuck"`
}

// health asks a bot in this process.
func (a *arena) health(ctx context.Context) (h health, status int, err error) {
	in, ok := a.life.(*inner)
	if !ok {
		return h, 0, errors.New("the bot is no part of this process")
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+in.WebAddr()+"/healthz", nil)
	if err != nil {
		return h, 0, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return h, 0, err
	}
	defer resp.Body.Close()
	return h, resp.StatusCode, json.NewDecoder(resp.Body).Decode(&h)
}

// stuckStep: a step hangs, as Gerrit does not answer it. The supervisor is not
// told any more that all is well, /healthz names the step, the channel hears of
// it, and all is well again when it moves.
func stuckStep(ctx context.Context, a *arena) error {
	var beats atomic.Int64
	err := errors.Join(a.wantAlarms(), a.inside(ctx, bot.Options{
		StuckAfter: 10 * time.Second, WatchdogEvery: 50 * time.Millisecond,
		Notify: func(state string) error {
			if state == "WATCHDOG=1" {
				beats.Add(1)
			}
			return nil
		},
	}))
	if err != nil {
		return err
	}
	if err := a.busy(20); err != nil {
		return err
	}
	if err := a.settle(ctx); err != nil {
		return err
	}
	a.Gerrit.Slow(20 * time.Second)
	if err := a.fail(a.newChange(), "gate"); err != nil {
		return err
	}
	if err := a.hangs(ctx, "deliver to gerrit", &beats); err != nil {
		return err
	}
	a.Gerrit.Slow(0)
	if err := a.hears(ctx, "ALARM: step ", " has not moved for 10s"); err != nil {
		return err
	}
	before := beats.Load()
	err = until(ctx, patience, "/healthz is well, and the supervisor told", func() bool {
		h, status, err := a.health(ctx)
		return err == nil && status == http.StatusOK && h.OK && beats.Load() > before
	})
	if err != nil {
		return err
	}
	if err := a.calm(ctx, "has not moved for 10s"); err != nil {
		return err
	}
	return a.finish(ctx)
}

// hangs waits until /healthz says that a step is stuck, and holds against it what
// the supervisor is told meanwhile: nothing.
func (a *arena) hangs(ctx context.Context, step string, beats *atomic.Int64) error {
	named := func() bool {
		h, status, err := a.health(ctx)
		return err == nil && status == http.StatusServiceUnavailable && !h.OK && slices.Contains(h.Stuck, step)
	}
	if err := until(ctx, patience, "/healthz names "+step, named); err != nil {
		return err
	}
	if !pause(ctx, 200*time.Millisecond) { // one look may have been under way
		return context.Cause(ctx)
	}
	before := beats.Load()
	if !pause(ctx, time.Second) {
		return context.Cause(ctx)
	}
	if told := beats.Load() - before; told > 0 && named() {
		return fmt.Errorf("the supervisor was told %d times that all is well while %s was stuck", told, step)
	}
	return nil
}
