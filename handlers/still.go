package handlers

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/recheckbot/recheckbot/internal/store"
)

// StillStore tells what a message speaks of.
type StillStore interface {
	Report(ctx context.Context, id int64) (store.ReportView, error)
	Naming(ctx context.Context, bug int64, limit int) (store.Naming, error)
}

// StillOptions are what Still works with.
type StillOptions struct {
	Store   StillStore
	Changes ChangeAsker
	Silence Silence       // the rules by which it was composed
	Within  time.Duration // of one question, for others wait to be said; 0: 10 s
	Now     func() time.Time
}

// Still looks, just before a message goes out, whether it may still be said:
// hours may lie between, in which Gerrit or IRC was away or a person held it
// back, and the change may have become private, or old. Each who delivers has
// one of his own. The nil Still asks nobody.
type Still struct {
	o    StillOptions
	away outage // of the one who tells how changes are
}

// NewStill makes a Still.
func NewStill(o StillOptions) *Still {
	o.Within, o.Now = cmp.Or(o.Within, 10*time.Second), clock(o.Now)
	return &Still{o: o, away: outage{retry: Retry{First: askAgain, Most: time.Minute}}}
}

// unaskedError says that it is not known now whether a message may be said.
type unaskedError struct {
	until time.Time // when it is worth asking again
	err   error
}

func (e *unaskedError) Error() string {
	return "how the change is now is not known: " + e.err.Error()
}

func (e *unaskedError) Unwrap() error { return e.err }

// why is why the message must not be said any more, or "". Where that cannot be
// found out now the error is an *unaskedError: it has to wait.
func (s *Still) why(ctx context.Context, out store.Out) (string, error) {
	if s == nil {
		return "", nil
	}
	kind, id, ok := subject(out.Cause)
	switch {
	case !ok:
		return "", nil // an answer or an alarm
	case kind == "bug":
		return s.bug(ctx, id)
	}
	v, err := s.o.Store.Report(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return "its report is not there any more", nil
	}
	if err == nil {
		v, err = s.now(ctx, v)
	}
	if err != nil {
		return "", err
	}
	return s.o.Silence.why(v, s.o.Now()), nil
}

// subject reads "report:ID" and "bug:ID:stepN".
func subject(cause string) (kind string, id int64, ok bool) {
	kind, rest, _ := strings.Cut(cause, ":")
	number, _, _ := strings.Cut(rest, ":")
	id, err := strconv.ParseInt(number, 10, 64)
	return kind, id, err == nil && (kind == "report" || kind == "bug")
}

// now is the report with its change as it is now.
func (s *Still) now(ctx context.Context, v store.ReportView) (store.ReportView, error) {
	if until := s.away.until; s.away.lasts(s.o.Now()) {
		return v, &unaskedError{until, errors.New("it could not be told a moment ago")}
	}
	ask, cancel := context.WithTimeout(ctx, s.o.Within)
	defer cancel()
	v, err := asItIs(ask, s.o.Changes, v)
	if err != nil {
		s.away.begin(s.o.Now())
		return v, &unaskedError{s.away.until, err}
	}
	s.away.over()
	return v, nil
}

// mostNamings bounds how many changes are asked for to find one that is not
// private.
const mostNamings = 10

// bug is why an announcement of an untracked bug must not be said any more.
func (s *Still) bug(ctx context.Context, id int64) (string, error) {
	n, err := s.o.Store.Naming(ctx, id, mostNamings)
	switch {
	case err != nil:
		return "", err
	case n.Tracked:
		return "a fingerprint names the bug", nil
	}
	for _, change := range n.Changes {
		var v store.ReportView
		v.Change.Number = change
		if v, err = s.now(ctx, v); err != nil {
			return "", err
		}
		if !v.Change.Private {
			return "", nil
		}
	}
	return "named on private changes only", nil
}

// asItIs is a report with its change as it is now: while the stream was away it
// may have become private, or old. A nil ChangeAsker believes the store.
func asItIs(ctx context.Context, asker ChangeAsker, v store.ReportView) (store.ReportView, error) {
	if asker == nil {
		return v, nil
	}
	is, err := asker.Current(ctx, v.Change.Number)
	if err != nil {
		return v, fmt.Errorf("change %d: %w", v.Change.Number, err)
	}
	v.Change.Private, v.Change.WIP, v.Change.Hashtags = is.Private, is.WIP, is.Hashtags
	v.Change.Status, v.Change.Current = cmp.Or(is.Status, v.Change.Status), max(is.Current, v.Change.Current)
	return v, nil
}
