// Package tracker knows bug trackers: where a person reads a bug, and, of
// Launchpad, what the bug is called and whether it is closed. It only reads,
// anonymously, and keeps nothing but the answers that an unchanged bug saves.
// It knows neither store nor config; when to ask again is its caller's business.
package tracker

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/time/rate"

	"github.com/recheckbot/recheckbot/internal/ci"
)

// Kind is what a tracker can be asked.
type Kind string

// The kinds.
const (
	Launchpad Kind = "launchpad" // titles and states, by its REST API
	Plain     Kind = "url"       // addresses only
)

// userAgent names the program to those whom it asks.
const userAgent = "recheckbot (+https://github.com/recheckbot/recheckbot)"

// Site is one tracker.
type Site struct {
	Name string // as in ci.BugRef.Tracker
	Kind Kind
	API  string // Launchpad's: https://api.launchpad.net/devel
	URL  string // for people, with "{ref}" where the bug's name goes
}

// Options say which trackers there are and how gently they are asked.
type Options struct {
	Sites   []Site
	Timeout time.Duration // of one request, 30 s when 0
	Every   time.Duration // least time between two requests, 0 for none
	Contact string        // an address that the User-Agent names; may be empty
	Logger  *slog.Logger  // nil: silent
	Client  *http.Client  // nil: one of its own
}

// Bug is what a tracker says of a bug. Of a private one it is only told that it
// is private.
type Bug struct {
	Title   string // one line, at most 300 characters
	Status  string // of its most open task, in the tracker's words
	Closed  bool   // every task has come to an end
	Private bool
	DupOf   string // the bug that it is a duplicate of, "" for none
}

// Tracker asks all trackers. Its methods may be called from anywhere at once.
type Tracker struct {
	sites map[string]Site
	lp    *launchpad
}

// New makes a Tracker; it asks nothing yet.
func New(o Options) *Tracker {
	t := &Tracker{sites: map[string]Site{}, lp: newLaunchpad(o)}
	for _, s := range o.Sites {
		t.sites[s.Name] = s
	}
	return t
}

func newLaunchpad(o Options) *launchpad {
	lp := &launchpad{timeout: cmp.Or(o.Timeout, 30*time.Second), agent: userAgent,
		pace: rate.NewLimiter(rate.Inf, 1), log: o.Logger, answers: map[string]answer{}}
	if o.Every > 0 {
		lp.pace = rate.NewLimiter(rate.Every(o.Every), 1)
	}
	if o.Contact != "" {
		lp.agent += " " + o.Contact
	}
	if o.Client != nil {
		lp.http = *o.Client
	}
	if lp.log == nil {
		lp.log = slog.New(slog.DiscardHandler)
	}
	// An answer may not send the program elsewhere; the API has no need of it.
	lp.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return lp
}

// URL is where a person reads the bug, "" when the tracker is not known or the
// name cannot be part of an address.
func (t *Tracker) URL(bug ci.BugRef) string {
	site, known := t.sites[bug.Tracker]
	if !known || strings.Trim(bug.Ref, ".") == "" {
		return ""
	}
	// Of the two kinds of escaping this one is right in a path and in a query.
	escaped := strings.ReplaceAll(url.QueryEscape(bug.Ref), "+", "%20")
	return strings.ReplaceAll(site.URL, "{ref}", escaped)
}

// HasTitles reports whether Title can tell anything of the tracker's bugs.
func (t *Tracker) HasTitles(tracker string) bool { return t.sites[tracker].Kind == Launchpad }

// Title asks for a bug. A *NoTitlesError, *NotFoundError or *BadRefError is
// final; everything else can be tried again.
func (t *Tracker) Title(ctx context.Context, bug ci.BugRef) (Bug, error) {
	if !t.HasTitles(bug.Tracker) {
		return Bug{}, &NoTitlesError{bug.Tracker}
	}
	if len(bug.Ref) > 12 || bug.Ref == "" || strings.Trim(bug.Ref, "0123456789") != "" {
		return Bug{}, &BadRefError{bug}
	}
	return t.lp.bug(ctx, strings.TrimRight(t.sites[bug.Tracker].API, "/"), bug)
}

// NoTitlesError says that a tracker is known by addresses only, or not at all.
type NoTitlesError struct{ Tracker string }

func (e *NoTitlesError) Error() string {
	return fmt.Sprintf("tracker: %.64q tells nothing of its bugs", e.Tracker)
}

// BadRefError is a bug's name that the tracker does not have.
type BadRefError struct{ Bug ci.BugRef }

func (e *BadRefError) Error() string {
	return fmt.Sprintf("tracker: %.64q is no bug of %.64s", e.Bug.Ref, e.Bug.Tracker)
}

// NotFoundError says that there is no such bug.
type NotFoundError struct{ Bug ci.BugRef }

func (e *NotFoundError) Error() string { return fmt.Sprintf("tracker: no bug %s", e.Bug) }

// StatusError is an answer that tells nothing of the bug.
type StatusError struct {
	Bug  ci.BugRef
	Code int
}

func (e *StatusError) Error() string {
	return fmt.Sprintf("tracker: bug %s: HTTP %d %s", e.Bug, e.Code, http.StatusText(e.Code))
}
