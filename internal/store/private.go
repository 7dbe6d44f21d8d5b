package store

import (
	"errors"
	"io/fs"
	"os"
)

// privateMode is a database's and a backup's: comments on private changes are in
// them. SQLite gives its files beside the database the mode of that.
const privateMode fs.FileMode = 0o600

// createPrivate makes an empty file that nobody else may read, where there is
// none. SQLite takes an empty file for a new database.
func createPrivate(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, privateMode)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return f.Close()
}

// makePrivate makes the database where there is none, and takes from one that is
// there, by an older version of the program, what others may do with it; a group
// that somebody let in stays. Another owner's file is left as it is, aloud.
func (s *Store) makePrivate() error {
	if err := createPrivate(s.path); err != nil {
		return err
	}
	for _, path := range []string{s.path, s.path + "-wal", s.path + "-shm"} {
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm()&0o007 == 0 {
			continue
		}
		if err := os.Chmod(path, info.Mode().Perm()&^0o007); err != nil {
			s.log.Warn("others may read the database", "path", path, "error", err)
		}
	}
	return nil
}
