package handlers

import (
	"context"
	"fmt"
	"time"

	"github.com/recheckbot/recheckbot/gerritstream"
)

// Lister is what reading Gerrit's lists of changes needs of Gerrit.
type Lister interface {
	Each(ctx context.Context, q gerritstream.Query, f func(gerritstream.Row, error) error) (more bool, err error)
}

// The windows of time in which Gerrit is asked. Gerrit keeps whole seconds.
const (
	firstWindow = time.Hour
	leastWindow = time.Second
	mostWindow  = 7 * 24 * time.Hour
	mostPages   = 1000 // of one window; beyond it something is wrong with the answer
)

// walk reads every change that was updated at or after some time, in windows of
// time and from the oldest on. A change that is updated meanwhile moves to a
// later window, which is still to come; with --start over all of them it would
// push others past the reader. All times are on Gerrit's clock.
type walk struct {
	gerrit Lister
	where  string        // further conditions of the query
	limit  int           // changes of one answer
	pace   time.Duration // between two questions
	size   time.Duration // of the first window; 0: firstWindow
	now    func() time.Time

	each func(ctx context.Context, row gerritstream.Row, bad error) error // its error ends the walk
	done func(ctx context.Context, upTo time.Time) error                  // everything before has been given to each
}

// run walks from then until now and says when the newest window was asked for.
func (w walk) run(ctx context.Context, from time.Time) (asked time.Time, err error) {
	from = from.Truncate(time.Second)
	size := w.size
	if size < leastWindow {
		size = firstWindow
	}
	for first := true; ; first = false {
		if !first {
			pause(ctx, nil, w.pace)
		}
		beat(ctx)
		if ctx.Err() != nil {
			return asked, ctx.Err()
		}
		asked = w.now()
		to := from.Add(size)
		newest := !to.Before(asked.Truncate(time.Second))
		n, more, err := w.window(ctx, w.query(from, to, newest))
		if err != nil {
			return asked, err
		}
		if span := min(size, max(asked.Sub(from), leastWindow)); more && span > leastWindow {
			size = max((span / 2).Truncate(time.Second), leastWindow) // asked again, in halves
			continue
		}
		if more {
			if err := w.pages(ctx, w.query(from, to, newest)); err != nil {
				return asked, err
			}
		}
		if newest {
			to = asked
		}
		if err := w.done(ctx, to); err != nil || newest {
			return asked, err
		}
		if from = to; n < max(w.limit/4, 1) {
			size = min(2*size, mostWindow)
		}
	}
}

// query asks for one window. Its end is a second late, whether a server counts
// the second itself in or not; the newest has none, whatever Gerrit's clock is.
func (w walk) query(from, to time.Time, newest bool) gerritstream.Query {
	// Braces quote in Gerrit's query language and mean nothing to its shell.
	const form = "2006-01-02 15:04:05 -0700"
	text := "after:{" + from.UTC().Format(form) + "}"
	if !newest {
		text += " before:{" + to.Add(time.Second).UTC().Format(form) + "}"
	}
	if w.where != "" {
		text += " (" + w.where + ")"
	}
	return gerritstream.Query{Text: text, Limit: w.limit, Comments: true}
}

// window reads one answer.
func (w walk) window(ctx context.Context, q gerritstream.Query) (n int, more bool, err error) {
	more, err = w.gerrit.Each(ctx, q, func(row gerritstream.Row, bad error) error {
		n++
		return w.each(ctx, row, bad)
	})
	return n, more, err
}

// pages reads a window that cannot be halved any more: so many changes were
// updated within one second. Those that are updated meanwhile leave it, which
// moves the others forward; so pages overlap, and it is read twice.
func (w walk) pages(ctx context.Context, q gerritstream.Query) error {
	for range 2 {
		q.Start = 0
		for page := 0; ; page++ {
			if page == mostPages {
				return fmt.Errorf("more than %d pages of changes of one second", mostPages)
			}
			n, more, err := w.window(ctx, q)
			if err != nil {
				return err
			}
			if !more || n == 0 {
				break
			}
			q.Start += max(n/2, 1)
			pause(ctx, nil, w.pace)
		}
	}
	return nil
}
