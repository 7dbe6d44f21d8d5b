package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/recheckbot/recheckbot/internal/ci"
)

// Bug is what is known of a bug; ErrNotFound when nobody ever named it. Private
// changes are left out of the numbers.
func (s *Store) Bug(ctx context.Context, ref ci.BugRef) (b BugInfo, err error) {
	err = s.view(ctx, "bug", ref, func(tx *txn) error {
		id, ok, err := lookupID(ctx, tx, `SELECT id FROM bug WHERE tracker = ? AND ref = ?`, ref.Tracker, ref.Ref)
		if err != nil {
			return err
		}
		if !ok {
			return ErrNotFound
		}
		b, err = s.bugInfo(ctx, tx, id)
		return err
	})
	return b, err
}

func (s *Store) bugInfo(ctx context.Context, tx *txn, id int64) (b BugInfo, err error) {
	err = tx.QueryRowContext(ctx, `SELECT g.tracker, g.ref, g.title, g.status, g.private, coalesce(q.state, ''),
			(SELECT count(*) FROM recheck_bug n JOIN recheck r ON r.comment = n.comment JOIN change c ON c.number = r.change
				WHERE n.bug = g.id AND NOT r.by_bot AND NOT c.private)
		FROM bug g LEFT JOIN queue q ON q.bug = g.id WHERE g.id = ?`, id).
		Scan(&b.Tracker, &b.Ref, &b.Title, &b.Status, &b.Private, &b.QueueState, &b.Rechecks)
	if err != nil {
		return b, err
	}
	b.Fingerprints, err = collect(ctx, tx, scanText, `SELECT DISTINCT f.name FROM fingerprint_bug fb JOIN fpset_member m ON m.fingerprint = fb.fingerprint
		JOIN fingerprint f ON f.id = fb.fingerprint WHERE fb.bug = ? AND m.fpset = `+newestSet+` ORDER BY f.name`, id)
	if err != nil {
		return b, err
	}
	now := s.now()
	err = tx.QueryRowContext(ctx, hitsOfBug(), id, ms(now.Add(-24*time.Hour)), ms(now.Add(-7*24*time.Hour))).Scan(&b.Hits24h, &b.Hits7d, &b.Changes7d)
	return b, err
}

// hitsOfBug counts builds of two spans of time, and changes of the longer one.
func hitsOfBug() string {
	return `SELECT count(DISTINCT b.id) FILTER (WHERE b.own_ms > ?2), count(DISTINCT b.id), count(DISTINCT r.change)
		FROM fingerprint_bug fb JOIN hit h ON h.fingerprint = fb.fingerprint JOIN scan s ON s.id = h.scan JOIN build b ON b.id = s.build
		JOIN report_build rb ON rb.build = b.id JOIN report r ON r.comment = rb.report JOIN change c ON c.number = r.change
		WHERE fb.bug = ?1 AND h.cond = '' AND b.own_ms > ?3 AND NOT c.private AND ` + fmt.Sprintf(scannedLately, "?3")
}

// titleFresh is how long a bug's title is taken for true.
const titleFresh = 24 * time.Hour

// TitleWanted are the bugs whose tracker is to be asked now: never asked ones
// first.
func (s *Store) TitleWanted(ctx context.Context, now time.Time, limit int) (out []ci.BugRef, err error) {
	err = s.view(ctx, "titles wanted", limit, func(tx *txn) error {
		out, err = collect(ctx, tx, func(rows *sql.Rows) (r ci.BugRef, err error) {
			err = rows.Scan(&r.Tracker, &r.Ref)
			return r, err
		}, `SELECT tracker, ref FROM bug WHERE next_ms <= ? ORDER BY next_ms, id LIMIT ?`, ms(now), limit)
		return err
	})
	return out, err
}

// SaveTitle stores what a tracker said; it is asked again a day later.
func (s *Store) SaveTitle(ctx context.Context, ref ci.BugRef, title, status string, private bool, at time.Time) error {
	return s.update(ctx, "save title of", ref, func(tx *txn) error {
		id, err := bugID(ctx, tx, ref)
		if err != nil {
			return err
		}
		_, err = exec(ctx, tx, `UPDATE bug SET title = ?, status = ?, private = ?, fetched_ms = ?, state = 'known', why = '', next_ms = ?, tries = 0 WHERE id = ?`,
			title, status, flag(private), ms(at), ms(at.Add(titleFresh)), id)
		return err
	})
}

// RetryTitle asks a bug's tracker again at next; what was known stays.
func (s *Store) RetryTitle(ctx context.Context, ref ci.BugRef, next time.Time, why string) error {
	return s.update(ctx, "retry title of", ref, func(tx *txn) error {
		return execOne(ctx, tx, `UPDATE bug SET state = 'failed', why = ?, next_ms = ?, tries = tries + 1 WHERE tracker = ? AND ref = ?`,
			why, ms(next), ref.Tracker, ref.Ref)
	})
}
