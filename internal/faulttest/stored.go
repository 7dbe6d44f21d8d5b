package main

import (
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"github.com/recheckbot/recheckbot/internal/fake/gerrit"
)

// stored is a comment as the bot has it.
type stored struct {
	author        string
	heard, listed sql.NullString
	at            int64 // Gerrit's second, or the stream's
}

// is reports whether the row may stand for p, being off by so many seconds.
func (s stored) is(p gerrit.Posted, off int64) bool {
	if d := s.at - p.Time.Unix(); s.author != p.Author || d != off && d != -off {
		return false
	}
	return (!s.heard.Valid || s.heard.String == p.Streamed) && (!s.listed.Valid || s.listed.String == p.Shown)
}

// comments: each comment is stored once, with its author, its second and its
// words.
func (a *arena) comments(db *sql.DB) error {
	rows, err := readComments(db)
	if err != nil {
		return err
	}
	var errs []error
	left := a.posts
	for off := range int64(3) { // the nearest first: people say the same within seconds
		left = slices.DeleteFunc(slices.Clone(left), func(p gerrit.Posted) bool {
			i := slices.IndexFunc(rows[p.Change], func(s stored) bool { return s.is(p, off) })
			if i >= 0 {
				rows[p.Change] = slices.Delete(rows[p.Change], i, i+1)
			}
			return i >= 0
		})
	}
	for _, p := range left {
		errs = append(errs, fmt.Errorf("change %d: lost: %s at %d: %.80q", p.Change, p.Author, p.Time.Unix(), p.Shown))
	}
	for change, list := range rows {
		for _, s := range list {
			errs = append(errs, fmt.Errorf("change %d: stored and never posted, or twice: %s at %d: %.80q", change, s.author, s.at, s.heard.String+s.listed.String))
		}
	}
	return few(errs)
}

func readComments(db *sql.DB) (all map[int64][]stored, err error) {
	rows, err := db.Query(`SELECT c.change, a.username, c.heard, c.listed, coalesce(c.gerrit_s, c.event_s)
		FROM comment c JOIN account a ON a.id = c.author WHERE ` + notUpload + ` ORDER BY c.id`)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	all = map[int64][]stored{}
	for rows.Next() {
		var change int64
		var s stored
		if err := rows.Scan(&change, &s.author, &s.heard, &s.listed, &s.at); err != nil {
			return nil, err
		}
		all[change] = append(all[change], s)
	}
	return all, rows.Err()
}

// announced: each line was heard once if it is proven, at most once if it is
// listed as unconfirmed, and there is one for each report of the gate and each
// bug.
func (a *arena) announced(db *sql.DB) (err error) {
	rows, err := db.Query(`SELECT body, min(cause) LIKE 'alarm:%', count(*) FILTER (WHERE state = 'proven'), count(*) FILTER (WHERE state = 'unconfirmed'), count(*)
		FROM outbox WHERE medium = 'irc' GROUP BY body`)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	var errs []error
	lines, unsure, lost := 0, 0, 0
	known := map[string]bool{}
	for rows.Next() {
		var body string
		var alarm bool
		var proven, unconfirmed, all int
		if err := rows.Scan(&body, &alarm, &proven, &unconfirmed, &all); err != nil {
			return err
		}
		known[body] = true
		unsure += unconfirmed
		if !alarm {
			lines += all
		}
		heard := a.heard[body]
		lost += max(0, all-heard)
		if heard < proven || heard > proven+unconfirmed || proven+unconfirmed != all {
			errs = append(errs, fmt.Errorf("line heard %d times, %d rows, %d proven, %d unconfirmed: %s", heard, all, proven, unconfirmed, body))
		}
	}
	for text := range a.heard {
		if !known[text] {
			errs = append(errs, fmt.Errorf("line heard that is in no outbox: %s", text))
		}
	}
	if want := a.bugs + a.lines; lines != want {
		errs = append(errs, fmt.Errorf("%d lines for %d reports of the gate and bugs", lines, want))
	}
	if unsure > a.born {
		errs = append(errs, fmt.Errorf("%d lines unconfirmed in %d lives: at most one is in flight", unsure, a.born))
	}
	a.notes = append(a.notes, fmt.Sprintf("%d lines unconfirmed of which %d were lost", unsure, lost))
	return errors.Join(few(errs), rows.Err())
}
