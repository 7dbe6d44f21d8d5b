package handlers

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/recheckbot/recheckbot/internal/ci"
	"github.com/recheckbot/recheckbot/internal/store"
)

// RecheckStore is what announcing untracked bugs needs of the store.
type RecheckStore interface {
	DueRechecks(ctx context.Context, now time.Time, limit int) ([]store.RecheckedBug, error)
	DecideRechecks(ctx context.Context, ids []int64, why string, out []store.Outgoing) error
	RetryRechecks(ctx context.Context, ids []int64, next time.Time, why string) error
	Bug(ctx context.Context, ref ci.BugRef) (store.BugInfo, error)
	DeadStore
}

// AccountAsker tells of an account, and whether Gerrit tags it as a service
// user.
type AccountAsker interface {
	Account(ctx context.Context, username string) (ci.Account, bool, error)
}

// AnnounceOptions are what the step of announcing works with.
type AnnounceOptions struct {
	Store    RecheckStore
	Accounts AccountAsker  // asked whether those who name a bug are people; nil: all are that the configuration does not know
	Steps    []int         // at how many rechecks by people a bug is announced; nil: DefaultSteps
	Fresh    time.Duration // an older comment announces nothing; 0: 2 h
	Quiet    time.Duration // a bug waits until nobody was heard to name it for so long, as a burst gives one line, also one that is found late; 0: not
	Busy     func() bool   // reports whether a catch-up is finding more just now; nil: it never is
	Channels []Channel
	BugURL   func(ci.BugRef) string // nil: no links to bugs
	Logger   *slog.Logger
	Now      func() time.Time
	Wake     Wake
	Next     []Wake // those that deliver
}

// DefaultSteps are seldom enough to be read each time.
func DefaultSteps() []int { return []int{1, 5, 20, 100, 500, 2000} }

// Announce tells channels of bugs that people name in rechecks and that have no
// fingerprint.
type Announce struct {
	o       AnnounceOptions
	steps   []int
	graves  *graves
	log     *slog.Logger
	trouble *trouble
}

// NewAnnounce makes the step.
func NewAnnounce(o AnnounceOptions) *Announce {
	if o.Steps == nil {
		o.Steps = DefaultSteps()
	}
	if o.BugURL == nil {
		o.BugURL = func(ci.BugRef) string { return "" }
	}
	o.Fresh, o.Now = cmp.Or(o.Fresh, 2*time.Hour), clock(o.Now)
	return &Announce{o: o, steps: slices.Sorted(slices.Values(o.Steps)),
		graves: newGraves(store.StepAnnounce, o.Store, o.Logger, o.Now), log: logger(o.Logger), trouble: newTrouble(o.Logger)}
}

// recheckBatch is how many bugs are decided on before the step looks again.
const recheckBatch = 50

// Run decides on rechecks until ctx ends.
func (a *Announce) Run(ctx context.Context) error {
	return loop{name: "announce", wake: a.o.Wake, every: time.Second, log: a.log}.run(ctx, a.step)
}

// step decides on the rechecks that nobody decided on.
func (a *Announce) step(ctx context.Context) (bool, error) {
	limit := recheckBatch + a.graves.waiting()
	bugs, err := a.o.Store.DueRechecks(ctx, a.o.Now(), limit)
	if err != nil {
		return false, fmt.Errorf("announce: due rechecks: %w", err)
	}
	if len(bugs) > 0 {
		defer wakeAll(a.o.Next)
	}
	for _, b := range bugs {
		if err := a.graves.try(ctx, b.BugID, func(ctx context.Context) error { return a.one(ctx, b) }); err != nil {
			return false, err
		}
	}
	return len(bugs) == limit, nil
}

// one decides on the rechecks of one bug.
func (a *Announce) one(ctx context.Context, b store.RecheckedBug) error {
	now := a.o.Now()
	if a.o.Busy != nil && a.o.Busy() && now.Sub(b.FirstHeard) < busyAtMost {
		return ignoreState(a.o.Store.RetryRechecks(ctx, b.RecheckIDs, now.Add(busyAgain), "a catch-up may find more who name it"))
	}
	if next := a.quietAt(b, now); next.After(now) {
		return ignoreState(a.o.Store.RetryRechecks(ctx, b.RecheckIDs, next, "others may be naming it now"))
	}
	if a.programs(ctx, b) { // what is left of its rechecks is decided on at the next look
		return nil
	}
	step, why := a.crossed(b, now)
	var out []store.Outgoing
	if step > 0 {
		view, err := a.view(ctx, b.Bug)
		if err != nil {
			return err
		}
		if out = a.lines(b, view, step); len(out) == 0 {
			why = "no channel wants it"
		}
	}
	if err := ignoreState(a.o.Store.DecideRechecks(ctx, b.RecheckIDs, why, out)); err != nil {
		return err
	}
	a.log.Info("rechecks decided", "bug", b.Bug, "people", b.People, "why", why, "messages", len(out))
	return nil
}

