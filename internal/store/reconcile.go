package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"github.com/recheckbot/recheckbot/internal/ci"
	"github.com/recheckbot/recheckbot/internal/cicomment"
)

// Reconcile joins what is known of a change with Gerrit's own list of its
// comments, oldest first; it may begin later than the change, at a whole second
// (a comment is an event, not a text). Rows that the list showed before are
// found by message id, else by author, second and order; provisional rows are
// joined with what is new in the list; the rest is ingested as new. Doing it
// again changes nothing.
func (s *Store) Reconcile(ctx context.Context, change ci.Change, list []Comment) (r Reconciled, err error) {
	err = s.update(ctx, "reconcile change", change.Number, func(tx *txn) error {
		r, err = s.reconcileChange(ctx, tx, change, list)
		return err
	})
	return r, err
}

// Listed is a change with its comments as Gerrit lists them.
type Listed struct {
	Change   ci.Change
	Comments []Comment
}

// ReconcileAll is Reconcile for many changes in one transaction.
func (s *Store) ReconcileAll(ctx context.Context, all []Listed) (out []Reconciled, err error) {
	if len(all) == 0 {
		return nil, nil
	}
	err = s.update(ctx, "reconcile changes from", all[0].Change.Number, func(tx *txn) error {
		out = make([]Reconciled, len(all))
		for i, l := range all {
			if out[i], err = s.reconcileChange(ctx, tx, l.Change, l.Comments); err != nil {
				return fmt.Errorf("change %d: %w", l.Change.Number, err)
			}
		}
		return nil
	})
	return out, err
}

func (s *Store) reconcileChange(ctx context.Context, tx *txn, change ci.Change, list []Comment) (r Reconciled, err error) {
	for _, c := range list {
		change.Current = max(change.Current, patchset(c))
	}
	if err := saveChange(ctx, tx, change, ViaQuery); err != nil {
		return r, fmt.Errorf("change: %w", err)
	}
	if r, err = s.reconcile(ctx, tx, change.Number, list); err != nil {
		return r, err
	}
	_, err = exec(ctx, tx, `UPDATE change SET reconciled_s = ? WHERE number = ?`, seconds(s.now()), change.Number)
	return r, err
}

// place is where a listed comment stands in Gerrit's order; REST and query
// agree on it.
type place struct{ author, second, nth int64 }

func (s *Store) reconcile(ctx context.Context, tx *txn, change int64, list []Comment) (r Reconciled, err error) {
	rows, err := collect(ctx, tx, scanKnown, `SELECT `+knownColumns+` FROM comment WHERE change = ? ORDER BY coalesce(event_s, gerrit_s), id`, change)
	if err != nil {
		return r, err
	}
	book := newBook(rows)
	entries, err := s.entries(ctx, tx, change, list)
	if err != nil {
		return r, err
	}
	var fresh []entry
	for _, e := range entries {
		k, ok := book.find(e)
		if ok && k.wordless(e) {
			r.Wordless++
		}
		if !ok {
			fresh = append(fresh, e)
			continue
		}
		if err := s.refresh(ctx, tx, k, e); err != nil {
			return r, fmt.Errorf("comment %d: %w", k.id, err)
		}
	}
	return s.join(ctx, tx, book, fresh, r)
}

// wordless reports whether a listed comment counts texts that nobody showed.
func (k known) wordless(e entry) bool {
	if k.heard.Valid || k.event.Valid || k.whole || e.c.Whole || len(e.c.PatchsetLevel) > 0 {
		return false
	}
	return opens(e.c.Body)
}

// entries gives each listed comment its author and its place.
func (s *Store) entries(ctx context.Context, tx *txn, change int64, list []Comment) ([]entry, error) {
	var out []entry
	count := map[place]int64{}
	type who struct {
		ci.Account
		cicomment.Role
	}
	authors := map[who]int64{}
	for _, c := range list {
		a, seen := authors[who{c.Author, c.Parsed.Role}]
		if !seen {
			var err error
			if a, err = s.author(ctx, tx, c); err != nil {
				return nil, err
			}
			authors[who{c.Author, c.Parsed.Role}] = a
		}
		at := place{author: a, second: c.GerritTime.Unix()}
		via := ViaQuery
		if c.MessageID != "" {
			via = ViaREST
		}
		out = append(out, entry{change: change, author: a, via: via, nth: count[at], c: c})
		count[at]++
	}
	return out, nil
}

