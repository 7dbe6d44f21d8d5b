package store

import (
	"context"
	"time"
)

// Sending notes, before the send, that it is tried now. ErrState: the row is
// not ready, so it must not be sent.
func (s *Store) Sending(ctx context.Context, id int64) error {
	return s.update(ctx, "sending", id, func(tx *txn) error {
		return execOne(ctx, tx, `UPDATE outbox SET state = 'sending', why = '', next_ms = NULL, attempted_ms = ?1, at_ms = ?1, tries = tries + 1
			WHERE id = ?2 AND state = 'ready'`, ms(s.now()), id)
	})
}

// Sent notes that the peer took it. A row that was proven meanwhile stays so.
func (s *Store) Sent(ctx context.Context, id int64) error {
	return s.turn(ctx, "sent", id, OutSent, "", nil, `'sending'`)
}

// Proven notes the proof that it was said.
func (s *Store) Proven(ctx context.Context, id int64, proof string) error {
	return s.update(ctx, "proven", id, func(tx *txn) error {
		_, err := exec(ctx, tx, `UPDATE outbox SET state = 'proven', proof = ?, why = '', next_ms = NULL, at_ms = ? WHERE id = ? AND state <> 'proven'`,
			proof, ms(s.now()), id)
		return err
	})
}

// RetryOut makes a row that was not said ready again, due at next. A row that
// was proven meanwhile stays so.
func (s *Store) RetryOut(ctx context.Context, id int64, next time.Time, why string) error {
	return s.turn(ctx, "retry", id, OutReady, why, ms(next), `'ready', 'sending', 'sent'`)
}

// Unsent takes back that a row is being sent: there was no connection to send it
// on, so that it was no try. It is due again at next.
func (s *Store) Unsent(ctx context.Context, id int64, next time.Time, why string) error {
	return s.update(ctx, "unsent", id, func(tx *txn) error {
		_, err := exec(ctx, tx, `UPDATE outbox SET state = 'ready', why = ?, next_ms = ?, at_ms = ?, tries = max(tries - 1, 0)
			WHERE id = ? AND state = 'sending'`, why, ms(next), ms(s.now()), id)
		return err
	})
}

// Refuse ends a row that the peer, or our own rules, will never take.
func (s *Store) Refuse(ctx context.Context, id int64, why string) error {
	return s.turn(ctx, "refuse", id, OutRefused, why, nil, `'ready', 'sending', 'sent'`)
}

// Withhold ends a row that is kept from going out, by the mode or by a person.
func (s *Store) Withhold(ctx context.Context, id int64, why string) error {
	return s.turn(ctx, "withhold", id, OutWithheld, why, nil, `'ready'`)
}

// Unconfirmed ends a row of which nobody can tell whether it was said: it is
// not said again, and counted aloud. A proof that comes late still counts.
func (s *Store) Unconfirmed(ctx context.Context, id int64, why string) error {
	return s.turn(ctx, "unconfirmed", id, OutUnconfirmed, why, nil, `'sending', 'sent'`)
}

// turn moves a row to a state from any of the given ones. A row in another
// state was decided otherwise meanwhile and stays as it is.
func (s *Store) turn(ctx context.Context, op string, id int64, state, why string, next any, from string) error {
	return s.update(ctx, op, id, func(tx *txn) error {
		_, err := exec(ctx, tx, `UPDATE outbox SET state = ?, why = ?, next_ms = ?, at_ms = ? WHERE id = ? AND state IN (`+from+`)`,
			state, why, next, ms(s.now()), id)
		return err
	})
}

// Unproven are at most limit rows of a medium that were, or may have been, sent
// and are not proven, oldest first.
func (s *Store) Unproven(ctx context.Context, medium string, limit int) (out []Out, err error) {
	err = s.view(ctx, "unproven of", medium, func(tx *txn) error {
		out, err = collect(ctx, tx, scanOut, `SELECT `+outColumns+` FROM outbox
			WHERE medium = ? AND state IN ('sending', 'sent') ORDER BY id LIMIT ?`, medium, limit)
		return err
	})
	return out, err
}

// ProveRef notes that our own comment with this reference was seen. It reports
// whether a row has it.
func (s *Store) ProveRef(ctx context.Context, ref, proof string) (found bool, err error) {
	err = s.update(ctx, "prove reference", ref, func(tx *txn) error {
		found, err = s.proveRef(ctx, tx, ref, proof)
		return err
	})
	return found, err
}

// proveRef proves whatever state the row is in: the comment is there. That the
// reference is not empty is said again in SQL, for the sake of its index.
func (s *Store) proveRef(ctx context.Context, tx *txn, ref, proof string) (bool, error) {
	if ref == "" {
		return false, nil
	}
	_, found, err := lookupID(ctx, tx, `SELECT id FROM outbox WHERE ref = ? AND ref <> '' LIMIT 1`, ref)
	if err != nil || !found {
		return false, err
	}
	_, err = exec(ctx, tx, `UPDATE outbox SET state = 'proven', proof = ?, why = '', next_ms = NULL, at_ms = ? WHERE ref = ? AND ref <> '' AND state <> 'proven'`,
		proof, ms(s.now()), ref)
	return true, err
}
