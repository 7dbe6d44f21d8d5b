package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// DueReports are the open reports that may speak now, oldest first.
func (s *Store) DueReports(ctx context.Context, now time.Time, limit int) (out []int64, err error) {
	err = s.view(ctx, "due reports", limit, func(tx *txn) error {
		out, err = collect(ctx, tx, scanInt, `SELECT comment FROM report WHERE state = 'open' AND next_ms <= ? ORDER BY own_ms, comment LIMIT ?`,
			ms(now), limit)
		return err
	})
	return out, err
}

// Decide ends a report: said, silent or refused, with why, and what is to be
// said, in one transaction. ErrState: the report was decided before; nothing
// is put into the outbox then.
func (s *Store) Decide(ctx context.Context, report int64, state, why string, out []Outgoing) error {
	return s.update(ctx, "decide report", report, func(tx *txn) error {
		if state != ReportSaid && state != ReportSilent && state != ReportRefused {
			return fmt.Errorf("state %q is no decision", state)
		}
		err := execOne(ctx, tx, `UPDATE report SET state = ?, why = ?, next_ms = NULL, tries = tries + 1, at_ms = ? WHERE comment = ? AND state = 'open'`,
			state, why, ms(s.now()), report)
		if err != nil {
			return err
		}
		return s.say(ctx, tx, out)
	})
}

// RetryReport looks at an open report again at next.
func (s *Store) RetryReport(ctx context.Context, report int64, next time.Time, why string) error {
	return s.update(ctx, "retry report", report, func(tx *txn) error {
		return execOne(ctx, tx, `UPDATE report SET next_ms = ?, why = ?, tries = tries + 1, at_ms = ? WHERE comment = ? AND state = 'open'`,
			ms(next), why, ms(s.now()), report)
	})
}

// DueRechecks are the untracked bugs with namings by people that nobody decided
// on yet, oldest first. Bugs that a fingerprint of the newest set names are
// left out.
func (s *Store) DueRechecks(ctx context.Context, now time.Time, limit int) (out []RecheckedBug, err error) {
	err = s.view(ctx, "due rechecks", limit, func(tx *txn) error {
		out, err = collect(ctx, tx, scanRechecked, dueRechecks(), ms(now), limit)
		for i := range out {
			if err == nil {
				err = fillRechecked(ctx, tx, &out[i])
			}
		}
		return err
	})
	return out, err
}

// dueRechecks names its index, for SQLite would read all namings to group them.
func dueRechecks() string {
	return `SELECT n.bug, g.tracker, g.ref FROM recheck_bug n INDEXED BY recheck_bug_new JOIN bug g ON g.id = n.bug
		WHERE n.state = 'new' AND n.next_ms <= ? AND NOT ` + fmt.Sprintf(tracked, "n.bug") + ` GROUP BY n.bug ORDER BY min(n.id) LIMIT ?`
}

func scanRechecked(rows *sql.Rows) (b RecheckedBug, err error) {
	err = rows.Scan(&b.BugID, &b.Bug.Tracker, &b.Bug.Ref)
	return b, err
}

func fillRechecked(ctx context.Context, tx *txn, b *RecheckedBug) error {
	var newest, heard, first sql.NullInt64
	err := tx.QueryRowContext(ctx, `SELECT count(*), count(*) FILTER (WHERE n.state <> 'new'), max(r.own_ms), min(c.private),
			max(k.first_seen_ms), min(k.first_seen_ms) FILTER (WHERE n.state = 'new')
		FROM recheck_bug n JOIN recheck r ON r.comment = n.comment JOIN change c ON c.number = r.change JOIN comment k ON k.id = n.comment
		WHERE n.bug = ? AND NOT r.by_bot`, b.BugID).Scan(&b.People, &b.LastStep, &newest, &b.Private, &heard, &first)
	if err != nil {
		return err
	}
	b.Newest, b.Heard, b.FirstHeard = fromMS(newest), fromMS(heard), fromMS(first)
	err = tx.QueryRowContext(ctx, `SELECT p.text FROM recheck_bug n JOIN recheck r ON r.comment = n.comment
		JOIN change c ON c.number = r.change JOIN name p ON p.id = c.project
		WHERE n.bug = ? AND NOT r.by_bot ORDER BY c.private, r.own_ms DESC, r.comment DESC LIMIT 1`, b.BugID).Scan(&b.Project)
	if err != nil {
		return err
	}
	b.Crossings, err = collect(ctx, tx, func(rows *sql.Rows) (time.Time, error) {
		var own sql.NullInt64
		err := rows.Scan(&own)
		return fromMS(own), err
	}, `SELECT r.own_ms FROM recheck_bug n JOIN recheck r ON r.comment = n.comment
		WHERE n.bug = ? AND NOT r.by_bot ORDER BY r.own_ms, r.comment LIMIT -1 OFFSET ?`, b.BugID, b.LastStep)
	if err != nil {
		return err
	}
	b.Authors, err = collect(ctx, tx, scanText, `SELECT a.username FROM recheck_bug n JOIN comment c ON c.id = n.comment JOIN account a ON a.id = c.author
		WHERE n.bug = ? AND n.state = 'new' AND a.username <> '' GROUP BY a.id ORDER BY max(n.id) DESC LIMIT 20`, b.BugID)
	if err != nil {
		return err
	}
	b.RecheckIDs, err = collect(ctx, tx, scanInt, `SELECT id FROM recheck_bug WHERE bug = ? AND state = 'new' ORDER BY id`, b.BugID)
	return err
}

