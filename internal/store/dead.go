package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// The steps whose items can be given up. StepIngest's are the raw lines that
// were set aside.
const (
	StepIngest   = "ingest"   // item: raw line
	StepLookup   = "lookup"   // item: buildset
	StepClassify = "classify" // item: build
	StepCompose  = "compose"  // item: report
	StepAnnounce = "announce" // item: bug
	StepDeliver  = "deliver"  // item: row of the outbox
	StepCatchup  = "catchup"  // item: change
)

// The states of rows that were given up, where the step has no word for it.
const (
	rawDropped  = "dropped"
	rowDead     = "dead"
	deadLetters = `(SELECT step, item, error, tries, at_ms FROM dead
		UNION ALL SELECT '` + StepIngest + `', CAST(id AS TEXT), why, 1, at_ms FROM raw WHERE state = '` + rawAside + `')`
)

// Dead is an item that a step gave up on.
type Dead struct {
	Step  string    `json:"step"`
	Item  string    `json:"item"`
	Error string    `json:"error"`
	Tries int       `json:"tries"`
	At    time.Time `json:"at"`
}

// By is who curates, over which way, and why.
type By struct{ Who, Via, Why string }

// Bury gives up an item that failed so many times: it leaves its step's inbox,
// so that no other waits for it, and is counted aloud until someone looks.
func (s *Store) Bury(ctx context.Context, step string, item int64, why string, tries int) error {
	why = head(why, maxHead)
	return s.update(ctx, "bury "+step, item, func(tx *txn) error {
		if err := s.leave(ctx, tx, step, item, "given up after "+strconv.Itoa(tries)+" tries: "+why); err != nil {
			return err
		}
		_, err := exec(ctx, tx, `INSERT INTO dead (step, item, error, tries, at_ms) VALUES (?,?,?,?,?)
			ON CONFLICT (step, item) DO UPDATE SET error = excluded.error, tries = excluded.tries, at_ms = excluded.at_ms`,
			step, strconv.FormatInt(item, 10), why, tries, ms(s.now()))
		return err
	})
}

// leave takes an item out of its step's inbox.
func (s *Store) leave(ctx context.Context, tx *txn, step string, item int64, why string) error {
	now, q := s.now(), ""
	switch step {
	case StepLookup:
		if err := giveUpLookup(ctx, tx, item, why, now, s.after); !errors.Is(err, ErrState) {
			return err
		}
		return nil
	case StepClassify:
		q = `UPDATE build SET state = 'unknown', why = ?, next_ms = NULL, at_ms = ? WHERE id = ? AND state = 'search'`
	case StepCompose:
		q = `UPDATE report SET state = '` + rowDead + `', why = ?, next_ms = NULL, at_ms = ? WHERE comment = ? AND state = 'open'`
	case StepAnnounce:
		q = `UPDATE recheck_bug SET state = '` + rowDead + `', why = ?, next_ms = NULL, at_ms = ? WHERE bug = ? AND state = 'new'`
	case StepDeliver:
		q = `UPDATE outbox SET state = iif(state = 'ready', 'refused', 'unconfirmed'), why = ?, next_ms = NULL, at_ms = ?
			WHERE id = ? AND state IN ('ready', 'sending', 'sent')`
	case StepCatchup:
		return nil // it has no inbox
	default:
		return fmt.Errorf("step %q: %w", step, ErrNotFound)
	}
	if _, err := exec(ctx, tx, q, why, ms(now), item); err != nil {
		return err
	}
	return s.afterMove(ctx, tx, step, item)
}

// afterMove tells those who wait for an item that it was given up, or revived.
func (s *Store) afterMove(ctx context.Context, tx *txn, step string, item int64) error {
	switch step {
	case StepClassify:
		return wakeBuild(ctx, tx, item, s.now(), s.after)
	case StepAnnounce:
		comments, err := collect(ctx, tx, scanInt, `SELECT comment FROM recheck_bug WHERE bug = ? AND state IN ('new', '`+rowDead+`')`, item)
		for _, c := range comments {
			if err == nil {
				err = finishRecheck(ctx, tx, c, s.now())
			}
		}
		return err
	}
	return nil
}

