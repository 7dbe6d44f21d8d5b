package handlers

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/recheckbot/recheckbot/gerritstream"
	"github.com/recheckbot/recheckbot/internal/cicomment"
	"github.com/recheckbot/recheckbot/internal/store"
)

// lists turns the changes of Gerrit's lists into comments of the store.
type lists struct {
	o   CatchupOptions
	log *slog.Logger
	bad map[int64]int // change to how often it failed

	floor, since time.Time // of this pass, on Gerrit's clock
	newest       time.Time // update of a change that was read, on Gerrit's clock
	sum          tally
	errs         []error
	failed       map[int64]bool // in this pass: a change may stand in two windows
}

// tally is what one pass found.
type tally struct{ changes, joined, found int }

func (t tally) String() string {
	return fmt.Sprintf("%d changes read, %d comments found, %d joined", t.changes, t.found, t.joined)
}

func newLists(o CatchupOptions, log *slog.Logger) *lists {
	return &lists{o: o, log: log, bad: map[int64]int{}}
}

// begin begins a pass. Comments from before floor are not ours to know; all
// behind it are taken, for a change may have been missed by the last pass too.
func (l *lists) begin(floor, since time.Time) {
	l.floor, l.since, l.newest, l.sum, l.errs = floor, since, time.Time{}, tally{}, nil
	l.failed = map[int64]bool{}
}

// failing reports whether a change is to be read again.
func (l *lists) failing() bool { return len(l.errs) > 0 }

// ended is the error of the pass: err, or those of its changes.
func (l *lists) ended(err error) error {
	if err != nil {
		return err
	}
	return errors.Join(l.errs...)
}

// patience is how often one change may fail before it is left out: for ever it
// would keep every gap open.
const patience = 5

// row reads one change. One that fails keeps the others from nothing; it is
// given up after several failures, which is counted aloud.
func (l *lists) row(ctx context.Context, row gerritstream.Row, bad error) error {
	beat(ctx)
	number, err := l.read(ctx, row, bad)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err == nil {
		delete(l.bad, number)
		return nil
	}
	if isFault(err) || errors.Is(err, gerritstream.ErrNotSent) { // not this change's fault: the database's, or Gerrit is away
		return err
	}
	if l.failed[number] {
		return nil
	}
	l.failed[number] = true
	if l.bad[number]++; l.bad[number] < patience {
		l.errs = append(l.errs, fmt.Errorf("change %d: %w", number, err))
		return nil
	}
	delete(l.bad, number)
	l.log.Error("change left out of catching up", "change", number, "tries", patience, "error", err)
	return l.o.Store.Bury(ctx, store.StepCatchup, number, err.Error(), patience)
}

func (l *lists) read(ctx context.Context, row gerritstream.Row, bad error) (int64, error) {
	if long, ok := errors.AsType[*gerritstream.TooLongError](bad); ok {
		return long.Change, bad
	}
	if bad != nil {
		return 0, bad
	}
	change, err := row.Change()
	if err != nil {
		return 0, err
	}
	l.newest = later(l.newest, change.Updated)
	return change.Number, l.change(ctx, change)
}

// change reconciles one change if it has comments since the pass's beginning.
// Texts that a list does not show are asked for where no line of the stream
// brought them.
func (l *lists) change(ctx context.Context, change gerritstream.QueriedChange) error {
	if len(recent(change.Comments, l.since)) == 0 {
		return nil
	}
	list := recent(change.Comments, l.floor)
	done, err := l.o.Store.Reconcile(ctx, change.Change, l.comments(list, false))
	if err != nil {
		return err
	}
	l.sum.changes++
	l.sum.joined += done.Joined
	l.sum.found += done.New
	if done.Wordless == 0 && !l.wantsTag(list) {
		return nil
	}
	all, err := l.o.Gerrit.Messages(ctx, change.Number)
	if _, gone := errors.AsType[*gerritstream.NotFoundError](err); gone {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = l.o.Store.Reconcile(ctx, change.Change, l.comments(recent(all, l.floor), true))
	return err
}

// wantsTag reports whether a recent report names neither its pipeline nor a
// buildset that the CI could be asked for; its tag, which REST shows, does.
func (l *lists) wantsTag(list []gerritstream.Comment) bool {
	return l.o.Tags && slices.ContainsFunc(recent(list, l.since), func(m gerritstream.Comment) bool {
		p := l.parse(m)
		return p.Kind == cicomment.KindReport && p.Pipeline == "" && p.BuildsetUUID == ""
	})
}

// recent are the comments since then; the list is oldest first. The border is a
// whole second, so that equal comments of one second stay together.
func recent(list []gerritstream.Comment, since time.Time) []gerritstream.Comment {
	since = since.Truncate(time.Second)
	i := slices.IndexFunc(list, func(m gerritstream.Comment) bool { return !m.Time.Before(since) })
	if i < 0 {
		return nil
	}
	return list[i:]
}

func (l *lists) parse(m gerritstream.Comment) cicomment.Parsed { return parseListed(l.o.Rules, m) }

func parseListed(rules cicomment.Rules, m gerritstream.Comment) cicomment.Parsed {
	return rules.Parse(cicomment.Input{
		Comment: m.Message, Tag: m.Tag, Author: m.Author, PatchsetLevel: m.PatchsetLevel, ServiceUser: m.ServiceUser,
	})
}

// listedComment is a comment of Gerrit's list as the store takes it, with its
// meaning.
func listedComment(rules cicomment.Rules, m gerritstream.Comment) store.Comment {
	parsed := parseListed(rules, m)
	c := store.Comment{
		Author: m.Author, GerritTime: m.Time, MessageID: m.MessageID, Tag: m.Tag, Body: m.Message,
		PatchsetLevel: m.PatchsetLevel, Patchset: cmp.Or(parsed.Patchset, m.Patchset), Parsed: parsed,
	}
	if m.Unsure {
		unsure := m // so that the others' need not outlive this
		c.Read = func(level []string) cicomment.Parsed {
			other := unsure
			other.PatchsetLevel = level
			return parseListed(rules, other)
		}
	}
	return c
}

// comments turns Gerrit's list into the store's comments. whole: patchset-level
// texts were asked for too.
func (l *lists) comments(list []gerritstream.Comment, whole bool) []store.Comment {
	out, now := make([]store.Comment, len(list)), l.o.Now()
	for i, m := range list {
		c := listedComment(l.o.Rules, m)
		c.Whole, c.FirstSeen = whole, now
		c.Own = earlier(l.o.Offset.Own(m.Time), now) // nothing is from the future
		out[i] = c
	}
	return out
}
