package store

import (
	"context"
	"fmt"
	"slices"
)

// join joins what is new in the list with provisional rows and ingests the
// rest, in the list's order.
func (s *Store) join(ctx context.Context, tx *txn, b book, all []match, r Reconciled) (Reconciled, error) {
	var err error
	for _, m := range all {
		if m.found {
			continue
		}
		if m.e.nth, err = freePlace(b, m.e); err != nil {
			return r, err
		}
		if m.partner {
			r.Joined++
			err = s.settle(ctx, tx, m)
		} else {
			r.New++
			if (known{}).wordless(m.e) {
				r.Wordless++
			}
			err = s.insertComment(ctx, tx, m.e)
		}
		if err != nil {
			return r, err
		}
		b.byPlace[place{m.e.author, m.e.c.GerritTime.Unix(), m.e.nth}] = m.row
	}
	return r, nil
}

// partners gives what is new in the list, author by author, its provisional row.
func partners(b book, all []match) {
	byAuthor := map[int64][]int{}
	for i, m := range all {
		if !m.found {
			byAuthor[m.e.author] = append(byAuthor[m.e.author], i)
		}
	}
	for author, indexes := range byAuthor {
		rows := b.provisional[author]
		if len(rows) == 0 {
			continue // most of a backfill: their words need not be looked at
		}
		var listed, heard []span
		for _, i := range indexes {
			listed = append(listed, all[i].e.span())
		}
		for _, k := range rows {
			heard = append(heard, span{k.event.Int64, k.heard, nil})
		}
		for _, p := range joins(listed, heard) {
			m := &all[indexes[p.listed]]
			m.row, m.partner = rows[p.heard], true
		}
	}
}

// freePlace is the entry's own place, or the next free one of its second when
// REST and query did not agree on the order.
func freePlace(b book, e entry) (int64, error) {
	for nth := e.nth; nth < e.nth+maxSameSecond; nth++ {
		if _, taken := b.byPlace[place{e.author, e.c.GerritTime.Unix(), nth}]; !taken {
			return nth, nil
		}
	}
	return 0, fmt.Errorf("over %d comments of one account in one second", maxSameSecond)
}

const maxSameSecond = 10_000

// settle makes a provisional row a listed one.
func (s *Store) settle(ctx context.Context, tx *txn, m match) error {
	k, e := m.row, m.e
	level, err := levelJSON(e.c)
	if err != nil {
		return err
	}
	listed := any(e.c.Body)
	if k.heard.String == e.c.Body {
		listed = nil // as heard
	}
	_, err = exec(ctx, tx, `UPDATE comment SET gerrit_s = ?, nth = ?, message_id = ?, listed = ?, level = ?,
			tag = CASE WHEN ?6 = '' THEN tag ELSE ?6 END, patchset = CASE WHEN patchset = 0 THEN ?7 ELSE patchset END WHERE id = ?8`,
		e.c.GerritTime.Unix(), e.nth, nullText(e.c.MessageID), listed, level, e.c.Tag, patchset(e.c), k.id)
	if err != nil {
		return fmt.Errorf("comment %d: %w", k.id, err)
	}
	return s.listedMeaning(ctx, tx, m)
}

// refresh takes what a later list knows more of a row: REST's id and tag, and
// patchset-level texts.
func (s *Store) refresh(ctx context.Context, tx *txn, m match) error {
	k, e := m.row, m.e
	level, err := levelJSON(e.c)
	if err != nil {
		return err
	}
	if len(e.c.PatchsetLevel) == 0 && k.whole && !m.dealt {
		level = nil // a list that puts the texts elsewhere does not take these away
	}
	if e.c.Tag == "" && (e.c.MessageID == "" || k.messageID.Valid) && (level == nil || k.whole && slices.Equal(k.level, e.c.PatchsetLevel)) {
		return s.listedMeaning(ctx, tx, m)
	}
	_, err = exec(ctx, tx, `UPDATE comment SET message_id = coalesce(message_id, ?1), level = coalesce(?2, level),
			tag = CASE WHEN ?3 = '' THEN tag ELSE ?3 END WHERE id = ?4`, nullText(e.c.MessageID), level, e.c.Tag, k.id)
	if err != nil {
		return err
	}
	return s.listedMeaning(ctx, tx, m)
}

// ingestListed stores one comment that a list showed, apart from the list: its
// place is not known, so an equal text of the same second is the same comment.
func (s *Store) ingestListed(ctx context.Context, tx *txn, e entry) error {
	rows, err := collect(ctx, tx, scanKnown, `SELECT `+knownColumns+` FROM comment WHERE change = ? AND author = ? ORDER BY coalesce(event_s, gerrit_s), id`,
		e.change, e.author)
	if err != nil {
		return err
	}
	b := newBook(rows)
	if k, ok := b.byID[e.c.MessageID]; ok && e.c.MessageID != "" {
		return s.refresh(ctx, tx, match{e: e, row: k, found: true})
	}
	for _, k := range rows {
		if k.gerrit.Valid && k.gerrit.Int64 == e.c.GerritTime.Unix() && k.listText().String == e.c.Body &&
			(e.c.MessageID == "" || !k.messageID.Valid) {
			return s.refresh(ctx, tx, match{e: e, row: k, found: true})
		}
	}
	all := []match{{e: e}}
	partners(b, all)
	_, err = s.join(ctx, tx, b, all, Reconciled{})
	return err
}
