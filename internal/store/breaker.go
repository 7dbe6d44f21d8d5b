package store

import (
	"context"
	"database/sql"
	"time"
)

// Breaker is whether the bot has stopped saying anything by itself.
type Breaker struct {
	Open  bool      `json:"open"`
	Since time.Time `json:"since,omitzero"` // of this state; zero: it never opened
	Why   string    `json:"why,omitempty"`
}

// Breaker is how the breaker stands.
func (s *Store) Breaker(ctx context.Context) (b Breaker, err error) {
	err = s.view(ctx, "breaker", "", func(tx *txn) error {
		b, err = breaker(ctx, tx)
		return err
	})
	return b, err
}

func breaker(ctx context.Context, tx *txn) (Breaker, error) {
	rows, err := collect(ctx, tx, func(rows *sql.Rows) (b Breaker, err error) {
		var since sql.NullInt64
		err = rows.Scan(&b.Open, &since, &b.Why)
		b.Since = fromMS(since)
		return b, err
	}, `SELECT open, since_ms, why FROM breaker`)
	if err != nil || len(rows) == 0 {
		return Breaker{}, err
	}
	return rows[0], nil
}

// Trip opens the breaker, which is an act of the program's own, and says whether
// it did: one that is open stays as it is.
func (s *Store) Trip(ctx context.Context, why string) (opened bool, err error) {
	err = s.update(ctx, "trip breaker", "", func(tx *txn) error {
		was, err := breaker(ctx, tx)
		opened = err == nil && !was.Open
		if !opened {
			return err
		}
		return s.turnBreaker(ctx, tx, Breaker{Open: true, Why: why}, By{Who: "recheckbot", Via: "breaker", Why: why}, "trip")
	})
	return opened && err == nil, err
}

// Resume closes the breaker, in a person's name; what is counted begins anew.
// With drop all that waits to be said is withheld first, alarms and answers
// apart; it says how many those were. ErrState: the breaker is not open.
func (s *Store) Resume(ctx context.Context, by By, drop bool) (dropped int, err error) {
	err = s.update(ctx, "resume", "", func(tx *txn) error {
		was, err := breaker(ctx, tx)
		switch {
		case err != nil:
			return err
		case !was.Open:
			return ErrState
		}
		if drop {
			n, err := exec(ctx, tx, `UPDATE outbox SET state = ?, why = 'dropped by a person when saying was resumed', next_ms = NULL, at_ms = ?
				WHERE state = ? AND `+announced, OutWithheld, ms(s.now()), OutReady)
			if err != nil {
				return err
			}
			dropped = int(n)
		}
		return s.turnBreaker(ctx, tx, Breaker{}, by, "resume")
	})
	return dropped, err
}

func (s *Store) turnBreaker(ctx context.Context, tx *txn, b Breaker, by By, verb string) error {
	_, err := exec(ctx, tx, `INSERT INTO breaker (id, open, since_ms, why) VALUES (1, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET open = excluded.open, since_ms = excluded.since_ms, why = excluded.why`, flag(b.Open), ms(s.now()), head(b.Why, maxHead))
	if err != nil {
		return err
	}
	before, after := "saying", "silent"
	if !b.Open {
		before, after = after, before
	}
	return s.actBy(ctx, tx, by, verb, "breaker", before, after)
}

// announced are rows that nobody asked for and that are no alarms.
const announced = `(cause LIKE 'report:%' OR cause LIKE 'bug:%')`

// SaidSince counts what was, or may have been, said in a medium since then,
// answers and alarms apart, and what a clock that was ahead dates later than now.
func (s *Store) SaidSince(ctx context.Context, medium string, since time.Time) (n int, err error) {
	err = s.view(ctx, "said since", medium, func(tx *txn) error {
		return tx.QueryRowContext(ctx, `SELECT count(*) FROM outbox WHERE medium = ? AND attempted_ms BETWEEN ? AND ?
			AND state IN ('sending', 'sent', 'proven', 'unconfirmed') AND `+announced, medium, ms(since), ms(s.now())).Scan(&n)
	})
	return n, err
}

// Recognized is how many builds a fingerprint recognized, lately and before.
type Recognized struct {
	Fingerprint            string
	Lately, Before         int
	AllLately, BeforeTotal int       // builds of any result
	Since                  time.Time // when the first build was searched at all
}

// The bounds of what is compared: builds, newest first.
const (
	latelyBuilds = 5000
	beforeBuilds = 20000
)

// MostRecognized is the fingerprint that recognized most of the builds that were
// first seen since then (and no older than an hour at that, as history is), with its share in the builds before; ok is false when
// there is none.
func (s *Store) MostRecognized(ctx context.Context, since time.Time) (r Recognized, ok bool, err error) {
	err = s.view(ctx, "most recognized", "", func(tx *txn) error {
		var newest, first sql.NullInt64
		err := tx.QueryRowContext(ctx, `SELECT max(id), min(id) FILTER (WHERE lately), count(*) FILTER (WHERE lately)
			FROM (SELECT id, first_seen_ms > ?1 AND own_ms > ?1 - 3600000 AS lately FROM build ORDER BY id DESC LIMIT ?2)`, ms(since), latelyBuilds).Scan(&newest, &first, &r.AllLately)
		if err != nil || !first.Valid {
			return err
		}
		top, err := collect(ctx, tx, scanRecognized, recognizedIn+` ORDER BY 2 DESC, 1 LIMIT 1`, first.Int64, newest.Int64+1)
		if err != nil || len(top) == 0 {
			return err
		}
		r.Fingerprint, r.Lately, ok = top[0].Fingerprint, top[0].Lately, true
		from := max(first.Int64-beforeBuilds, 0)
		// A backfill's builds were never searched: they are no past.
		if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM build WHERE id >= ? AND id < ? AND own_ms > first_seen_ms - 3600000`,
			from, first.Int64).Scan(&r.BeforeTotal); err != nil {
			return err
		}
		var since sql.NullInt64
		if err := tx.QueryRowContext(ctx, `SELECT at_ms FROM scan ORDER BY id LIMIT 1`).Scan(&since); err != nil {
			return err
		}
		r.Since = fromMS(since)
		before, err := collect(ctx, tx, scanRecognized, recognizedIn+` HAVING f.name = ?3`, from, first.Int64, r.Fingerprint)
		if len(before) > 0 {
			r.Before = before[0].Lately
		}
		return err
	})
	return r, ok, err
}

// recognizedIn counts the builds of a range of ids that each fingerprint's name
// recognized for sure. CROSS JOIN keeps the order: a fingerprint has hits of
// years, the range has few.
const recognizedIn = `SELECT f.name, count(DISTINCT s.build) FROM scan s CROSS JOIN hit h ON h.scan = s.id CROSS JOIN fingerprint f ON f.id = h.fingerprint
	WHERE s.build >= ?1 AND s.build < ?2 AND h.cond = '' GROUP BY f.name`

func scanRecognized(rows *sql.Rows) (r Recognized, err error) {
	err = rows.Scan(&r.Fingerprint, &r.Lately)
	return r, err
}
