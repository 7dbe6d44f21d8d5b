package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// The states of a thing to be said: ready → sending (committed before the send)
// → sent → proven; or unconfirmed, refused (by the other side), withheld (by us),
// expired.
const (
	OutReady       = "ready"
	OutSending     = "sending"
	OutSent        = "sent"
	OutProven      = "proven"
	OutUnconfirmed = "unconfirmed"
	OutRefused     = "refused"
	OutWithheld    = "withheld"
	OutExpired     = "expired"
)

// OutStates are all of them, in their order.
func OutStates() []string {
	return []string{OutReady, OutSending, OutSent, OutProven, OutUnconfirmed, OutRefused, OutWithheld, OutExpired}
}

// Say puts things to be said into the outbox. One that is there already (same
// medium, target, cause and part) stays as it is: nothing is said twice.
func (s *Store) Say(ctx context.Context, out []Outgoing) error {
	if len(out) == 0 {
		return nil
	}
	return s.update(ctx, "say", out[0].Cause, func(tx *txn) error {
		return s.say(ctx, tx, out)
	})
}

func (s *Store) say(ctx context.Context, tx *txn, out []Outgoing) error {
	now := ms(s.now())
	for _, o := range out {
		_, err := exec(ctx, tx, `INSERT INTO outbox (medium, target, cause, part, body, ref, tag, notify, own_ms, not_after_ms, state, next_ms, at_ms)
			VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT (medium, target, cause, part) DO NOTHING`,
			o.Medium, o.Target, o.Cause, o.Part, o.Body, o.Ref, o.Tag, o.Notify, ms(s.orNow(o.Own)), ms(o.NotAfter), OutReady, now, now)
		if err != nil {
			return fmt.Errorf("%s to %s, %s part %d: %w", o.Medium, o.Target, o.Cause, o.Part, err)
		}
	}
	return nil
}

const outColumns = `id, medium, target, cause, part, body, ref, tag, notify, own_ms, not_after_ms, attempted_ms, state, why, tries`

func scanOut(rows *sql.Rows) (Out, error) {
	var o Out
	var own, notAfter, attempted sql.NullInt64
	err := rows.Scan(&o.ID, &o.Medium, &o.Target, &o.Cause, &o.Part, &o.Body, &o.Ref, &o.Tag, &o.Notify,
		&own, &notAfter, &attempted, &o.State, &o.Why, &o.Tries)
	o.Own, o.NotAfter, o.Attempted = fromMS(own), fromMS(notAfter), fromMS(attempted)
	return o, err
}

// Outbox are the rows of one cause in any state, in order: what was, or was not,
// said about it, and why.
func (s *Store) Outbox(ctx context.Context, cause string) (out []Out, err error) {
	err = s.view(ctx, "outbox of", cause, func(tx *txn) error {
		out, err = collect(ctx, tx, scanOut, `SELECT `+outColumns+` FROM outbox WHERE cause = ? ORDER BY id`, cause)
		return err
	})
	return out, err
}

// DueOut are the things to be said in a medium now, oldest first. Those whose
// time has passed expire unsaid.
func (s *Store) DueOut(ctx context.Context, medium string, now time.Time, limit int) (out []Out, err error) {
	late := false
	err = s.view(ctx, "due outbox of", medium, func(tx *txn) error {
		_, late, err = lookupID(ctx, tx, `SELECT 1 FROM outbox WHERE medium = ? AND state = 'ready' AND not_after_ms < ? LIMIT 1`, medium, ms(now))
		return err
	})
	if err == nil && late {
		err = s.update(ctx, "expire outbox of", medium, func(tx *txn) error { return expire(ctx, tx, medium, now) })
	}
	if err != nil {
		return nil, err
	}
	err = s.view(ctx, "due outbox of", medium, func(tx *txn) error {
		out, err = collect(ctx, tx, scanOut, `SELECT `+outColumns+` FROM outbox
			WHERE medium = ?1 AND state = 'ready' AND next_ms <= ?2 AND coalesce(not_after_ms >= ?2, 1) ORDER BY id LIMIT ?3`, medium, ms(now), limit)
		return err
	})
	return out, err
}

func expire(ctx context.Context, tx *txn, medium string, now time.Time) error {
	_, err := exec(ctx, tx, `UPDATE outbox SET state = ?, why = 'its time passed before it could be said', next_ms = NULL, at_ms = ?2
		WHERE medium = ?3 AND state = 'ready' AND not_after_ms < ?2`, OutExpired, ms(now), medium)
	return err
}

// OutboxIn are rows in a state, or in any where it is empty, newest first, and
// how many there are.
func (s *Store) OutboxIn(ctx context.Context, state string, limit int) (out []Out, total int, err error) {
	err = s.view(ctx, "outbox in state", state, func(tx *txn) error {
		err := tx.QueryRowContext(ctx, `SELECT count(*) FROM outbox WHERE ?1 = '' OR state = ?1`, state).Scan(&total)
		if err != nil {
			return err
		}
		out, err = collect(ctx, tx, scanOut, `SELECT `+outColumns+` FROM outbox WHERE ?1 = '' OR state = ?1 ORDER BY id DESC LIMIT ?2`, state, limit)
		return err
	})
	return out, total, err
}
