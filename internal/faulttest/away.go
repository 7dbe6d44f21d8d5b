package main

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// busy lets so many things happen at once.
func (a *arena) busy(things int) error {
	l := load{a: a, lastBug: a.bugs}
	for range things {
		if err := l.one(); err != nil {
			return err
		}
	}
	return nil
}

// gerritAway: Gerrit is down for what would be an hour's comments, and comes
// back.
func gerritAway(ctx context.Context, a *arena) error {
	if err := a.begin(ctx); err != nil {
		return err
	}
	if err := a.busy(20); err != nil {
		return err
	}
	a.Gerrit.Down()
	if err := a.busy(400); err != nil {
		return err
	}
	if !pause(ctx, 3*time.Second) {
		return context.Cause(ctx)
	}
	if err := a.Gerrit.Up(); err != nil {
		return err
	}
	return a.finish(ctx)
}

// noticeWithin is the bar: so soon a dead peer must be noticed.
const noticeWithin = 2 * time.Minute

// hurry sets the keys with which a dead peer is noticed soon.
func (a *arena) hurry() error {
	if a.o.long {
		return nil
	}
	return a.configure("gerrit", `keepalive = "3s"`, `silence = "9s"`, `connect_timeout = "3s"`)
}

// blackHole: Gerrit takes connections and what is sent on them, and says
// nothing. That lasts until the channel has heard of it.
func blackHole(ctx context.Context, a *arena) error {
	if err := a.wantAlarms(); err != nil {
		return err
	}
	return a.deaf(ctx, a.Gerrit.Freeze, func() error {
		err := a.hears(ctx, "ALARM: ", "event stream not connected since")
		a.Gerrit.Thaw()
		return err
	})
}

// halfOpen: the connections are dead and nobody said so; new ones work.
func halfOpen(ctx context.Context, a *arena) error {
	return a.deaf(ctx, a.Gerrit.HalfOpen, func() error { return nil })
}

// deaf makes the bot deaf and expects it to notice in time, to say so, and to
// recover all that it has not heard.
func (a *arena) deaf(ctx context.Context, begin func(), end func() error) error {
	if err := a.hurry(); err != nil {
		return err
	}
	if err := a.begin(ctx); err != nil {
		return err
	}
	if err := a.busy(20); err != nil {
		return err
	}
	if err := a.settle(ctx); err != nil {
		return err
	}
	before, began := a.soFar(), time.Now()
	begin()
	if err := a.busy(50); err != nil {
		return err
	}
	if err := a.says(ctx, before, noticeWithin, "stream lost"); err != nil {
		return err
	}
	a.note("noticed after %s", time.Since(began).Round(time.Second/10))
	if err := end(); err != nil {
		return err
	}
	return a.finish(ctx)
}

// says waits until the bot's log has a text in what was written after a place.
func (a *arena) says(ctx context.Context, after int64, within time.Duration, text string) error {
	return until(ctx, within, fmt.Sprintf("the log says %q", text), func() bool {
		log, err := a.loggedAfter(after)
		return err == nil && strings.Contains(log, text)
	})
}

// ircSilent: the IRC server takes lines and answers nothing.
func ircSilent(ctx context.Context, a *arena) error {
	if err := a.begin(ctx); err != nil {
		return err
	}
	before, began := a.soFar(), time.Now()
	a.IRC.Silence(true)
	if err := a.busy(50); err != nil {
		return err
	}
	if err := a.says(ctx, before, noticeWithin, "the server does not answer"); err != nil {
		return err
	}
	a.note("noticed after %s", time.Since(began).Round(time.Second/10))
	a.IRC.Silence(false)
	return a.finish(ctx)
}
