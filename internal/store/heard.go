package store

import (
	"context"
	"database/sql"
	"time"
)

// ChangesHeard are the changes of which a stream line brought a comment since
// then (our clock), oldest first, at most limit of the newest.
func (s *Store) ChangesHeard(ctx context.Context, since time.Time, limit int) (out []int64, err error) {
	err = s.view(ctx, "changes heard of since", since, func(tx *txn) error {
		// Lines are numbered as they come, so the search from the end is short.
		var first sql.NullInt64
		err := tx.QueryRowContext(ctx, `SELECT max(id) FROM (SELECT id FROM raw WHERE received_ms < ? ORDER BY id DESC LIMIT 1)`, ms(since)).Scan(&first)
		if err != nil {
			return err
		}
		out, err = collect(ctx, tx, scanInt, changesHeard, first.Int64, limit)
		return err
	})
	return out, err
}

// changesHeard names its index, for SQLite would read all comments to group them.
const changesHeard = `SELECT change FROM (SELECT change, max(raw) AS last FROM comment INDEXED BY comment_raw
	WHERE raw > ? GROUP BY change ORDER BY last DESC LIMIT ?) ORDER BY last`
