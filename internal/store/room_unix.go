//go:build unix

package store

import (
	"fmt"
	"path/filepath"
	"syscall"
)

// Room is how many bytes are free on the disk of the database, -1 where the
// system does not say.
func (s *Store) Room() (int64, error) {
	var st syscall.Statfs_t
	if err := syscall.Statfs(filepath.Dir(s.path), &st); err != nil {
		return 0, fmt.Errorf("store: room beside %s: %w", s.path, err)
	}
	return int64(st.Bavail) * int64(st.Bsize), nil
}
