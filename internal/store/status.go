package store

import (
	"context"
	"database/sql"
)

// Status tells what waits, what is missing and what went wrong.
func (s *Store) Status(ctx context.Context) (st Status, err error) {
	err = s.view(ctx, "status", "", func(tx *txn) error {
		st = Status{Outbox: map[string]int{}}
		var last sql.NullInt64
		err := tx.QueryRowContext(ctx, `SELECT (SELECT received_ms FROM raw ORDER BY id DESC LIMIT 1),
				(SELECT count(*) FROM raw_pending), (SELECT count(*) FROM raw WHERE state = 'aside'),
				(SELECT count(*) FROM buildset WHERE state = 'lookup'), (SELECT count(*) FROM build WHERE state = 'search'),
				(SELECT count(*) FROM report WHERE state = 'open'), (SELECT count(*) FROM recheck_bug WHERE state = 'new'),
				(SELECT count(*) FROM dead)`).
			Scan(&last, &st.PendingRaw, &st.AsideRaw, &st.PendingLookups, &st.PendingBuilds, &st.OpenReports, &st.NewRechecks, &st.Dead)
		if err != nil {
			return err
		}
		st.LastEvent = fromMS(last)
		if st.Gaps, err = gaps(ctx, tx); err != nil {
			return err
		}
		if st.Alarms, err = alarms(ctx, tx); err != nil {
			return err
		}
		if st.Breaker, err = breaker(ctx, tx); err != nil {
			return err
		}
		return outboxCounts(ctx, tx, &st)
	})
	return st, err
}

func outboxCounts(ctx context.Context, tx *txn, st *Status) error {
	type count struct {
		state string
		n     int
	}
	counts, err := collect(ctx, tx, func(rows *sql.Rows) (c count, err error) {
		err = rows.Scan(&c.state, &c.n)
		return c, err
	}, `SELECT state, count(*) FROM outbox GROUP BY state`)
	for _, c := range counts {
		st.Outbox[c.state] = c.n
	}
	st.Unconfirmed, st.Refused = st.Outbox[OutUnconfirmed], st.Outbox[OutRefused]
	return err
}
