package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// smallDisk puts the bot's database on a file system of its own, of 24 MiB,
// and returns its folder. It needs Linux and root.
func (a *arena) smallDisk(ctx context.Context) (dir string, err error) {
	dir = filepath.Join(a.Dir, "disk")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return "", err
	}
	if out, err := exec.CommandContext(ctx, "mount", "-t", "tmpfs", "-o", "size=24m", "recheckbot-faults", dir).CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: no tmpfs can be mounted here (%s)", errSkipped, oneLine(out))
	}
	a.ends = append(a.ends, func() error { return a.keepDatabase(dir) })
	a.database = filepath.Join(dir, "recheckbot.db")
	return dir, a.replace(`path = "recheckbot.db"`, fmt.Sprintf("path = %q", a.database))
}

// keepDatabase copies the database out of the small disk and unmounts it.
func (a *arena) keepDatabase(dir string) error {
	for _, name := range []string{"recheckbot.db", "recheckbot.db-wal"} {
		if b, err := os.ReadFile(filepath.Join(dir, name)); err == nil {
			_ = os.WriteFile(filepath.Join(a.Dir, name), b, 0o600) // for who looks into a failure
		}
	}
	out, err := exec.Command("umount", dir).CombinedOutput()
	if err != nil {
		return fmt.Errorf("umount: %w: %s", err, out)
	}
	return nil
}

// fill writes a file until the disk is full.
func fill(dir string) (path string, err error) {
	path = filepath.Join(dir, "filler")
	f, err := os.Create(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	for size := 64 << 10; size >= 1; size /= 2 { // down to the last byte
		for err = nil; err == nil; {
			_, err = f.Write(make([]byte, size))
		}
	}
	return path, nil
}

// diskFull: the disk is full while things happen, and has room again.
func diskFull(ctx context.Context, a *arena) error {
	dir, err := a.smallDisk(ctx)
	if err != nil {
		return err
	}
	if err := a.begin(ctx); err != nil {
		return err
	}
	if err := a.busy(20); err != nil {
		return err
	}
	filler, err := fill(dir)
	if err != nil {
		return err
	}
	if err := a.busy(200); err != nil {
		return err
	}
	if err := a.untilFull(ctx); err != nil {
		return err
	}
	if !pause(ctx, 5*time.Second) {
		return context.Cause(ctx)
	}
	if a.dead() {
		a.note("the bot ended on a full disk")
		_, err = a.launch()
	}
	if err := errors.Join(err, os.Remove(filler)); err != nil {
		return err
	}
	return a.finish(ctx)
}

// untilFull goes on until the bot has said that the disk is full: its files may
// have had some room left in them.
func (a *arena) untilFull(ctx context.Context) error {
	var err error
	return errors.Join(until(ctx, patience, "the log says that the disk is full", func() bool {
		var log string
		if log, err = a.loggedAfter(0); err == nil && !strings.Contains(log, "disk is full") {
			err = a.busy(5)
			return err != nil
		}
		return true
	}), err)
}

// diskReadOnly: the bot is killed and finds its database read-only. It says so
// and ends; when it can write again it goes on.
func diskReadOnly(ctx context.Context, a *arena) error {
	dir, err := a.smallDisk(ctx)
	if err != nil {
		return err
	}
	if err := a.begin(ctx); err != nil {
		return err
	}
	if err := a.busy(50); err != nil {
		return err
	}
	a.life.kill()
	if err := remount(ctx, dir, "ro"); err != nil {
		return err
	}
	before := a.soFar()
	if _, err := a.launch(); err != nil {
		return err
	}
	err = until(ctx, patience, "the bot ends", a.dead)
	err = errors.Join(err, a.says(ctx, before, time.Second, "read-only"), remount(ctx, dir, "rw"))
	if err != nil {
		return err
	}
	if _, err := a.launch(); err != nil {
		return err
	}
	return a.finish(ctx)
}

func remount(ctx context.Context, dir, how string) error {
	out, err := exec.CommandContext(ctx, "mount", "-o", "remount,"+how, dir).CombinedOutput()
	if err != nil {
		return fmt.Errorf("remount %s: %w: %s", how, err, out)
	}
	return nil
}

// locked: another process holds the database's write lock for longer than
// anybody waits for it.
func locked(ctx context.Context, a *arena) error {
	if err := a.begin(ctx); err != nil {
		return err
	}
	if err := a.busy(20); err != nil {
		return err
	}
	if err := a.hold(ctx); err != nil {
		return err
	}
	return a.finish(ctx)
}

// hold takes the write lock, lets things happen until the bot has said that it
// cannot write, and gives it back.
func (a *arena) hold(ctx context.Context) (err error) {
	before := a.soFar()
	db, err := a.openFor("rw")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	if _, err := conn.ExecContext(ctx, `BEGIN IMMEDIATE`); err != nil {
		return err
	}
	if err := a.busy(100); err != nil {
		return err
	}
	err = a.says(ctx, before, patience, "locked by another process")
	if _, rerr := conn.ExecContext(ctx, `ROLLBACK`); rerr != nil {
		err = errors.Join(err, rerr)
	}
	return err
}
