package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"time"

	"github.com/recheckbot/recheckbot/bot"
	"github.com/recheckbot/recheckbot/internal/demo"
)

// tooMany: more reviews than the hour's limit. The bot stops saying, also over a
// restart, and goes on recording, until a person resumes.
func tooMany(ctx context.Context, a *arena) error {
	const limit = 8
	err := errors.Join(a.wantAlarms(), a.replace("reviews = 0", fmt.Sprintf("reviews = %d", limit)), a.begin(ctx))
	if err != nil {
		return err
	}
	if err := a.failures(limit+3, "rpc-timeout"); err != nil {
		return err
	}
	if err := a.hears(ctx, "ALARM: nothing is said any more: ", " reviews within an hour"); err != nil {
		return err
	}
	a.life.kill()
	if err := a.begin(ctx); err != nil {
		return err
	}
	return a.silentUntilResumed(ctx, limit)
}

// tooBroad: one fingerprint recognizes nearly all builds, as it never did in the
// days before.
func tooBroad(ctx context.Context, a *arena) error {
	err := errors.Join(a.wantAlarms(), a.replace("fingerprint_percent = 0", "fingerprint_percent = 30"), a.past(ctx, 4*24*time.Hour))
	if err != nil {
		return err
	}
	if err := a.begin(ctx); err != nil {
		return err
	}
	if err := a.failures(20, "mirror"); err != nil {
		return err
	}
	if err := a.hears(ctx, "ALARM: nothing is said any more: fingerprint ", " recognized "); err != nil {
		return err
	}
	return a.silentUntilResumed(ctx, pastFailures+20)
}

// pastFailures is how many failures of another cause a past has.
const pastFailures = 5

// past lets a bot in this process live for a while, so long ago.
func (a *arena) past(ctx context.Context, ago time.Duration) error {
	a.pass(-ago)
	if err := a.inside(ctx, bot.Options{}); err != nil {
		return err
	}
	if err := a.failures(pastFailures, "rpc-timeout"); err != nil {
		return err
	}
	if err := errors.Join(a.settle(ctx), a.stop()); err != nil {
		return err
	}
	a.pass(ago)
	return nil
}

// failures reports so many failures of one cause, each on a change of its own.
func (a *arena) failures(n int, cause string) error {
	for range n {
		if err := a.failBy(a.newChange(), "gate", demo.Build{Job: "tempest-full-py3", Cause: cause}); err != nil {
			return err
		}
	}
	return nil
}

// silentUntilResumed reports more failures to a bot that has stopped saying:
// each is recorded and decided, and not one more review is there than it had said
// at most before. A person resumes, and what waited is said.
func (a *arena) silentUntilResumed(ctx context.Context, most int) error {
	if err := a.failures(3, "rpc-timeout"); err != nil {
		return err
	}
	db, err := a.open()
	if err != nil {
		return err
	}
	defer db.Close()
	a.mu.Lock()
	reports := len(a.reports)
	a.mu.Unlock()
	err = until(ctx, patience, "all reports are decided", func() bool {
		n, err := number(db, `SELECT count(*) FROM report WHERE state = 'said'`)
		return err == nil && n == reports
	})
	if err != nil {
		return err
	}
	if !pause(ctx, 3*time.Second) { // what it would say it says now
		return context.Cause(ctx)
	}
	a.mu.Lock()
	said := a.ours()
	a.mu.Unlock()
	if said > most {
		return fmt.Errorf("%d reviews, not %d at most", said, most)
	}
	a.note("%d reviews until it stopped", said)
	resume := exec.CommandContext(ctx, a.o.binary, "resume", "--why", "looked at it")
	resume.Dir = a.Dir
	if out, err := resume.CombinedOutput(); err != nil {
		return fmt.Errorf("resume: %w: %s", err, oneLine(out))
	}
	if err := a.hears(ctx, "over after ", "nothing is said any more"); err != nil {
		return err
	}
	return errors.Join(a.finish(ctx), a.alarmedOnce("breaker"))
}
