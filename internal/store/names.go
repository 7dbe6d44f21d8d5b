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
func nameID(ctx context.Context, tx *txn, kind, text string) (int64, error) {
	k := nameKey{kind, text}
	if id, ok := tx.knownName(k); ok {
		return id, nil
	}
	id, ok, err := lookupID(ctx, tx, `SELECT id FROM name WHERE kind = ? AND text = ?`, kind, text)
	if err != nil {
		return 0, err
	}
	if !ok {
		if id, err = insert(ctx, tx, `INSERT INTO name (kind, text) VALUES (?,?)`, kind, text); err != nil {
			return 0, err
		}
	}
	tx.later(func(l *learnt) { remember(&l.names, k, id) })
	return id, nil
}

// maybeName is nameID, or NULL for an empty word.
func maybeName(ctx context.Context, tx *txn, kind, text string) (any, error) {
	if text == "" {
		return nil, nil
	}
	return nameID(ctx, tx, kind, text)
}

// saveAccount finds or makes an account. Sources tell different parts of one
// account (the stream no id, REST one), so each part that is certain finds it.
// An empty role was not said.
func saveAccount(ctx context.Context, tx *txn, a ci.Account, role cicomment.Role) (int64, error) {
	id, same, err := findAccount(ctx, tx, a, role)
	switch {
	case err != nil || same:
		return id, err
	case id == 0:
		return upsert(ctx, tx, `INSERT INTO account (ident, gerrit_id, username, email, name, role) VALUES (?,?,?,?,?,?)
			ON CONFLICT (ident) DO UPDATE SET name = excluded.name RETURNING id`,
			a.Ident(), gerritID(a), a.Username, a.Email, a.Name, string(role))
	}
	// OR IGNORE: an id that another row holds (one person, two sources that never
	// met before) must not stop the comment.
	_, err = exec(ctx, tx, `UPDATE OR IGNORE account SET
		gerrit_id = coalesce(gerrit_id, ?2), ident = CASE WHEN username = '' AND ?3 <> '' THEN ?3 ELSE ident END,
		username = CASE WHEN username = '' THEN ?3 ELSE username END,
		email = CASE WHEN ?4 = '' THEN email ELSE ?4 END, name = CASE WHEN ?5 = '' THEN name ELSE ?5 END,
		role = CASE WHEN ?6 = '' THEN role ELSE ?6 END
		WHERE id = ?1`, id, gerritID(a), a.Username, a.Email, a.Name, string(role))
	return id, err
}

// findAccount is the id of an account, 0 when it is new, and whether all that
// is said of it is known already.
func findAccount(ctx context.Context, tx *txn, a ci.Account, role cicomment.Role) (id int64, same bool, err error) {
	const known = `(?2 IS NULL OR gerrit_id IS ?2) AND ?3 IN ('', username) AND ?4 IN ('', email) AND ?5 IN ('', name) AND ?6 IN ('', role)`
	var by []string
	if a.Username != "" {
		by = append(by, `ident = ?3`)
	}
	if a.GerritID != 0 {
		by = append(by, `gerrit_id = ?2`)
	}
	if a.Username == "" && a.Email != "" {
		by = append(by, `email = ?4 AND email <> '' AND username = '' AND (?2 IS NULL OR gerrit_id IS NULL)`)
	}
	if len(by) == 0 {
		by = []string{`ident = ?1`}
	}
	for _, where := range by {
		err = tx.QueryRowContext(ctx, `SELECT id, `+known+` FROM account WHERE `+where+` ORDER BY id LIMIT 1`,
			a.Ident(), gerritID(a), a.Username, a.Email, a.Name, string(role)).Scan(&id, &same)
		if !errors.Is(err, sql.ErrNoRows) {
			return id, same, err
		}
	}
	return 0, false, nil
}

func gerritID(a ci.Account) any {
	if a.GerritID == 0 {
		return nil
	}
	return a.GerritID
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
