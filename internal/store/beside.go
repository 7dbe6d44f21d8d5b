package store

import "context"

// OpenBeside opens a database for one thing that a person decided, beside a bot
// that may be running: its writers queue with ours. A database that OpenReadOnly
// would refuse is refused, so that none is made or migrated by the way.
func OpenBeside(ctx context.Context, path string) (*Store, error) {
	r, err := OpenReadOnly(ctx, path)
	if err != nil {
		return nil, err
	}
	if err := r.Close(); err != nil {
		return nil, err
	}
	return Open(ctx, path, Options{Aside: true})
}
