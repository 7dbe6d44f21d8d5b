package handlers

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/recheckbot/recheckbot/internal/ci"
	"github.com/recheckbot/recheckbot/internal/tracker"
)

// TitleStore is what looking up titles needs of the store.
type TitleStore interface {
	TitleWanted(ctx context.Context, now time.Time, limit int) ([]ci.BugRef, error)
	SaveTitle(ctx context.Context, ref ci.BugRef, title, status string, private bool, at time.Time) error
}

// Tracker knows bugs.
type Tracker interface {
	Title(ctx context.Context, ref ci.BugRef) (tracker.Bug, error)
}

// TitlesOptions are what the step of looking up titles works with.
type TitlesOptions struct {
	Store   TitleStore
	Tracker Tracker
	Retry   Retry         // zero: 1 min to 6 h
	Every   time.Duration // between two looks at what is wanted; 0: 5 s
	Logger  *slog.Logger
	Now     func() time.Time
	Wake    Wake
}

// Titles looks up the titles of bugs in the background. Nobody waits for it: a
// text is composed with what is known by then.
type Titles struct {
	o      TitlesOptions
	log    *slog.Logger
	failed map[ci.BugRef]miss
}

// miss is how often a look-up failed and when it may be tried again.
type miss struct {
	times int
	next  time.Time
}

// NewTitles makes the step.
func NewTitles(o TitlesOptions) *Titles {
	o.Now, o.Retry = clock(o.Now), cmp.Or(o.Retry, Retry{First: time.Minute, Most: 6 * time.Hour})
	return &Titles{o: o, log: logger(o.Logger), failed: map[ci.BugRef]miss{}}
}

// Bounds of looking up titles.
const (
	titleBatch   = 200
	titleTimeout = 30 * time.Second
	maxFailures  = 10000 // remembered; more are forgotten and tried anew
)

// Run looks up titles until ctx ends.
func (t *Titles) Run(ctx context.Context) error {
	return loop{name: "titles", wake: t.o.Wake, every: t.o.Every, log: t.log}.run(ctx, t.step)
}

// step looks up what is wanted now.
func (t *Titles) step(ctx context.Context) (bool, error) {
	refs, err := t.o.Store.TitleWanted(ctx, t.o.Now(), titleBatch)
	if err != nil {
		return false, fmt.Errorf("titles: wanted: %w", err)
	}
	for _, ref := range refs {
		if t.o.Now().Before(t.failed[ref].next) {
			continue
		}
		if err := t.one(ctx, ref); err != nil {
			return false, fmt.Errorf("titles: %s: %w", ref, err)
		}
		if ctx.Err() != nil {
			break
		}
	}
	return false, nil
}

// one looks up one title. A failure is that bug's alone; a final one is saved
// as a bug without a title, so that it is not wanted again at once.
func (t *Titles) one(ctx context.Context, ref ci.BugRef) error {
	asking, cancel := context.WithTimeout(ctx, titleTimeout)
	defer cancel()
	bug, err := t.o.Tracker.Title(asking, ref)
	if ctx.Err() != nil {
		return nil
	}
	if err != nil && !finalTitle(err) {
		t.fail(ref, err)
		return nil
	}
	delete(t.failed, ref)
	return t.o.Store.SaveTitle(ctx, ref, bug.Title, bug.Status, bug.Private, t.o.Now())
}

// finalTitle reports whether asking again would bring the same error.
func finalTitle(err error) bool {
	_, none := errors.AsType[*tracker.NoTitlesError](err)
	_, bad := errors.AsType[*tracker.BadRefError](err)
	_, missing := errors.AsType[*tracker.NotFoundError](err)
	return none || bad || missing
}

// fail remembers a failure; it is logged when it is new.
func (t *Titles) fail(ref ci.BugRef, err error) {
	if len(t.failed) >= maxFailures {
		clear(t.failed)
	}
	times := t.failed[ref].times + 1
	t.failed[ref] = miss{times, t.o.Now().Add(t.o.Retry.After(times))}
	if times == 1 {
		t.log.Info("title not found, will be tried again", "bug", ref, "error", err)
	}
}
