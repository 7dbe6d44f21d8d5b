package store

import (
	"context"
	"database/sql"
	"errors"
	"unicode/utf8"

	"github.com/recheckbot/recheckbot/internal/ci"
	"github.com/recheckbot/recheckbot/internal/cicomment"
)

// The kinds of name.
const (
	nameCI       = "ci"
	nameJob      = "job"
	nameProject  = "project"
	nameBranch   = "branch"
	namePipeline = "pipeline"
)

// nameID is the id of a word, made when it is new.
func nameID(ctx context.Context, tx *sql.Tx, kind, text string) (int64, error) {
	id, ok, err := lookupID(ctx, tx, `SELECT id FROM name WHERE kind = ? AND text = ?`, kind, text)
	if ok || err != nil {
		return id, err
	}
	return insert(ctx, tx, `INSERT INTO name (kind, text) VALUES (?,?) RETURNING id`, kind, text)
}

// maybeName is nameID, or NULL for an empty word.
func maybeName(ctx context.Context, tx *sql.Tx, kind, text string) (any, error) {
	if text == "" {
		return nil, nil
	}
	return nameID(ctx, tx, kind, text)
}

// account is the id of an account, made when it is new. Sources tell different
// parts of one account (the stream no id, REST one), so each part that is
// certain finds it.
func account(ctx context.Context, tx *sql.Tx, a ci.Account) (int64, error) {
	id, ok, err := findAccount(ctx, tx, a)
	if err != nil {
		return 0, err
	}
	if !ok {
		return insert(ctx, tx, `INSERT INTO account (ident, gerrit_id, username, email, name) VALUES (?,?,?,?,?)
			ON CONFLICT (ident) DO UPDATE SET name = excluded.name RETURNING id`,
			a.Ident(), gerritID(a), a.Username, a.Email, a.Name)
	}
	_, err = exec(ctx, tx, `UPDATE account SET
		gerrit_id = coalesce(gerrit_id, ?2), ident = CASE WHEN username = '' AND ?3 <> '' THEN ?3 ELSE ident END,
		username = CASE WHEN username = '' THEN ?3 ELSE username END,
		email = CASE WHEN ?4 = '' THEN email ELSE ?4 END, name = CASE WHEN ?5 = '' THEN name ELSE ?5 END
		WHERE id = ?1`, id, gerritID(a), a.Username, a.Email, a.Name)
	return id, err
}

func findAccount(ctx context.Context, tx *sql.Tx, a ci.Account) (int64, bool, error) {
	if a.Username != "" {
		id, ok, err := lookupID(ctx, tx, `SELECT id FROM account WHERE username = ?1 OR (ident = ?1 AND username = '') LIMIT 1`, a.Username)
		if ok || err != nil {
			return id, ok, err
		}
	}
	if a.GerritID != 0 {
		id, ok, err := lookupID(ctx, tx, `SELECT id FROM account WHERE gerrit_id = ?`, a.GerritID)
		if ok || err != nil {
			return id, ok, err
		}
	}
	if a.Username == "" && a.Email != "" {
		return lookupID(ctx, tx, `SELECT id FROM account WHERE email = ?1 AND username = ''
			AND (?2 IS NULL OR gerrit_id IS NULL) ORDER BY id LIMIT 1`, a.Email, gerritID(a))
	}
	return 0, false, nil
}

func gerritID(a ci.Account) any {
	if a.GerritID == 0 {
		return nil
	}
	return a.GerritID
}

func setRole(ctx context.Context, tx *sql.Tx, id int64, role cicomment.Role) error {
	_, err := exec(ctx, tx, `UPDATE account SET role = ?2 WHERE id = ?1 AND role <> ?2`, id, string(role))
	return err
}

// rowError makes a row that is not there ErrNotFound.
func rowError(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return ErrNotFound
	}
	return err
}

// head is the beginning of text, at most n bytes of whole characters.
func head(text string, n int) string {
	if len(text) <= n {
		return text
	}
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n]
}