// A bug that is named while a catch-up goes on waits for its end, but no longer
// than busyAtMost: its number would be wrong, and each step crossed another line.
const (
	busyAtMost = 10 * time.Minute
	busyAgain  = time.Second
)

// programs reports whether some of those who named the bug turned out to be no
// people, such as a CI of another company: the stream does not tell. Where
// Gerrit does not either, they are taken for people.
func (a *Announce) programs(ctx context.Context, b store.RecheckedBug) (found bool) {
	if a.o.Accounts == nil {
		return false
	}
	for _, name := range b.Authors {
		_, service, err := a.o.Accounts.Account(ctx, name)
		if a.trouble.note("accounts", err); err != nil {
			return found
		}
		found = found || service
	}
	return found
}

// atMost is how many times Quiet a bug waits that is named again and again.
const atMost = 10

// quietAt is when nobody was heard to name the bug for a while, or was for too
// long. Comments' own times do not tell that: a catch-up finds a burst one by
// one, long after. A time that is yet to come is a clock that was set, and nothing
// to wait for.
func (a *Announce) quietAt(b store.RecheckedBug, now time.Time) time.Time {
	at := b.Heard.Add(a.o.Quiet)
	if at.After(now.Add(2 * a.o.Quiet)) {
		return now
	}
	return earlier(at, b.FirstHeard.Add(atMost*a.o.Quiet))
}

// crossed is the highest step that the new rechecks crossed, 0 if nothing is to
// be announced, and why. A burst that crosses several steps gives one line, and
// a step is news only while the recheck that crossed it is: rechecks found late
// stand where their own times put them.
func (a *Announce) crossed(b store.RecheckedBug, now time.Time) (int, string) {
	step, old := 0, 0
	for _, s := range a.steps {
		at := s - b.LastStep - 1
		switch {
		case at < 0 || at >= len(b.Crossings):
		case now.Sub(b.Crossings[at]) > a.o.Fresh:
			old = s
		default:
			step = s
		}
	}
	switch {
	case step == 0 && old == 0:
		return 0, fmt.Sprintf("no step crossed at %d rechecks by people", b.People)
	case b.Private:
		return 0, "named on private changes only"
	case step == 0:
		return 0, fmt.Sprintf("step %d crossed more than %s ago", old, a.o.Fresh)
	}
	return step, fmt.Sprintf("step %d", step)
}

// view is what is known of the bug, which may be no more than its name.
func (a *Announce) view(ctx context.Context, ref ci.BugRef) (store.BugView, error) {
	info, err := a.o.Store.Bug(ctx, ref)
	if errors.Is(err, store.ErrNotFound) {
		return store.BugView{BugRef: ref}, nil
	}
	return info.BugView, err
}

// lines is one line for each channel that wants to hear of the bug.
func (a *Announce) lines(b store.RecheckedBug, view store.BugView, step int) []store.Outgoing {
	var out []store.Outgoing
	for _, ch := range a.o.Channels {
		if !ch.wantsBug(b.Project) {
			continue
		}
		out = append(out, store.Outgoing{
			Medium: store.MediumIRC, Target: ch.Name, Body: a.line(b, view),
			Cause: fmt.Sprintf("bug:%d:step%d", b.BugID, step),
			Own:   b.Newest, NotAfter: b.Newest.Add(a.o.Fresh),
		})
	}
	return out
}

// line is the announcement of one bug.
func (a *Announce) line(b store.RecheckedBug, view store.BugView) string {
	head := "untracked bug " + cut(oneLine(strings.TrimPrefix(b.Bug.String(), ci.Launchpad+":")), 80)
	if view.Title != "" && !view.Private {
		head += " " + quoteTitle(view.Title)
	}
	head += fmt.Sprintf(": named in %d %s, no fingerprint yet", b.People, plural(b.People, "recheck"))
	if b.Project != "" {
		head += "; last in " + cut(oneLine(b.Project), 60)
	}
	tail := ""
	if address := oneLine(a.o.BugURL(b.Bug)); address != "" && len(address) < maxIRC/2 {
		tail = " " + address
	}
	return cutBytes(head, maxIRC-len(tail)) + tail
}
