package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"time"

	"github.com/recheckbot/recheckbot/internal/ci"
)

// saveChange writes what a source said of a change. Empty fields were not said.
// A list that is older than the newest one cannot take back what is known, and
// nothing un-merges a change. The stream can make a change private but not
// public: to say too little is the safe side.
func saveChange(ctx context.Context, tx *txn, c ci.Change, via string) error {
	return saveToldChange(ctx, tx, c, via, time.Time{})
}

// saveToldChange is saveChange of what Gerrit told just then.
func saveToldChange(ctx context.Context, tx *txn, c ci.Change, via string, told time.Time) error {
	if tx.writtenAlready(c, via) && told.IsZero() {
		return nil
	}
	project, err := nameID(ctx, tx, nameProject, c.Project)
	if err != nil {
		return err
	}
	branch, err := nameID(ctx, tx, nameBranch, c.Branch)
	if err != nil {
		return err
	}
	owner, err := maybeAccount(ctx, tx, c.Owner)
	if err != nil {
		return err
	}
	tags, err := json.Marshal(c.Hashtags)
	if err != nil {
		return err
	}
	hashtags := string(tags)
	if c.Hashtags == nil {
		hashtags = "" // not said
	}
	_, err = exec(ctx, tx, upsertChange, c.Number, project, branch, c.Key, owner, c.Subject, c.Status,
		flag(c.Private), flag(c.WIP), hashtags, c.URL, c.Current, seconds(c.Updated), flag(via == ViaStream), ms(told))
	return err
}

// stale is what makes a list older than what is known. ?14: from the stream.
const (
	stale        = ` coalesce(excluded.gerrit_updated_s < gerrit_updated_s, 0) `
	upsertChange = `INSERT INTO change (number, project, branch, change_key, owner, subject, status, private, wip, hashtags, url, current_ps, gerrit_updated_s, told_ms)
		VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,CASE WHEN ?10 = '' THEN '[]' ELSE ?10 END,?11,?12,?13,?15)
	ON CONFLICT (number) DO UPDATE SET
		project = excluded.project, branch = CASE WHEN` + stale + `THEN branch ELSE excluded.branch END,
		change_key = CASE WHEN excluded.change_key = '' THEN change_key ELSE excluded.change_key END,
		owner = coalesce(excluded.owner, owner),
		subject = CASE WHEN excluded.subject = '' OR` + stale + `THEN subject ELSE excluded.subject END,
		status = CASE WHEN excluded.status = '' OR status = 'MERGED' OR` + stale + `THEN status ELSE excluded.status END,
		private = CASE WHEN excluded.private THEN 1 WHEN ?14 OR` + stale + `THEN private ELSE 0 END,
		wip = CASE WHEN` + stale + `THEN wip ELSE excluded.wip END,
		hashtags = CASE WHEN ?10 = '' OR` + stale + `THEN hashtags ELSE ?10 END,
		url = CASE WHEN excluded.url = '' THEN url ELSE excluded.url END,
		current_ps = max(current_ps, excluded.current_ps), told_ms = coalesce(excluded.told_ms, told_ms),
		gerrit_updated_s = CASE WHEN gerrit_updated_s IS NULL OR excluded.gerrit_updated_s > gerrit_updated_s
			THEN excluded.gerrit_updated_s ELSE gerrit_updated_s END`
)

func maybeAccount(ctx context.Context, tx *txn, a ci.Account) (any, error) {
	if a.Ident() == "" {
		return nil, nil
	}
	return account(ctx, tx, a, "")
}

const changeColumns = `c.number, p.text, b.text, c.change_key, c.subject, c.status, c.private, c.wip, c.hashtags, c.url,
	c.current_ps, c.gerrit_updated_s, coalesce(o.username, ''), coalesce(o.name, ''), coalesce(o.email, ''), coalesce(o.gerrit_id, 0)`

// loadChange reads a change back, whole.
func loadChange(ctx context.Context, tx *txn, number int64) (ci.Change, error) {
	var c ci.Change
	var hashtags string
	var updated sql.NullInt64
	err := tx.QueryRowContext(ctx, `SELECT `+changeColumns+` FROM change c JOIN name p ON p.id = c.project
		JOIN name b ON b.id = c.branch LEFT JOIN account o ON o.id = c.owner WHERE c.number = ?`, number).
		Scan(&c.Number, &c.Project, &c.Branch, &c.Key, &c.Subject, &c.Status, &c.Private, &c.WIP, &hashtags, &c.URL,
			&c.Current, &updated, &c.Owner.Username, &c.Owner.Name, &c.Owner.Email, &c.Owner.GerritID)
	if err != nil {
		return c, rowError(err)
	}
	if updated.Valid {
		c.Updated = time.Unix(updated.Int64, 0).UTC()
	}
	return c, json.Unmarshal([]byte(hashtags), &c.Hashtags)
}
