package store

import (
	"errors"
	"time"

	"github.com/recheckbot/recheckbot/internal/ci"
	"github.com/recheckbot/recheckbot/internal/cicomment"
)

// Errors that callers tell apart.
var (
	// ErrNotFound: there is no such row.
	ErrNotFound = errors.New("not found")
	// ErrState: the row is not in the state that the step needs; another run
	// decided on it already.
	ErrState = errors.New("not in that state")
	// ErrReadOnly: the database was opened with OpenReadOnly.
	ErrReadOnly = errors.New("opened read-only")
)

// Raw is one line as a source sent it.
type Raw struct {
	ID       int64 // set by PendingRaw
	Session  string
	Seq      int64 // line number in the session
	Source   string
	Received time.Time
	Body     []byte
	Aside    string // why it was set aside; empty: to be ingested
}

// Gap is a time of which something may have been missed.
type Gap struct {
	ID       int64
	From, To time.Time // of what may be missing; To: when the cause was last seen
	Cause    string
	Count    int       // how often
	Closed   time.Time // zero: open
	ClosedBy string    // which catching-up closed it, in words
}

// The ways by which a comment is heard.
const (
	ViaStream = "stream"
	ViaQuery  = "query"
	ViaREST   = "rest"
)

// Heard is one event that was understood.
type Heard struct {
	RawID       int64 // 0: no raw line stands behind it
	Via         string
	Change      ci.Change
	Comment     *Comment // nil: the event tells of the change only
	NewPatchset int
	Received    time.Time // the line, on our clock; zero: not said
}

// Comment is a comment as one source shows it. EventTime is the stream's time,
// GerritTime the list's; both in Gerrit's clock, in seconds. Own is the event's
// time on our clock.
type Comment struct {
	Author        ci.Account
	EventTime     time.Time
	GerritTime    time.Time
	MessageID     string
	Tag           string
	Body          string
	PatchsetLevel []string
	Whole         bool // a list's: patchset-level texts were asked for too, so that none means none
	Patchset      int
	Parsed        cicomment.Parsed
	// Read: which comment of the author and patchset these patchset-level texts
	// came with is a guess of the list's reader; it tells what the comment means
	// with others. nil: they are known to be this one's.
	Read      func(level []string) cicomment.Parsed
	Quiet     string // why it is only recorded: nothing is looked up, searched or said because of it
	Bare      bool   // its text is not kept, but for the head: Gerrit has it
	Own       time.Time
	FirstSeen time.Time
}

// Reconciled says what a reconciliation changed.
type Reconciled struct {
	Joined int // provisional rows that were found in Gerrit's list
	New    int // comments that only the list showed
	// Wordless: comments that count texts which neither this list nor the stream
	// shows, and that no whole list was asked for yet.
	Wordless int
	// Again: lines that had been joined with another comment than theirs, before
	// the words of both were known; they wait to be ingested again.
	Again int
}

// BuildState is the state of a build's classification.
type BuildState string

// The states of a build. BuildLookup and BuildSearch wait; the others are
// decided.
const (
	BuildLookup       BuildState = "lookup" // the CI's API is to be asked
	BuildSearch       BuildState = "search" // its logs are to be searched
	BuildRecognized   BuildState = "recognized"
	BuildUnrecognized BuildState = "unrecognized"
	BuildNoLogs       BuildState = "no-logs"
	BuildIncomplete   BuildState = "incomplete"
	BuildUnknown      BuildState = "unknown"
	BuildExcluded     BuildState = "excluded" // not a failure, or nothing to look at
)

// Pending reports whether the build still waits for a step.
func (s BuildState) Pending() bool { return s == BuildLookup || s == BuildSearch }
