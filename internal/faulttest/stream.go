package main

import (
	"context"
	"errors"
	"time"

	"github.com/recheckbot/recheckbot/internal/demo"
	"github.com/recheckbot/recheckbot/internal/fake/gerrit"
	"github.com/recheckbot/recheckbot/internal/fake/loghost"
)

// oddStream: Gerrit sends garbage, lines of 100 MB, several events in a packet,
// events in the wrong order, says that it has dropped some, is slow and cuts. No
// event comes twice on one connection: no Gerrit was seen to do that, and it would
// be taken for two comments, which look just so.
func oddStream(ctx context.Context, a *arena) error {
	if err := a.begin(ctx); err != nil {
		return err
	}
	for _, odd := range []func(){
		func() { a.Gerrit.Raw([]byte("{\"type\":\x00 nonsense\n[]\n\n{}\n\xff\xfe\n")) },
		func() { a.Gerrit.Huge(100 << 20) },
		func() { a.Gerrit.Reorder(true) },
		func() { a.Gerrit.Reorder(false) },
		a.Gerrit.Drop,
		func() { a.Gerrit.Slow(300 * time.Millisecond) },
		a.Gerrit.Cut,
		func() { a.Gerrit.Slow(0) },
	} {
		odd()
		if err := a.busy(20); err != nil {
			return err
		}
		a.Gerrit.Hold()
		if err := a.busy(10); err != nil {
			return err
		}
		a.Gerrit.Release()
		if !pause(ctx, 200*time.Millisecond) {
			return context.Cause(ctx)
		}
	}
	return a.finish(ctx)
}

// oddLogs: logs that are slow, cut, bombs, refused, late or never there. What
// can be known late is answered late; what cannot is never called unrecognized.
// With two tries each is decided at its second, half a minute after the first.
func oddLogs(ctx context.Context, a *arena) error {
	if err := a.configure("logs", `deadline = "20s"`, `tries = 2`, `tries_over = "5s"`, `outage_deadline = "25s"`, `max_unpacked = "8MiB"`); err != nil {
		return err
	}
	if err := a.begin(ctx); err != nil {
		return err
	}
	for _, l := range []oddLog{
		{"late", "recognized", loghost.Options{ReadyAt: time.Now().Add(8 * time.Second)}},
		{"slow", "recognized", loghost.Options{Slow: time.Second}},
		{"gzip", "recognized", loghost.Options{Encoding: "gzip"}},
		{"listed", "incomplete", loghost.Options{Missing: 1 << 30}}, // and never there
		{"never", "no-logs", loghost.Options{}},
		{"500", "unknown", loghost.Options{Status: 500}},
		{"cut", "incomplete", loghost.Options{CutAfter: 10}},
		{"bomb", "incomplete", loghost.Options{Bomb: 64 << 20}},
		{"elsewhere", "incomplete", loghost.Options{Redirect: "http://10.0.0.1/"}},
	} {
		if err := a.oneLog(l); err != nil {
			return err
		}
	}
	return errors.Join(a.settle(ctx), a.stop(), a.compare(), a.verdicts())
}

// oddLog is a way to serve a log, and what its build should end as.
type oddLog struct {
	name, state string
	o           loghost.Options
}

// oneLog reports one failure whose only log is served so.
func (a *arena) oneLog(l oddLog) error {
	body := []byte("2026-01-01 00:00:00.000000 | controller | E: Failed to fetch x  Connection timed out\n")
	change := a.NewChange(gerrit.ChangeSpec{Project: project, Owner: "alice", Subject: l.name})
	r, comment := a.Prepare(demo.Report{
		Change: change, Project: project, Pipeline: "check",
		Builds: []demo.Build{{Job: "job-" + l.name, Logs: map[string][]byte{}}},
	})
	if l.state != "no-logs" {
		a.Logs.Put(r.LogDirs[0]+"job-output.txt", body, l.o)
	}
	a.mu.Lock()
	a.reports = append(a.reports, report{change: change, builds: 1, silent: l.state != "recognized"})
	a.states["job-"+l.name] = l.state
	a.mu.Unlock()
	_, err := a.Gerrit.Post(change, demo.CIUser, comment)
	return err
}

// verdicts holds the builds' states against what they should be.
func (a *arena) verdicts() (err error) {
	db, err := a.open()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	for job, want := range a.states {
		var got, why string
		err = errors.Join(err, db.QueryRow(`SELECT b.state, b.why FROM build b JOIN name n ON n.id = b.job WHERE n.text = ?`, job).Scan(&got, &why))
		if got != want {
			err = errors.Join(err, errors.New(job+" is "+got+" ("+why+"), not "+want))
		}
	}
	return err
}