// Naming is where people name a bug.
type Naming struct {
	Changes []int64 // that are not private as far as is known, the latest first
	Tracked bool    // a fingerprint names it
}

// Naming tells where people name a bug, of at most limit changes.
func (s *Store) Naming(ctx context.Context, bug int64, limit int) (n Naming, err error) {
	err = s.view(ctx, "naming of bug", bug, func(tx *txn) error {
		if _, n.Tracked, err = lookupID(ctx, tx, `SELECT 1 WHERE `+fmt.Sprintf(tracked, "?"), bug); err != nil {
			return err
		}
		n.Changes, err = collect(ctx, tx, scanInt, `SELECT r.change FROM recheck_bug n JOIN recheck r ON r.comment = n.comment
			JOIN change c ON c.number = r.change WHERE n.bug = ? AND NOT r.by_bot AND NOT c.private GROUP BY r.change ORDER BY max(r.own_ms) DESC LIMIT ?`, bug, limit)
		return err
	})
	return n, err
}

// DecideRechecks ends namings (RecheckedBug.RecheckIDs) and puts what is to be
// said into the outbox, in one transaction. ErrState: all of them were decided
// before; nothing is said then.
func (s *Store) DecideRechecks(ctx context.Context, ids []int64, why string, out []Outgoing) error {
	return s.update(ctx, "decide rechecks", ids, func(tx *txn) error {
		decided, now := int64(0), s.now()
		for _, id := range ids {
			n, err := exec(ctx, tx, `UPDATE recheck_bug SET state = ?, why = ?, next_ms = NULL, tries = tries + 1, at_ms = ? WHERE id = ? AND state = 'new'`,
				recheckDone, why, ms(now), id)
			if err != nil {
				return err
			}
			decided += n
		}
		if decided == 0 {
			return ErrState
		}
		if err := finishRechecks(ctx, tx, now); err != nil {
			return err
		}
		return s.say(ctx, tx, out)
	})
}

// RetryRechecks looks at undecided namings again at next.
func (s *Store) RetryRechecks(ctx context.Context, ids []int64, next time.Time, why string) error {
	return s.update(ctx, "retry rechecks", ids, func(tx *txn) error {
		for _, id := range ids {
			if _, err := exec(ctx, tx, `UPDATE recheck_bug SET next_ms = ?, why = ?, at_ms = ? WHERE id = ? AND state = 'new'`,
				ms(next), why, ms(s.now()), id); err != nil {
				return err
			}
		}
		return nil
	})
}

// finishRechecks decides the open rechecks all of whose namings are decided.
func finishRechecks(ctx context.Context, tx *txn, now time.Time) error {
	comments, err := collect(ctx, tx, scanInt, `SELECT comment FROM recheck r WHERE state = 'new'
		AND NOT EXISTS (SELECT 1 FROM recheck_bug n WHERE n.comment = r.comment AND n.state = 'new')`)
	if err != nil {
		return err
	}
	for _, c := range comments {
		if err := finishRecheck(ctx, tx, c, now); err != nil {
			return err
		}
	}
	return nil
}
