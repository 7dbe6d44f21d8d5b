package store

import (
	"context"
	"database/sql"
	"time"
)

// The states of a queued bug.
const (
	QueueOpen          = "open"
	QueueClaimed       = "claimed"
	QueueInvalid       = "invalid"
	QueueFingerprinted = "fingerprinted"
	QueueExpired       = "expired"
)

// Queue are the untracked bugs that are open or claimed, those that most people
// named first, and how many there are. Private changes are left out, so a bug
// that is named only there is not in it. An empty project means all.
func (s *Store) Queue(ctx context.Context, project string, limit int) (out []QueueItem, total int, err error) {
	err = s.view(ctx, "queue of", project, func(tx *txn) error {
		rows, err := collect(ctx, tx, func(rows *sql.Rows) (queued, error) {
			return scanQueued(rows, &total)
		}, queueSelect, project, limit)
		if err != nil {
			return err
		}
		out = nil
		for _, r := range rows {
			r.Projects, err = collect(ctx, tx, scanText, `SELECT DISTINCT p.text FROM recheck_bug n JOIN recheck r ON r.comment = n.comment
				JOIN change c ON c.number = r.change JOIN name p ON p.id = c.project WHERE n.bug = ? AND NOT c.private ORDER BY p.text`, r.bug)
			if err != nil {
				return err
			}
			out = append(out, r.QueueItem)
		}
		return nil
	})
	return out, total, err
}

type queued struct {
	QueueItem
	bug int64
}

// The bugs of the queue with their namings; ?1 is the project or empty, ?2 the limit.
const queueSelect = `SELECT g.id, g.tracker, g.ref, g.title, g.status, g.private, q.state, q.holder,
		count(*) FILTER (WHERE NOT r.by_bot) AS people, count(*), min(r.own_ms), max(r.own_ms), count(*) OVER ()
	FROM queue q JOIN bug g ON g.id = q.bug JOIN recheck_bug n ON n.bug = q.bug JOIN recheck r ON r.comment = n.comment
	JOIN change c ON c.number = r.change JOIN name p ON p.id = c.project
	WHERE q.state IN ('open', 'claimed') AND NOT c.private AND (?1 = '' OR p.text = ?1)
	GROUP BY g.id HAVING people > 0 ORDER BY people DESC, max(r.own_ms) DESC, g.id LIMIT ?2`

func scanQueued(rows *sql.Rows, total *int) (q queued, err error) {
	var first, last sql.NullInt64
	err = rows.Scan(&q.bug, &q.Bug.Tracker, &q.Bug.Ref, &q.Bug.Title, &q.Bug.Status, &q.Bug.Private, &q.State, &q.Holder,
		&q.People, &q.Total, &first, &last, total)
	q.First, q.Last = fromMS(first), fromMS(last)
	return q, err
}

// Mute keeps a channel silent until then, and notes who wanted it.
func (s *Store) Mute(ctx context.Context, channel, who string, until time.Time) error {
	return s.update(ctx, "mute", channel, func(tx *txn) error {
		_, err := exec(ctx, tx, `INSERT INTO mute (channel, until_ms, who, at_ms) VALUES (?,?,?,?)
			ON CONFLICT (channel) DO UPDATE SET until_ms = excluded.until_ms, who = excluded.who, at_ms = excluded.at_ms`,
			channel, ms(until), who, ms(s.now()))
		if err != nil {
			return err
		}
		return s.act(ctx, tx, who, "mute", channel, until.UTC().Format(time.RFC3339))
	})
}

// Unmute lets a channel hear again, what waited for that at once.
func (s *Store) Unmute(ctx context.Context, channel, who string) error {
	return s.update(ctx, "unmute", channel, func(tx *txn) error {
		if _, err := exec(ctx, tx, `DELETE FROM mute WHERE channel = ?`, channel); err != nil {
			return err
		}
		_, err := exec(ctx, tx, `UPDATE outbox INDEXED BY outbox_ready SET next_ms = ? WHERE medium = ? AND target = ? AND state = 'ready'`, ms(s.now()), MediumIRC, channel)
		if err != nil {
			return err
		}
		return s.act(ctx, tx, who, "unmute", channel, "")
	})
}

// Muted reports whether a channel is to be kept silent now.
func (s *Store) Muted(ctx context.Context, channel string, now time.Time) (muted bool, err error) {
	err = s.view(ctx, "muted", channel, func(tx *txn) error {
		_, muted, err = lookupID(ctx, tx, `SELECT 1 FROM mute WHERE channel = ? AND until_ms > ?`, channel, ms(now))
		return err
	})
	return muted, err
}

// act notes what a person did, for ever.
func (s *Store) act(ctx context.Context, tx *txn, who, verb, object, after string) error {
	_, err := exec(ctx, tx, `INSERT INTO act (at_ms, who, via, verb, object, after) VALUES (?,?,'irc',?,?,?)`, ms(s.now()), who, verb, object, after)
	return err
}
