package handlers

import (
	"context"
	"time"

	"github.com/recheckbot/recheckbot/internal/ci"
	"github.com/recheckbot/recheckbot/internal/store"
)

// rateReader tells how builds went.
type rateReader interface {
	Rates(context.Context, store.RatesQuery) (store.Counts, error)
	JobNames(context.Context) ([]string, error)
	ProjectPipelines(context.Context) ([]store.ProjectPipeline, error)
}

// bugReader tells of bugs, queued and other.
type bugReader interface {
	Queue(ctx context.Context, project string, limit int) ([]store.QueueItem, int, error)
	Bug(context.Context, ci.BugRef) (store.BugInfo, error)
	Projects(context.Context) ([]string, error)
}

// buildReader tells of failures that nothing recognized.
type buildReader interface {
	Unrecognized(ctx context.Context, job string, limit int) ([]store.UnrecognizedBuild, int, error)
}

// statusReader tells how the program is.
type statusReader interface {
	Status(context.Context) (store.Status, error)
	Cursor(ctx context.Context, name string) (string, time.Time, error)
}

// Reader is all that answers are made of. The store is one, read-only too.
type Reader interface {
	rateReader
	bugReader
	buildReader
	statusReader
}

// Answers answers people's questions from the tables, on IRC and on the command
// line alike. It only reads.
type Answers struct {
	Reader  Reader
	Groups  []Group
	BugURL  func(ci.BugRef) string // "" where the tracker is not known
	Version string
	Now     func() time.Time
	Running func() bool // whether a bot runs on the database; nil: the one that asks
}

// Answer is what a question got: lines for IRC, and itself as JSON.
type Answer interface {
	Lines() []string
}

// Words is an answer that is words only.
type Words []string

// Lines are the words.
func (t Words) Lines() []string { return t }

// bugName is how people write a bug: "bug 1234" for Launchpad's, "tracker:ref"
// for others'.
func bugName(b ci.BugRef) string {
	if b.Tracker == ci.Launchpad {
		return "bug " + b.Ref
	}
	return b.String()
}

// ago is how long ago at was, in words of one unit.
func ago(now, at time.Time) string {
	if at.IsZero() {
		return "never"
	}
	return span(now.Sub(at)) + " ago"
}

// span is a duration in its largest unit: "45 s", "12 min", "3 h", "2 d".
func span(d time.Duration) string {
	d = max(d, 0)
	switch {
	case d < time.Minute:
		return count(int64(d/time.Second), "s")
	case d < 2*time.Hour:
		return count(int64(d/time.Minute), "min")
	case d < 48*time.Hour:
		return count(int64(d/time.Hour), "h")
	}
	return count(int64(d/(24*time.Hour)), "d")
}
