package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/recheckbot/recheckbot/internal/demo"
	"github.com/recheckbot/recheckbot/internal/fake/gerrit"
)

// firstStart: a Gerrit with ten years of comments, and a bot that never ran
// before. Of the past it says nothing; of what comes now it does.
func firstStart(ctx context.Context, a *arena) error {
	const changes, year = 20_000, 365 * 24 * time.Hour
	for n := range changes {
		at := time.Now().Add(-10*year/changes*time.Duration(changes-n) - time.Hour)
		_, failed := a.Prepare(demo.Report{
			Change: int64(n + 1), Project: project, Pipeline: "gate",
			Builds: []demo.Build{{Job: "tempest-full-py3", Cause: "mirror"}},
		})
		a.Gerrit.Past(gerrit.ChangeSpec{Project: project, Branch: "master", Owner: "alice", Subject: "An old change"}, []gerrit.Posted{
			{Author: demo.CIUser, Time: at, Comment: failed},
			{Author: "bob", Time: at.Add(time.Minute), Comment: gerrit.Comment{Message: fmt.Sprintf("recheck bug %d", 1000000+n/10)}},
			{Author: demo.CIUser, Time: at.Add(2 * time.Minute), Comment: failed},
		})
	}
	if err := a.begin(ctx); err != nil {
		return err
	}
	// Somebody speaks on the newest of the old changes.
	if _, err := a.Gerrit.Post(changes, "bob", gerrit.Comment{Message: "Any news?"}); err != nil {
		return err
	}
	if err := a.says(ctx, 0, patience, `"caught up"`); err != nil {
		return err
	}
	if !pause(ctx, 5*time.Second) { // what it would say of old things it says now
		return context.Cause(ctx)
	}
	if err := a.spoken(0); err != nil {
		return err
	}
	a.life.kill()
	if err := a.begin(ctx); err != nil {
		return err
	}
	if err := a.fail(a.newChange(), "gate"); err != nil {
		return err
	}
	return a.finish(ctx)
}

// spoken fails unless the bot said exactly so many reviews and lines.
func (a *arena) spoken(want int) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	got := a.ours()
	for _, n := range a.heard {
		got += n
	}
	if got != want {
		return fmt.Errorf("the bot said %d things, not %d: %v", got, want, a.heard)
	}
	return nil
}

// burst: 500 people name one bug at the same time, and 200 name ten others
// while the bot is away: one line a bug. Gerrit sends the burst in one packet, as
// it would otherwise drop what this machine cannot take in time.
func burst(ctx context.Context, a *arena) error {
	if err := a.begin(ctx); err != nil {
		return err
	}
	name := func(people, bugs, first int) error {
		for n := range people {
			m := gerrit.Comment{Message: fmt.Sprintf("recheck bug %d", first+n%bugs)}
			if _, err := a.Gerrit.Post(a.newChange(), []string{"alice", "bob", "chandra"}[n%3], m); err != nil {
				return err
			}
		}
		a.mu.Lock()
		a.bugs += bugs
		a.mu.Unlock()
		return nil
	}
	a.Gerrit.Hold()
	if err := name(500, 1, 2000001); err != nil {
		return err
	}
	a.Gerrit.Release()
	if err := a.settle(ctx); err != nil {
		return err
	}
	a.life.kill()
	if err := name(200, 10, 3000001); err != nil {
		return err
	}
	return errors.Join(a.begin(ctx), a.finish(ctx))
}
