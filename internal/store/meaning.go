package store

import (
	"context"
	"fmt"
	"slices"

	"github.com/recheckbot/recheckbot/internal/cicomment"
)

// meaning is how much a text says of a comment. guess: it rests only on
// patchset-level words that a query joined with the comment by order, since it
// shows neither their time nor their id; the stream or REST knows better.
type meaning struct {
	weight int
	guess  bool
}

// The weights: a comment's two texts may say different things, and the one
// that says more decides, once.
const (
	weightCI      = 5
	weightRecheck = 10
	weightReport  = 100
)

func meaningOf(c Comment, via string) meaning {
	m := meaning{weight: weight(c.Parsed)}
	if via == ViaQuery && m.weight > 0 && len(c.PatchsetLevel) > 0 {
		words, _ := ownWords(c.Body)
		m.guess = words == ""
	}
	return m
}

func weight(p cicomment.Parsed) int {
	switch {
	case p.Kind == cicomment.KindReport:
		return weightReport
	case p.Kind == cicomment.KindRecheck && p.Recheck != nil:
		return weightRecheck + recheckWeight(p.Recheck.Kind)
	case p.Kind == cicomment.KindOther || p.Kind == "":
		return 0
	}
	return weightCI
}

func recheckWeight(k cicomment.RecheckKind) int {
	switch k {
	case cicomment.RecheckBug:
		return 3
	case cicomment.RecheckReason:
		return 2
	case cicomment.RecheckNoBug:
		return 1
	}
	return 0
}

// heardMeaning takes the stream's text of a listed row into account.
func (s *Store) heardMeaning(ctx context.Context, tx *txn, k known, e entry) error {
	if k.guess && !said(e.c.Body, k.level) {
		if err := retract(ctx, tx, k.id); err != nil {
			return err
		}
		k.weight = 0
	}
	if k.guess {
		if _, err := exec(ctx, tx, `UPDATE comment SET guess = 0 WHERE id = ?`, k.id); err != nil {
			return err
		}
	}
	return s.enrich(ctx, tx, k, e, meaningOf(e.c, e.via))
}

// listedMeaning takes the list's text of a known row into account.
func (s *Store) listedMeaning(ctx context.Context, tx *txn, j match) error {
	k, e := j.row, j.e
	m := meaningOf(e.c, e.via)
	switch {
	case k.heard.Valid && m.guess && !said(k.heard.String, e.c.PatchsetLevel):
		return nil // another comment's words
	case k.heard.Valid:
		m.guess = false // the stream agrees
	case k.guess && (len(e.c.PatchsetLevel) > 0 || e.via == ViaREST || j.dealt) && !slices.Equal(k.level, e.c.PatchsetLevel):
		if err := retract(ctx, tx, k.id); err != nil {
			return err
		}
		k.weight = 0
	}
	return s.enrich(ctx, tx, k, e, m)
}

// enrich gives a row the meaning of a second text when that says more.
func (s *Store) enrich(ctx context.Context, tx *txn, k known, e entry, m meaning) error {
	if m.weight <= k.weight {
		return s.complement(ctx, tx, k.id, e)
	}
	_, err := exec(ctx, tx, `UPDATE comment SET kind = ?, weight = ?, guess = ?, parser = ? WHERE id = ?`,
		string(e.c.Parsed.Kind), m.weight, flag(m.guess), cicomment.ParserVersion, k.id)
	if err != nil {
		return err
	}
	return s.apply(ctx, tx, k.id, e)
}

// complement takes what a second text adds without saying more: REST's tag
// names the pipeline, and our own reference proves a review.
func (s *Store) complement(ctx context.Context, tx *txn, id int64, e entry) error {
	p := e.c.Parsed
	if p.Role == cicomment.RoleUs && p.Ref != "" {
		_, err := s.proveRef(ctx, tx, p.Ref, proofOf(id))
		return err
	}
	if p.Kind != cicomment.KindReport || p.Pipeline == "" {
		return nil
	}
	buildset, ok, err := lookupID(ctx, tx, `SELECT buildset FROM report WHERE comment = ?`, id)
	if err != nil || !ok {
		return err
	}
	return s.learnPipeline(ctx, tx, buildset, p.Pipeline)
}

// apply brings about what a comment means.
func (s *Store) apply(ctx context.Context, tx *txn, id int64, e entry) error {
	p := e.c.Parsed
	switch {
	case p.Role == cicomment.RoleUs && p.Ref != "":
		_, err := s.proveRef(ctx, tx, p.Ref, proofOf(id))
		return err
	case p.Kind == cicomment.KindReport:
		old, err := isOld(ctx, tx, e)
		if err != nil {
			return err
		}
		return s.addReport(ctx, tx, id, e, old)
	case p.Kind == cicomment.KindRecheck && p.Recheck != nil:
		old, err := isOld(ctx, tx, e)
		if err != nil {
			return err
		}
		return s.addRecheck(ctx, tx, id, e, old)
	}
	return nil
}

func proofOf(comment int64) string { return fmt.Sprintf("comment:%d", comment) }

// isOld says why a comment is evidence but no news, such as that it is from
// before the first start; "" if it is news. What the stream brings is live,
// whatever the clocks say.
func isOld(ctx context.Context, tx *txn, e entry) (string, error) {
	if e.via == ViaStream || e.c.Quiet != "" {
		return e.c.Quiet, nil
	}
	before, err := beforeBegin(ctx, tx, own(e.c))
	if before {
		return whyOld, err
	}
	return "", err
}

const whyOld = "from before the first start"

// retract takes back a recheck that rested on another comment's words.
func retract(ctx context.Context, tx *txn, id int64) error {
	bugs, err := collect(ctx, tx, scanInt, `SELECT bug FROM recheck_bug WHERE comment = ?`, id)
	if err != nil {
		return err
	}
	if _, err := exec(ctx, tx, `DELETE FROM recheck WHERE comment = ?`, id); err != nil {
		return err
	}
	for _, bug := range bugs {
		_, err := exec(ctx, tx, `DELETE FROM queue WHERE bug = ?1 AND state = 'open'
			AND NOT EXISTS (SELECT 1 FROM recheck_bug n JOIN recheck r ON r.comment = n.comment WHERE n.bug = ?1 AND NOT r.by_bot)`, bug)
		if err != nil {
			return err
		}
	}
	_, err = exec(ctx, tx, `UPDATE comment SET kind = ?, weight = 0, guess = 0 WHERE id = ? AND kind = ?`,
		string(cicomment.KindOther), id, string(cicomment.KindRecheck))
	return err
}
