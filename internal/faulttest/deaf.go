package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/recheckbot/recheckbot/bot"
)

// wantAlarms lets the bot say alarms in its channel.
func (a *arena) wantAlarms() error {
	return a.replace(`projects = ["openstack/*"]`, `projects = ["openstack/*"]`+"\n"+`kinds = ["recognized", "untracked-bug", "alarms"]`)
}

// hears waits until the bot has said a line in its channel that begins so and has
// a text.
func (a *arena) hears(ctx context.Context, begin, text string) error {
	return until(ctx, patience, fmt.Sprintf("the channel hears %q", begin+text), func() bool { return a.heardLine(begin, text) })
}

func (a *arena) heardLine(begin, text string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	for line := range a.heard {
		if strings.HasPrefix(line, begin) && strings.Contains(line, text) {
			return true
		}
	}
	return false
}

// calm lets time pass until an alarm is said to be over: it must be well for a
// minute, by looks that are a few seconds apart.
func (a *arena) calm(ctx context.Context, text string) error {
	next := time.Now()
	return until(ctx, patience, fmt.Sprintf("the channel hears that it is over: %q", text), func() bool {
		if now := time.Now(); !now.Before(next) {
			a.pass(61 * time.Second)
			next = now.Add(6 * time.Second)
		}
		return a.heardLine("over after ", text)
	})
}

// alarmedOnce holds an alarm against once raised and once over, each said once.
func (a *arena) alarmedOnce(name string) error {
	db, err := a.open()
	if err != nil {
		return err
	}
	defer db.Close()
	n, err := number(db, `SELECT count(*) FROM outbox WHERE medium = 'irc' AND cause LIKE 'alarm:' || ? || ':%'`, name)
	if err == nil && n != 2 {
		err = fmt.Errorf("alarm %s: %d lines, not that it was raised and that it is over", name, n)
	}
	return err
}

// deafStream: the stream stands and brings nothing, while Gerrit's list has
// comments. The bot notices once the silence is longer than usual, says so,
// connects again, recovers all, and says that it is over.
func deafStream(ctx context.Context, a *arena) error {
	if err := errors.Join(a.wantAlarms(), a.inside(ctx, bot.Options{})); err != nil {
		return err
	}
	if err := a.busy(20); err != nil {
		return err
	}
	if err := a.settle(ctx); err != nil {
		return err
	}
	a.pass(time.Minute)
	a.Gerrit.Deafen()
	if err := a.busy(30); err != nil {
		return err
	}
	a.pass(20 * time.Minute) // a silence is suspicious after 15
	if err := a.hears(ctx, "ALARM: ", "event stream deaf since"); err != nil {
		return err
	}
	if err := a.settle(ctx); err != nil {
		return err
	}
	if err := a.busy(10); err != nil { // which the new stream brings
		return err
	}
	if err := a.calm(ctx, "event stream deaf since"); err != nil {
		return err
	}
	return errors.Join(a.finish(ctx), a.alarmedOnce("deaf"))
}

// laggingIndex: Gerrit was killed, and its list lacks for five minutes what was
// written last. The first catching-up does not find it, the second one does.
func laggingIndex(ctx context.Context, a *arena) error {
	if err := a.inside(ctx, bot.Options{}); err != nil {
		return err
	}
	if err := a.busy(20); err != nil {
		return err
	}
	if err := a.settle(ctx); err != nil {
		return err
	}
	a.Gerrit.Down()
	if err := a.busy(50); err != nil {
		return err
	}
	a.Gerrit.Lag(5 * time.Minute)
	before := a.soFar()
	if err := a.Gerrit.Up(); err != nil {
		return err
	}
	if err := a.says(ctx, before, patience, `"caught up","why":"gap"`); err != nil {
		return err
	}
	missing, err := a.missing()
	if err != nil {
		return err
	}
	a.note("%d comments not found at first", missing)
	a.pass(7 * time.Minute) // the second look comes after 6
	if err := a.says(ctx, before, patience, `"caught up","why":"once more"`); err != nil {
		return err
	}
	return a.finish(ctx)
}

// missing is how many comments the bot does not know yet; none is an error.
func (a *arena) missing() (int, error) {
	db, err := a.open()
	if err != nil {
		return 0, err
	}
	defer db.Close()
	stored, err := number(db, `SELECT count(*) FROM comment WHERE `+notUpload)
	a.mu.Lock()
	defer a.mu.Unlock()
	if err == nil && stored >= len(a.posts) {
		err = errors.New("the list did not lag: every comment is known")
	}
	return len(a.posts) - stored, err
}