// book finds the rows of a change.
type book struct {
	byID        map[string]known
	byPlace     map[place]known
	provisional map[int64][]known // by author, in the order heard
}

func newBook(rows []known) book {
	b := book{map[string]known{}, map[place]known{}, map[int64][]known{}}
	for _, k := range rows {
		if !k.gerrit.Valid {
			b.provisional[k.author] = append(b.provisional[k.author], k)
			continue
		}
		b.byPlace[place{k.author, k.gerrit.Int64, k.nth.Int64}] = k
		if k.messageID.Valid {
			b.byID[k.messageID.String] = k
		}
	}
	return b
}

// find is the row that stands for a listed comment. Two message ids that
// differ are two comments, wherever they stand.
func (b book) find(e entry) (known, bool) {
	if k, ok := b.byID[e.c.MessageID]; ok && e.c.MessageID != "" {
		return k, true
	}
	k, ok := b.byPlace[place{e.author, e.c.GerritTime.Unix(), e.nth}]
	if ok && e.c.MessageID != "" && k.messageID.Valid {
		return known{}, false
	}
	return k, ok
}

// join joins what is new in the list with provisional rows and ingests the
// rest, in the list's order.
func (s *Store) join(ctx context.Context, tx *txn, b book, fresh []entry, r Reconciled) (Reconciled, error) {
	var err error
	partner := partners(b, fresh)
	for i, e := range fresh {
		if e.nth, err = freePlace(b, e); err != nil {
			return r, err
		}
		k, ok := partner[i]
		if ok {
			r.Joined++
			err = s.settle(ctx, tx, k, e)
		} else {
			r.New++
			if (known{}).wordless(e) {
				r.Wordless++
			}
			err = s.insertComment(ctx, tx, e)
		}
		if err != nil {
			return r, err
		}
		b.byPlace[place{e.author, e.c.GerritTime.Unix(), e.nth}] = k
	}
	return r, nil
}

// partners aligns, author by author, and maps an index of fresh to its row.
func partners(b book, fresh []entry) map[int]known {
	out := map[int]known{}
	byAuthor := map[int64][]int{}
	for i, e := range fresh {
		byAuthor[e.author] = append(byAuthor[e.author], i)
	}
	for author, indexes := range byAuthor {
		rows := b.provisional[author]
		var listed, heard []span
		for _, i := range indexes {
			listed = append(listed, span{fresh[i].c.GerritTime.Unix(), sql.NullString{String: fresh[i].c.Body, Valid: true}, fresh[i].c.PatchsetLevel})
		}
		for _, k := range rows {
			heard = append(heard, span{k.event.Int64, k.heard, nil})
		}
		for _, p := range joins(listed, heard) {
			out[indexes[p.listed]] = rows[p.heard]
		}
	}
	return out
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
func (s *Store) settle(ctx context.Context, tx *txn, k known, e entry) error {
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
	return s.listedMeaning(ctx, tx, k, e)
}

// refresh takes what a later list knows more of a row: REST's id and tag, and
// patchset-level texts.
func (s *Store) refresh(ctx context.Context, tx *txn, k known, e entry) error {
	level, err := levelJSON(e.c)
	if err != nil {
		return err
	}
	if len(e.c.PatchsetLevel) == 0 && k.whole {
		level = nil // a list that puts the texts elsewhere does not take these away
	}
	if e.c.Tag == "" && (e.c.MessageID == "" || k.messageID.Valid) && (level == nil || k.whole && slices.Equal(k.level, e.c.PatchsetLevel)) {
		return s.listedMeaning(ctx, tx, k, e)
	}
	_, err = exec(ctx, tx, `UPDATE comment SET message_id = coalesce(message_id, ?1), level = coalesce(?2, level),
			tag = CASE WHEN ?3 = '' THEN tag ELSE ?3 END WHERE id = ?4`, nullText(e.c.MessageID), level, e.c.Tag, k.id)
	if err != nil {
		return err
	}
	return s.listedMeaning(ctx, tx, k, e)
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
		return s.refresh(ctx, tx, k, e)
	}
	for _, k := range rows {
		if k.gerrit.Valid && k.gerrit.Int64 == e.c.GerritTime.Unix() && k.listText().String == e.c.Body &&
			(e.c.MessageID == "" || !k.messageID.Valid) {
			return s.refresh(ctx, tx, k, e)
		}
	}
	_, err = s.join(ctx, tx, b, []entry{e}, Reconciled{})
	return err
}
