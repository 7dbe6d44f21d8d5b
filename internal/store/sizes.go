package store

import "context"

// Sizes is how much a database holds.
type Sizes struct {
	Comments, Reports, Builds, Rechecks, Raw int
	Bytes                                    int64 // of the file, what is free in it too
	Free                                     int64 // bytes of it that are free
}

// Sizes counts rows, which takes a while on a large database.
func (s *Store) Sizes(ctx context.Context) (n Sizes, err error) {
	err = s.view(ctx, "sizes", "", func(tx *txn) error {
		return tx.QueryRowContext(ctx, `SELECT (SELECT count(*) FROM comment), (SELECT count(*) FROM report), (SELECT count(*) FROM build),
			(SELECT count(*) FROM recheck), (SELECT count(*) FROM raw), page_count * page_size, freelist_count * page_size
			FROM pragma_page_count, pragma_page_size, pragma_freelist_count`).
			Scan(&n.Comments, &n.Reports, &n.Builds, &n.Rechecks, &n.Raw, &n.Bytes, &n.Free)
	})
	return n, err
}
