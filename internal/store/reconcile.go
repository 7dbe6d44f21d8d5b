package store

import (
	"context"
	"fmt"

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
	all, err := s.matches(ctx, tx, change, list)
	if err != nil {
		return r, err
	}
	var book book
	for parted := true; parted; {
		if book, err = s.find(ctx, tx, change, all); err != nil {
			return r, err
		}
		redeal(all, true)
		if parted, err = s.part(ctx, tx, all); err != nil {
			return r, err
		}
		r.Again += int(flag(parted))
	}
	partners(book, all)
	redeal(all, false)
	for _, m := range all {
		if !m.found {
			continue
		}
		if m.row.wordless(m.e) {
			r.Wordless++
		}
		if err := s.refresh(ctx, tx, m); err != nil {
			return r, fmt.Errorf("comment %d: %w", m.row.id, err)
		}
	}
	return s.join(ctx, tx, book, all, r)
}

// find finds the rows that stand for listed comments.
func (s *Store) find(ctx context.Context, tx *txn, change int64, all []match) (book, error) {
	rows, err := collect(ctx, tx, scanKnown, `SELECT `+knownColumns+` FROM comment WHERE change = ? ORDER BY coalesce(event_s, gerrit_s), id`, change)
	if err != nil {
		return book{}, err
	}
	b := newBook(rows)
	for i := range all {
		all[i].row, all[i].found = b.find(all[i].e)
	}
	return b, nil
}

// wordless reports whether a listed comment counts texts that nobody showed.
func (k known) wordless(e entry) bool {
	if k.heard.Valid || k.event.Valid || k.whole || e.c.Whole || len(e.c.PatchsetLevel) > 0 {
		return false
	}
	return opens(e.c.Body)
}

// matches gives each listed comment its author and its place.
func (s *Store) matches(ctx context.Context, tx *txn, change int64, list []Comment) ([]match, error) {
	out := make([]match, 0, len(list))
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
		out = append(out, match{e: entry{change: change, author: a, via: via, nth: count[at], c: c}, texts: c.PatchsetLevel})
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
