package store

import (
	"context"
	"fmt"
)

// ingestTurn is how many lines are ingested before those are let through that
// the stream waits to store; some milliseconds.
const ingestTurn = 100

// Ingest stores what a batch of events said: accounts, changes, comments and
// what comments bring about, and marks the raw lines done. It is one
// transaction, or several when lines wait to be stored meanwhile: Gerrit drops
// the events of a reader that is slow, so that these go first. An event whose
// raw line is done already is skipped.
func (s *Store) Ingest(ctx context.Context, batch []Heard) error {
	for len(batch) > 0 {
		n, err := s.ingestUntilWanted(ctx, batch)
		if err != nil {
			return err
		}
		batch = batch[n:]
	}
	return nil
}

// ingestUntilWanted ingests at least a turn, and all of the batch while no line
// waits to be stored; it says how many events that were.
func (s *Store) ingestUntilWanted(ctx context.Context, batch []Heard) (n int, err error) {
	err = s.update(ctx, "ingest from raw line", batch[0].RawID, func(tx *txn) error {
		for n == 0 || n < len(batch) && s.appending.Load() == 0 {
			turn := batch[n:min(n+ingestTurn, len(batch))]
			if err := s.ingestAll(ctx, tx, turn); err != nil {
				return err
			}
			n += len(turn)
		}
		return nil
	})
	return n, err
}

func (s *Store) ingestAll(ctx context.Context, tx *txn, turn []Heard) error {
	sessions, err := s.takeRaws(ctx, tx, turn)
	if err != nil {
		return err
	}
	all := make([]arrival, len(turn))
	for i, h := range turn {
		if all[i], err = s.arrive(ctx, tx, h, sessions); err != nil {
			return fmt.Errorf("raw line %d: %w", h.RawID, err)
		}
	}
	if err := findNew(ctx, tx, all); err != nil {
		return err
	}
	for _, a := range all {
		if err := s.ingest(ctx, tx, a); err != nil {
			return fmt.Errorf("raw line %d, change %d: %w", a.RawID, a.Change.Number, err)
		}
	}
	return nil
}

// arrival is an event that is to be ingested.
type arrival struct {
	Heard
	skip    bool // its line is done already, or it is about no change
	session string
	author  int64 // of its comment, if it has one
	fresh   bool  // no row can stand for its comment
}

// arrive finds the line's session and the comment's author.
func (s *Store) arrive(ctx context.Context, tx *txn, h Heard, sessions map[int64]string) (arrival, error) {
	session, there := sessions[h.RawID]
	delete(sessions, h.RawID) // a line that stands twice in a batch is one
	a := arrival{Heard: h, session: session, skip: h.RawID != 0 && !there || h.Change.Number == 0}
	if a.skip || h.Comment == nil {
		return a, nil
	}
	var err error
	a.author, err = s.author(ctx, tx, *h.Comment)
	return a, err
}

// findNew finds the comments that no row can stand for: neither one that is
// there nor one that an event before it in the turn may bring. To ask for all
// at once costs much less than to ask for each.
func findNew(ctx context.Context, tx *txn, all []arrival) error {
	type pair struct{ change, author int64 }
	seen := map[pair]bool{}
	ask := []byte("[")
	for i, a := range all {
		if a.skip || a.Comment == nil {
			continue
		}
		p := pair{a.Change.Number, a.author}
		all[i].fresh = !seen[p]
		seen[p] = true
		if all[i].fresh {
			ask = fmt.Appendf(ask, "[%d,%d,%d,%d],", i, p.change, p.author, a.Comment.EventTime.Unix())
		}
	}
	if len(seen) == 0 {
		return nil
	}
	ask[len(ask)-1] = ']'
	stand, err := collect(ctx, tx, scanInt, `SELECT value ->> 0 FROM json_each(?) WHERE EXISTS (SELECT 1 FROM comment
		WHERE change = value ->> 1 AND author = value ->> 2 AND (event_s IS NULL OR event_s = value ->> 3))`, string(ask))
	for _, i := range stand {
		all[i].fresh = false
	}
	return err
}
