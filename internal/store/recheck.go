package store

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/recheckbot/recheckbot/internal/ci"
	"github.com/recheckbot/recheckbot/internal/cicomment"
)

// The states of a recheck and of its namings of bugs.
const (
	recheckNew     = "new"
	recheckDone    = "done"
	recheckSkipped = "skipped"
)

// newestSet is the fingerprint set that was loaded last.
const newestSet = `(SELECT id FROM fpset ORDER BY load DESC LIMIT 1)`

// tracked is true when a fingerprint of the newest set names bug %s.
const tracked = `EXISTS (SELECT 1 FROM fingerprint_bug fb JOIN fpset_member m ON m.fingerprint = fb.fingerprint
	WHERE fb.bug = %s AND m.fpset = ` + newestSet + `)`

// addRecheck stores a recheck with the bugs that it names. One that was stored
// before with a poorer text is made richer. old: why it is evidence but no news.
func (s *Store) addRecheck(ctx context.Context, tx *txn, comment int64, e entry, old string) error {
	r, now := e.c.Parsed.Recheck, s.now()
	bot, err := byBot(ctx, tx, e)
	if err != nil {
		return err
	}
	_, err = exec(ctx, tx, `INSERT INTO recheck (comment, change, own_ms, kind, reason, by_bot, state, at_ms) VALUES (?,?,?,?,?,?,?,?)
		ON CONFLICT (comment) DO UPDATE SET kind = excluded.kind, reason = excluded.reason, by_bot = max(by_bot, excluded.by_bot)`,
		comment, e.change, ms(own(e.c)), string(r.Kind), r.Reason, flag(bot), recheckNew, ms(now))
	if err != nil {
		return err
	}
	for _, ref := range refs(*r) {
		if err := s.nameBug(ctx, tx, comment, ref, bot, old, now); err != nil {
			return fmt.Errorf("bug %s: %w", ref, err)
		}
	}
	return finishRecheck(ctx, tx, comment, now)
}

// byBot: a service user's recheck is no evidence of a person's need either; by
// the stream nobody can tell, so that what Gerrit told when it was asked counts.
func byBot(ctx context.Context, tx *txn, e entry) (bool, error) {
	if e.c.Parsed.Recheck.ByBot || e.c.Parsed.Role == cicomment.RoleBot {
		return true, nil
	}
	_, service, err := lookupID(ctx, tx, `SELECT 1 FROM account WHERE id = ? AND service`, e.author)
	return service, err
}

// refs are the bugs that a recheck names, Launchpad's first.
func refs(r cicomment.Recheck) []ci.BugRef {
	var out []ci.BugRef
	for _, n := range r.Bugs {
		out = append(out, ci.BugRef{Tracker: ci.Launchpad, Ref: strconv.FormatInt(n, 10)})
	}
	return append(out, r.Refs...)
}

// nameBug stores one naming. A bug that a person names for the first time and
// no fingerprint knows goes into the queue.
func (s *Store) nameBug(ctx context.Context, tx *txn, comment int64, ref ci.BugRef, byBot bool, old string, now time.Time) error {
	bug, err := bugID(ctx, tx, ref)
	if err != nil {
		return err
	}
	_, known, err := lookupID(ctx, tx, `SELECT 1 WHERE `+fmt.Sprintf(tracked, "?"), bug)
	if err != nil {
		return err
	}
	state, why := recheckNew, ""
	switch {
	case byBot:
		state, why = recheckSkipped, "by a bot"
	case known:
		state, why = recheckSkipped, "a fingerprint names the bug"
	case old != "":
		state, why = recheckDone, old
	}
	_, err = exec(ctx, tx, `INSERT INTO recheck_bug (comment, bug, state, why, next_ms, at_ms) VALUES (?1,?2,?3,?4,?5,?5)
		ON CONFLICT (comment, bug) DO NOTHING`, comment, bug, state, why, ms(now))
	if err != nil || byBot || known {
		return err
	}
	_, err = exec(ctx, tx, `INSERT INTO queue (bug, state, since_ms, why) VALUES (?,?,?,?) ON CONFLICT (bug) DO NOTHING`,
		bug, QueueOpen, ms(now), fmt.Sprintf("named in comment %d", comment))
	return err
}

// bugID is the id of a bug, made when it is new.
func bugID(ctx context.Context, tx *txn, ref ci.BugRef) (int64, error) {
	id, ok, err := lookupID(ctx, tx, `SELECT id FROM bug WHERE tracker = ? AND ref = ?`, ref.Tracker, ref.Ref)
	if ok || err != nil {
		return id, err
	}
	return insert(ctx, tx, `INSERT INTO bug (tracker, ref) VALUES (?,?)`, ref.Tracker, ref.Ref)
}

// finishRecheck decides a recheck when all of its namings are.
func finishRecheck(ctx context.Context, tx *txn, comment int64, now time.Time) error {
	_, err := exec(ctx, tx, `UPDATE recheck SET at_ms = ?1,
			state = CASE WHEN x.new > 0 THEN 'new' WHEN x.done > 0 THEN 'done' ELSE 'skipped' END,
			why = CASE WHEN x.new > 0 THEN '' WHEN x.n = 0 THEN 'it names no bug' ELSE x.why END
		FROM (SELECT count(*) AS n, count(*) FILTER (WHERE state = 'new') AS new, count(*) FILTER (WHERE state = 'done') AS done,
			coalesce(max(why), '') AS why FROM recheck_bug WHERE comment = ?2) x
		WHERE recheck.comment = ?2`, ms(now), comment)
	return err
}
