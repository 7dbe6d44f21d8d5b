package store

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// Alarm is something that a person should see to, or that is well again.
type Alarm struct {
	Name   string    `json:"name"`
	Raised bool      `json:"raised"`
	Since  time.Time `json:"since"` // of this state
	Why    string    `json:"why"`
	N      int       `json:"-"` // how often the state changed
}

// SetAlarm raises or clears an alarm. When that changes its state, what say
// makes of the alarm as it was and as it is goes into the outbox in the same
// transaction: once for each change. An alarm that was never raised is not
// cleared either.
func (s *Store) SetAlarm(ctx context.Context, name string, raised bool, why string, say func(was, is Alarm) []Outgoing) (changed bool, err error) {
	err = s.update(ctx, "set alarm", name, func(tx *txn) error {
		changed = false
		was, err := alarm(ctx, tx, name)
		if err != nil || was.Raised == raised && (!raised || was.Why == why) {
			return err
		}
		is := Alarm{Name: name, Raised: raised, Since: s.now(), Why: head(why, maxHead), N: was.N + 1}
		if was.Raised == raised { // other words for the same
			is.Since, is.N = was.Since, was.N
		}
		_, err = exec(ctx, tx, `INSERT INTO alarm (name, raised, since_ms, why, n) VALUES (?,?,?,?,?)
			ON CONFLICT (name) DO UPDATE SET raised = excluded.raised, since_ms = excluded.since_ms, why = excluded.why, n = excluded.n`,
			name, flag(raised), ms(is.Since), is.Why, is.N)
		if err != nil || is.N == was.N {
			return err
		}
		changed = true
		return s.say(ctx, tx, say(was, is))
	})
	return changed && err == nil, err
}

func alarm(ctx context.Context, tx *txn, name string) (Alarm, error) {
	rows, err := collect(ctx, tx, scanAlarm, `SELECT name, raised, since_ms, why, n FROM alarm WHERE name = ?`, name)
	if err != nil || len(rows) == 0 {
		return Alarm{Name: name}, err
	}
	return rows[0], nil
}

func scanAlarm(rows *sql.Rows) (a Alarm, err error) {
	var since sql.NullInt64
	err = rows.Scan(&a.Name, &a.Raised, &since, &a.Why, &a.N)
	a.Since = fromMS(since)
	return a, err
}

// Alarms are the alarms that are raised, oldest first.
func (s *Store) Alarms(ctx context.Context) (out []Alarm, err error) {
	err = s.view(ctx, "alarms", "", func(tx *txn) error {
		out, err = alarms(ctx, tx)
		return err
	})
	return out, err
}

func alarms(ctx context.Context, tx *txn) ([]Alarm, error) {
	return collect(ctx, tx, scanAlarm, `SELECT name, raised, since_ms, why, n FROM alarm WHERE raised ORDER BY since_ms, name`)
}

// week and silenceKept bound what is remembered of silences: ten weeks.
const (
	week        = 7 * 24
	silenceKept = 10 * week
)

// NoteSilence notes that the event stream was quiet from then to then, for each
// hour that this touches; only the longest of an hour is kept.
func (s *Store) NoteSilence(ctx context.Context, from, to time.Time) error {
	return s.update(ctx, "note silence", to.UTC().Format(time.RFC3339), func(tx *txn) error {
		last := hourOf(to)
		for h := max(hourOf(from), last-week); h <= last; h++ {
			_, err := exec(ctx, tx, `INSERT INTO silence (hour, longest_ms) VALUES (?,?)
				ON CONFLICT (hour) DO UPDATE SET longest_ms = max(longest_ms, excluded.longest_ms)`, h, to.Sub(from).Milliseconds())
			if err != nil {
				return err
			}
		}
		_, err := exec(ctx, tx, `DELETE FROM silence WHERE hour < ?`, last-silenceKept)
		return err
	})
}

// UsualSilence is the longest silence in this hour of the week in the past, and
// since when silences are known.
func (s *Store) UsualSilence(ctx context.Context, now time.Time) (longest time.Duration, since time.Time, err error) {
	err = s.view(ctx, "usual silence", now.UTC().Format(time.RFC3339), func(tx *txn) error {
		var first, most sql.NullInt64
		h := hourOf(now)
		err := tx.QueryRowContext(ctx, `SELECT min(hour), max(longest_ms) FILTER (WHERE hour % ?1 = ?2 % ?1 AND hour < ?2) FROM silence`, week, h).Scan(&first, &most)
		if errors.Is(err, sql.ErrNoRows) || !first.Valid {
			return nil
		}
		longest, since = time.Duration(most.Int64)*time.Millisecond, time.Unix(first.Int64*3600, 0).UTC()
		return err
	})
	return longest, since, err
}

func hourOf(t time.Time) int64 { return t.Unix() / 3600 }
