package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/recheckbot/recheckbot/internal/ci"
	"github.com/recheckbot/recheckbot/internal/cicomment"
)

// KnownChange is a change as it was told last, and when (our clock). The time is
// zero when it was never told, while stream lines wait that may tell more, and
// while a gap is open, as it may have been told of in what was missed.
func (s *Store) KnownChange(ctx context.Context, number int64) (c ci.Change, told time.Time, err error) {
	err = s.view(ctx, "known change", number, func(tx *txn) error {
		var at sql.NullInt64
		var waits bool
		err := tx.QueryRowContext(ctx, `SELECT told_ms, EXISTS (SELECT 1 FROM raw_pending)
			OR EXISTS (SELECT 1 FROM gap WHERE closed_ms IS NULL) FROM change WHERE number = ?`, number).
			Scan(&at, &waits)
		if errors.Is(err, sql.ErrNoRows) || err == nil && waits {
			return nil
		}
		if err != nil {
			return err
		}
		told = fromMS(at)
		c, err = loadChange(ctx, tx, number)
		return err
	})
	return c, told, err
}

// RememberChange writes what Gerrit told of a change when it was asked then,
// unless the stream has told of it since.
func (s *Store) RememberChange(ctx context.Context, c ci.Change, asked time.Time) error {
	return s.update(ctx, "remember change", c.Number, func(tx *txn) error {
		_, newer, err := lookupID(ctx, tx, `SELECT 1 FROM change WHERE number = ? AND told_ms > ?`, c.Number, ms(asked))
		if err != nil || newer {
			return err
		}
		return saveToldChange(ctx, tx, c, ViaQuery, asked)
	})
}

// KnownAccount is an account as it was asked for last, whether Gerrit tags it as
// a service user, and when that was; a zero time: never.
func (s *Store) KnownAccount(ctx context.Context, username string) (a ci.Account, service bool, told time.Time, err error) {
	err = s.view(ctx, "known account", username, func(tx *txn) error {
		var at sql.NullInt64
		err := tx.QueryRowContext(ctx, `SELECT username, name, email, coalesce(gerrit_id, 0), service, told_ms FROM account WHERE ident = ? AND told_ms IS NOT NULL`,
			username).Scan(&a.Username, &a.Name, &a.Email, &a.GerritID, &service, &at)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		told = fromMS(at)
		return err
	})
	return a, service, told, err
}

// RememberAccount writes what Gerrit has just told of an account. A service
// user's rechecks are no evidence of a person's need any more, also earlier ones.
func (s *Store) RememberAccount(ctx context.Context, a ci.Account, service bool) error {
	return s.update(ctx, "remember account", a.Ident(), func(tx *txn) error {
		id, err := saveAccount(ctx, tx, a, cicomment.Role(""))
		if err != nil {
			return err
		}
		_, err = exec(ctx, tx, `UPDATE account SET service = ?, told_ms = ? WHERE id = ?`, flag(service), ms(s.now()), id)
		if err != nil || !service {
			return err
		}
		return noPerson(ctx, tx, id, s.now())
	})
}

// noPerson takes an account's rechecks for a program's.
func noPerson(ctx context.Context, tx *txn, account int64, now time.Time) error {
	const theirs = `(SELECT r.comment FROM recheck r JOIN comment c ON c.id = r.comment WHERE c.author = ?1)`
	for _, q := range []string{
		`UPDATE recheck SET by_bot = 1 WHERE comment IN ` + theirs,
		`UPDATE recheck_bug SET state = 'skipped', why = 'by a bot', next_ms = NULL, at_ms = ?2 WHERE state = 'new' AND comment IN ` + theirs,
		`DELETE FROM queue WHERE state = 'open' AND bug IN (SELECT bug FROM recheck_bug WHERE comment IN ` + theirs + `)
			AND NOT EXISTS (SELECT 1 FROM recheck_bug n JOIN recheck r ON r.comment = n.comment WHERE n.bug = queue.bug AND NOT r.by_bot)`,
	} {
		if _, err := exec(ctx, tx, q, account, ms(now)); err != nil {
			return err
		}
	}
	return finishRechecks(ctx, tx, now)
}
