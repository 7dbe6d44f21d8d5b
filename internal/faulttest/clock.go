package main

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/recheckbot/recheckbot/bot"
	"github.com/recheckbot/recheckbot/internal/demo"
	"github.com/recheckbot/recheckbot/internal/fake/loghost"
)

// gerritEarly and gerritLate: Gerrit's clock is 30 minutes off, and logs come
// only a while after the report. Nothing is called a build without logs.
func gerritEarly(ctx context.Context, a *arena) error { return a.off(ctx, -30*time.Minute) }
func gerritLate(ctx context.Context, a *arena) error  { return a.off(ctx, 30*time.Minute) }

func (a *arena) off(ctx context.Context, by time.Duration) error {
	a.offset.Store(int64(by))
	if err := a.begin(ctx); err != nil {
		return err
	}
	if err := a.busy(20); err != nil {
		return err
	}
	a.mu.Lock()
	n := len(a.reports)
	a.mu.Unlock()
	for range 3 {
		change := a.newChange()
		r, comment := a.Prepare(demo.Report{
			Change: change, Project: project, Pipeline: "gate",
			Builds: []demo.Build{{Job: "tempest-full-py3", Logs: map[string][]byte{}}},
		})
		body := []byte("2026-01-01 00:00:00.000000 | controller | E: Failed to fetch x  Connection timed out\n")
		a.Logs.Put(r.LogDirs[0]+"job-output.txt", body, loghost.Options{ReadyAt: time.Now().Add(10 * time.Second)})
		if _, err := a.Gerrit.Post(change, demo.CIUser, comment); err != nil {
			return err
		}
		a.mu.Lock()
		a.reports = append(a.reports, report{change: change, builds: 1})
		a.lines++
		a.mu.Unlock()
	}
	a.note("clock off by %s, logs late for %d of %d reports", by, 3, n+3)
	err := a.finish(ctx)
	db, oerr := a.open()
	if oerr != nil {
		return errors.Join(err, oerr)
	}
	defer db.Close()
	if n, qerr := number(db, `SELECT count(*) FROM build WHERE state = 'no-logs'`); qerr != nil || n > 0 {
		err = errors.Join(err, qerr, errors.New("builds are said to have no logs"))
	}
	return err
}

// stepped: our own clock jumps by a day to either side while things happen.
func stepped(ctx context.Context, a *arena) error {
	var by atomic.Int64
	err := a.inside(ctx, bot.Options{Now: func() time.Time { return time.Now().Add(time.Duration(by.Load())) }})
	if err != nil {
		return err
	}
	for _, step := range []time.Duration{0, 24 * time.Hour, 0, -24 * time.Hour, 0} {
		by.Store(int64(step))
		if err := a.busy(30); err != nil {
			return err
		}
		if err := a.settle(ctx); err != nil {
			return err
		}
	}
	return a.finish(ctx)
}