// DeadLetters are the items that steps gave up on, newest first, and how many
// there are.
func (s *Store) DeadLetters(ctx context.Context, limit int) (out []Dead, total int, err error) {
	err = s.view(ctx, "dead letters", "", func(tx *txn) error {
		if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM `+deadLetters).Scan(&total); err != nil {
			return err
		}
		out, err = collect(ctx, tx, func(rows *sql.Rows) (d Dead, err error) {
			var at sql.NullInt64
			err = rows.Scan(&d.Step, &d.Item, &d.Error, &d.Tries, &at)
			d.At = fromMS(at)
			return d, err
		}, `SELECT step, item, error, tries, at_ms FROM `+deadLetters+` ORDER BY at_ms DESC, step, item LIMIT ?`, limit)
		return err
	})
	return out, total, err
}

// RetryDead puts a dead letter back into its step's inbox. A review that may have
// been sent goes back to where it is asked for first; a line is said again, as a
// person wants it. ErrNotFound: there is no such letter. One of which nothing
// would come stays, and the error says why.
func (s *Store) RetryDead(ctx context.Context, step, item string, by By) error {
	return s.update(ctx, "retry dead "+step, item, func(tx *txn) error {
		id, err := s.exhume(ctx, tx, step, item)
		if err != nil {
			return err
		}
		if err := s.revive(ctx, tx, step, id); err != nil {
			return err
		}
		return s.actBy(ctx, tx, by, "retry-dead", step+":"+item, rowDead, "due")
	})
}

// DropDead forgets a dead letter: what was decided on the item stays.
func (s *Store) DropDead(ctx context.Context, step, item string, by By) error {
	return s.update(ctx, "drop dead "+step, item, func(tx *txn) error {
		id, err := s.exhume(ctx, tx, step, item)
		if err != nil {
			return err
		}
		if step == StepIngest {
			if _, err := exec(ctx, tx, `UPDATE raw SET state = ?, at_ms = ? WHERE id = ?`, rawDropped, ms(s.now()), id); err != nil {
				return err
			}
		}
		return s.actBy(ctx, tx, by, "drop-dead", step+":"+item, rowDead, rawDropped)
	})
}

// exhume takes a letter out of the list.
func (s *Store) exhume(ctx context.Context, tx *txn, step, item string) (int64, error) {
	id, err := strconv.ParseInt(item, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("no number: %w", ErrNotFound)
	}
	if step == StepIngest {
		_, found, err := lookupID(ctx, tx, `SELECT id FROM raw WHERE id = ? AND state = ?`, id, rawAside)
		if err == nil && !found {
			err = ErrNotFound
		}
		return id, err
	}
	n, err := exec(ctx, tx, `DELETE FROM dead WHERE step = ? AND item = ?`, step, item)
	if err == nil && n == 0 {
		err = ErrNotFound
	}
	return id, err
}

// revive makes an item due again.
func (s *Store) revive(ctx context.Context, tx *txn, step string, id int64) error {
	queries := map[string][]string{
		StepIngest: {
			`UPDATE raw SET state = '` + rawKept + `', why = '', at_ms = ?1 WHERE id = ?2`,
			`INSERT INTO raw_pending (id) SELECT id FROM raw WHERE id = ?2 AND at_ms = ?1`,
		},
		StepLookup: {
			`UPDATE build SET state = 'lookup', why = '', next_ms = NULL, at_ms = ?1 WHERE buildset = ?2 AND state = 'unknown'
				AND why = (SELECT why FROM buildset WHERE id = ?2)`,
			`UPDATE buildset SET state = 'lookup', why = '', next_ms = ?1, at_ms = ?1, tries = 0 WHERE id = ?2 AND state = 'gave-up'`,
		},
		StepClassify: {`UPDATE build SET state = 'search', why = '', next_ms = ?1, at_ms = ?1, tries = 0 WHERE id = ?2 AND state = 'unknown'`},
		StepCompose:  {`UPDATE report SET state = 'open', why = '', next_ms = ?1, at_ms = ?1 WHERE comment = ?2 AND state = '` + rowDead + `'`},
		StepAnnounce: {`UPDATE recheck_bug SET state = 'new', why = '', next_ms = ?1, at_ms = ?1 WHERE bug = ?2 AND state = '` + rowDead + `'`},
	}
	switch step {
	case StepCatchup:
		return readAgain(ctx, tx, id, s.now())
	case StepDeliver:
		return s.sayAgain(ctx, tx, id)
	}
	for _, q := range queries[step] {
		if _, err := exec(ctx, tx, q, ms(s.now()), id); err != nil {
			return err
		}
	}
	return s.afterMove(ctx, tx, step, id)
}

// actBy notes what a person did, for ever.
func (s *Store) actBy(ctx context.Context, tx *txn, by By, verb, object, before, after string) error {
	_, err := exec(ctx, tx, `INSERT INTO act (at_ms, who, via, verb, object, before, after, why) VALUES (?,?,?,?,?,?,?,?)`,
		ms(s.now()), by.Who, by.Via, verb, object, before, after, head(by.Why, maxHead))
	return err
}
