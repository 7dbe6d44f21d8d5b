package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/recheckbot/recheckbot/internal/cicomment"
)

// maxHead bounds the part of a comment that outlives its text, in bytes.
const maxHead = 200

func (s *Store) ingest(ctx context.Context, tx *txn, a arrival) error {
	if a.skip {
		return nil
	}
	a.Change.Current = max(a.Change.Current, a.NewPatchset)
	if a.Comment != nil {
		a.Change.Current = max(a.Change.Current, patchset(*a.Comment))
	}
	if err := saveToldChange(ctx, tx, a.Change, a.Via, toldBy(a.Heard)); err != nil {
		return fmt.Errorf("change: %w", err)
	}
	if a.Comment == nil {
		return nil
	}
	e := entry{change: a.Change.Number, author: a.author, via: a.Via, rawID: a.RawID, session: a.session, c: *a.Comment}
	switch {
	case a.Via != ViaStream:
		return s.ingestListed(ctx, tx, e)
	case a.fresh:
		return s.insertComment(ctx, tx, e)
	}
	return s.ingestStream(ctx, tx, e)
}

// toldBy is when an event of the stream told of its change; a comment tells it
// whole as well, but so many come that most are not written.
func toldBy(h Heard) time.Time {
	if h.Via != ViaStream || h.Comment != nil {
		return time.Time{}
	}
	return h.Received
}

// entry is one comment on its way into the tables.
type entry struct {
	change, author int64
	via            string
	rawID          int64
	session        string
	nth            int64 // of a listed one
	c              Comment
}

func (s *Store) author(ctx context.Context, tx *txn, c Comment) (int64, error) {
	id, err := account(ctx, tx, c.Author, c.Parsed.Role)
	if err != nil {
		return 0, fmt.Errorf("account %s: %w", c.Author.Ident(), err)
	}
	return id, nil
}

// ingestStream stores a comment as the stream brings it: joined with the listed
// row that it belongs to, else provisional.
func (s *Store) ingestStream(ctx context.Context, tx *txn, e entry) error {
	event := e.c.EventTime.Unix()
	rows, err := standing(ctx, tx, e.change, e.author, event)
	if err != nil {
		return err
	}
	if k := again(rows, e.c.Body, e.session); k != nil {
		return addSession(ctx, tx, *k, e.session)
	}
	if echo(rows, e.c) {
		return nil
	}
	k, err := claim(rows, event, e.c.Body, func() (bool, error) { return dealt(ctx, tx, e.change, e.author, e.c.Body) })
	if err != nil {
		return err
	}
	if k == nil {
		return s.insertComment(ctx, tx, e)
	}
	listed := k.listText()
	if listed.String == e.c.Body {
		listed.Valid = false // as heard
	}
	_, err = exec(ctx, tx, `UPDATE comment SET event_s = ?, heard = ?, listed = ?, raw = ?, sessions = ? WHERE id = ?`,
		event, e.c.Body, listed, nullID(e.rawID), sessionsJSON(e.session), k.id)
	if err != nil {
		return err
	}
	if !k.agrees(e.c.Body) {
		if err := askAgain(ctx, tx, e, e.c.Body); err != nil {
			return err
		}
	}
	return s.heardMeaning(ctx, tx, *k, e)
}

func addSession(ctx context.Context, tx *txn, k known, session string) error {
	_, err := exec(ctx, tx, `UPDATE comment SET sessions = ? WHERE id = ?`, sessionsJSON(append(k.sessions, session)...), k.id)
	return err
}

// insertComment stores a comment that no row stands for, with its meaning.
func (s *Store) insertComment(ctx context.Context, tx *txn, e entry) error {
	level, err := levelJSON(e.c)
	if err != nil {
		return err
	}
	var event, gerrit, nth, heard, listed any
	if e.via == ViaStream {
		event, heard, level = e.c.EventTime.Unix(), e.c.Body, nil
	} else {
		gerrit, nth = e.c.GerritTime.Unix(), e.nth
		if !e.c.Bare {
			listed = e.c.Body
		}
	}
	m := meaningOf(e.c, e.via)
	id, err := insert(ctx, tx, `INSERT INTO comment (change, author, event_s, gerrit_s, nth, message_id, raw, sessions, patchset, tag,
			head, heard, listed, level, guess, kind, weight, parser, via, own_ms, first_seen_ms)
		VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)`,
		e.change, e.author, event, gerrit, nth, nullText(e.c.MessageID), nullID(e.rawID), sessionsJSON(e.session), patchset(e.c), e.c.Tag,
		head(e.c.Body, maxHead), heard, listed, level, flag(m.guess), string(e.c.Parsed.Kind), m.weight, cicomment.ParserVersion, e.via,
		ms(own(e.c)), ms(s.orNow(e.c.FirstSeen)))
	if err != nil {
		return fmt.Errorf("comment: %w", err)
	}
	return s.apply(ctx, tx, id, e)
}

// own is the comment's time on our clock; without one, Gerrit's must do.
func own(c Comment) time.Time {
	switch {
	case !c.Own.IsZero():
		return c.Own
	case !c.EventTime.IsZero():
		return c.EventTime
	}
	return c.GerritTime
}

func patchset(c Comment) int {
	if c.Patchset != 0 {
		return c.Patchset
	}
	return c.Parsed.Patchset
}

// levelJSON are a list's patchset-level texts; NULL while nobody asked for them.
func levelJSON(c Comment) (any, error) {
	switch {
	case len(c.PatchsetLevel) == 0 && c.Whole:
		return "[]", nil
	case len(c.PatchsetLevel) == 0:
		return nil, nil
	}
	b, err := json.Marshal(c.PatchsetLevel)
	return string(b), err
}

func sessionsJSON(sessions ...string) string {
	if len(sessions) == 1 && sessions[0] == "" {
		return "[]"
	}
	b, err := json.Marshal(sessions)
	if err != nil { // strings always marshal
		return "[]"
	}
	return string(b)
}

func nullText(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func nullID(id int64) any {
	if id == 0 {
		return nil
	}
	return id
}
