package store

import "context"

// match is a listed comment and the row that stands for it.
type match struct {
	e       entry
	texts   []string // patchset-level, as the list's reader dealt them
	row     known
	found   bool // a list showed the row's comment before
	partner bool // the row is a provisional one, joined now
	dealt   bool // its patchset-level texts were dealt anew, by the words that were heard
}

// heard reports whether the stream brought the comment, as far as the row says.
func (m match) heard() bool {
	return (m.found || m.partner) && (m.row.event.Valid || m.row.heard.Valid)
}

// mayBe reports whether a line may be the comment's by author and times: no line
// is earlier than its comment.
func (m match) mayBe(h known) bool {
	at := m.e.c.GerritTime.Unix()
	return m.e.author == h.author && at <= h.event.Int64 && h.event.Int64 <= at+secondsApart
}

// shows reports whether the comment, with the texts that lists show of it, is
// the one that was heard: the same words, or none where there are none.
func (m match) shows(h known) bool {
	listed, whole := m.e.span(), m.e.c.Whole
	if m.found && len(listed.level) == 0 && !whole {
		listed.level, whole = m.row.level, m.row.whole // as an earlier list showed them
	}
	if words, open := ownWords(h.heard.String); open && words == "" {
		return whole && len(listed.level) == 0 && m.e.c.Body == h.heard.String
	}
	return listed.says(span{h.event.Int64, h.heard, nil})
}

// part takes a line off a comment that it was joined with before the words were
// known, where the words are those of another one that has no line: the line is
// ingested again, and finds it. It reports whether there was one.
func (s *Store) part(ctx context.Context, tx *txn, all []match) (bool, error) {
	for _, m := range all {
		if !m.joinedByOrder() || m.shows(m.row) {
			continue
		}
		for _, other := range all {
			if other.heard() || !other.mayBe(m.row) || !other.shows(m.row) {
				continue
			}
			if done, err := s.takeLine(ctx, tx, m); done || err != nil {
				return done, err
			}
			break
		}
	}
	return false, nil
}

// joinedByOrder reports whether the row's line may be another comment's: those
// with all their words in the message were joined by them. Reports are left
// alone, for CIs write them so.
func (m match) joinedByOrder() bool {
	return m.found && m.row.heard.Valid && m.row.weight < weightReport && opens(m.e.c.Body)
}

// takeLine makes a row one that the list alone showed and puts its line back
// among those to be ingested; false if the line has aged out. Texts that were
// dealt to comments without a line are asked for again.
func (s *Store) takeLine(ctx context.Context, tx *txn, m match) (bool, error) {
	n, err := exec(ctx, tx, `INSERT INTO raw_pending (id) SELECT raw FROM comment WHERE id = ? AND raw IS NOT NULL ON CONFLICT DO NOTHING`, m.row.id)
	if err != nil || n == 0 {
		return false, err
	}
	if err := retract(ctx, tx, m.row.id); err != nil {
		return false, err
	}
	_, err = exec(ctx, tx, `UPDATE comment SET event_s = NULL, heard = NULL, raw = NULL, sessions = '[]', listed = ?, level = NULL, head = ? WHERE id = ?`,
		m.e.c.Body, head(m.e.c.Body, maxHead), m.row.id)
	if err != nil {
		return false, err
	}
	return true, askAgain(ctx, tx, m.e, m.row.heard.String)
}
