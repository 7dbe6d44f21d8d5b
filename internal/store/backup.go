package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
)

// Backup writes the database as it is at one instant to a new file, beside a
// bot that runs, which is not held up. The file appears when it is whole and has
// been checked, or not at all. It says how many bytes it has.
func (s *Store) Backup(ctx context.Context, file string) (size int64, err error) {
	if _, err := os.Lstat(file); !errors.Is(err, fs.ErrNotExist) {
		return 0, errors.Join(fmt.Errorf("store: backup to %s: there is something already", file), err)
	}
	part := file + ".part"
	if err := os.Remove(part); err != nil && !errors.Is(err, fs.ErrNotExist) { // of one that was killed
		return 0, fmt.Errorf("store: backup to %s: %w", file, err)
	}
	err = createPrivate(part)
	if err == nil {
		err = s.backup(ctx, part)
	}
	if err != nil {
		if rerr := os.Remove(part); rerr != nil && !errors.Is(rerr, fs.ErrNotExist) {
			err = errors.Join(err, rerr)
		}
		return 0, fmt.Errorf("store: backup to %s: %w", file, faulted(err))
	}
	if err := os.Rename(part, file); err != nil {
		return 0, fmt.Errorf("store: backup to %s: %w", file, err)
	}
	info, err := os.Stat(file)
	if err != nil {
		return 0, fmt.Errorf("store: backup to %s: %w", file, err)
	}
	return info.Size(), syncDir(file)
}

// backup copies, checks and syncs.
func (s *Store) backup(ctx context.Context, part string) (err error) {
	db, err := sql.Open("sqlite", dsn(s.path, url.Values{"mode": {"ro"}}))
	if err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, `VACUUM INTO ?`, part)
	if err := errors.Join(err, db.Close()); err != nil {
		return err
	}
	if err := check(ctx, part); err != nil {
		return err
	}
	f, err := os.OpenFile(part, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// check reads all of a database and says what is wrong with it.
func check(ctx context.Context, path string) (err error) {
	db, err := sql.Open("sqlite", dsn(path, url.Values{"mode": {"ro"}}))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	var said string
	if err := db.QueryRowContext(ctx, `PRAGMA quick_check(1)`).Scan(&said); err != nil {
		return err
	}
	if said != "ok" {
		return fmt.Errorf("the copy is damaged: %s", said)
	}
	return nil
}

// syncDir makes a new name outlive a crash of the machine.
func syncDir(file string) error {
	d, err := os.Open(filepath.Dir(file))
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
