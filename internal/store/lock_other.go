//go:build !unix

package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
)

// Lock takes the exclusive lock of the database at path: a file beside it
// (path + ".lock") that must not exist. After a crash it is removed by hand.
func Lock(path string) (release func() error, err error) {
	name := path + ".lock"
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		b, _ := os.ReadFile(name)
		return nil, fmt.Errorf("store: %s is in use by another recheckbot (pid %.20s); if that is gone, remove %s", path, b, name)
	}
	if err != nil {
		return nil, fmt.Errorf("store: lock %s: %w", path, err)
	}
	_, err = f.WriteString(strconv.Itoa(os.Getpid()))
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, fmt.Errorf("store: lock %s: %w", path, err)
	}
	return func() error { return os.Remove(name) }, nil
}

// Running reports whether a `run` holds the database at path.
func Running(path string) bool {
	_, err := os.Stat(path + ".lock")
	return err == nil
}
