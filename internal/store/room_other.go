//go:build !unix

package store

// Room is how many bytes are free on the disk of the database, -1 where the
// system does not say.
func (s *Store) Room() (int64, error) { return -1, nil }
