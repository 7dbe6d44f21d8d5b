package store

import (
	"time"

	"github.com/recheckbot/recheckbot/internal/ci"
)

// Lookup is one question to a CI's API about a buildset.
type Lookup struct {
	Buildset  int64
	CI        string
	UUID      string // empty when the comment named builds only
	Own       time.Time
	FirstSeen time.Time
	Tries     int
	Builds    []LookupBuild
}

// LookupBuild is a build that the comments of the buildset named. Waiting:
// its answer is needed.
type LookupBuild struct {
	ID      int64
	UUID    string
	Job     string
	Waiting bool
}

// Looked is the answer of a CI's API. Complete: every build of the buildset is
// in Builds; else what is there is applied and the question stays open.
type Looked struct {
	Complete bool
	Why      string
	Pipeline string // empty: not said
	Builds   []LookedBuild
}

// LookedBuild is a build as the CI's API tells of it. Result is empty and
// LogURL is empty when the API does not say.
type LookedBuild struct {
	UUID, Job     string
	Result        ci.Result
	LogURL, URL   string
	Voting, Final bool
	Start, End    time.Time
	Duration      time.Duration // 0: not said
}

// DueBuild is a failed build whose logs are to be searched. FirstTry is zero
// before the first RetryBuild.
type DueBuild struct {
	ID                                       int64
	CI, UUID, Job, Pipeline, Project, Branch string
	LogURL                                   string
	Result                                   ci.Result
	Voting                                   bool
	Patchset                                 ci.Patchset
	Own, FirstSeen, FirstTry, Start, End     time.Time
	Tries                                    int
}

// Verdict is what an engine found for one build with one set.
type Verdict struct {
	Build, FPSet    int64
	Engine, Purpose string
	State           BuildState
	Why             string
	At              time.Time
	Hits            []Hit
}

// Hit is one fingerprint that matched a build, with its first log event. Line
// and Offset are -1 when unknown.
type Hit struct {
	Fingerprint  string // name of a member of the verdict's set
	N            int64
	Exact        bool
	If           string
	File, URL    string
	Line, Offset int64
	At           time.Time
	Excerpt      string
}

// FingerprintRow is one member of a fingerprint set.
type FingerprintRow struct {
	Name  string
	SHA   [32]byte
	YAML  string
	Title string
	Bugs  []ci.BugRef
}

// ReportView is a report with all that a review could say of it.
type ReportView struct {
	ID             int64
	CI             string
	Change         ci.Change
	Patchset       int
	Pipeline       string
	Own            time.Time
	State          string // open, said, silent, refused
	Why            string
	RecheckedSince bool
	Builds         []BuildView
}

// BuildView is a build of a report. Said is the comment's word, Result the
// real one, empty while not known.
type BuildView struct {
	ID           int64
	Job          string
	Said, Result ci.Result
	Voting       bool
	State        BuildState
	Why          string
	URL, LogURL  string
	Hits         []HitView
}

// HitView is a hit with the bugs that its fingerprint names.
type HitView struct {
	Fingerprint  string
	Title        string // the fingerprint's own title
	Bugs         []BugView
	Count        int64
	Exact        bool
	If           string
	File, URL    string
	Line         int64
	Excerpt      string
	OtherChanges int // other changes with this fingerprint in the 24 h before Own
}

// BugView is a bug as far as its tracker was asked.
type BugView struct {
	ci.BugRef
	Title, Status string
	Private       bool
}

// Outgoing is one thing to be said. Gerrit's target is "CHANGE,PATCHSET", IRC's
// a channel or nick. NotAfter zero: no bound.
type Outgoing struct {
	Medium, Target, Cause string
	Part                  int
	Body                  string
	Own, NotAfter         time.Time
	Ref, Tag, Notify      string
}

// The media.
const (
	MediumGerrit = "gerrit"
	MediumIRC    = "irc"
)

// Out is a row of the outbox.
type Out struct {
	ID int64
	Outgoing
	State     string
	Why       string
	Tries     int
	Attempted time.Time // zero: never
}

// RecheckedBug is an untracked bug with namings that nobody decided on yet.
type RecheckedBug struct {
	BugID      int64
	Bug        ci.BugRef
	People     int         // rechecks by people that name it
	Newest     time.Time   // own time of the newest of them
	Heard      time.Time   // when the last of them was heard
	FirstHeard time.Time   // when the first of the undecided ones was
	Project    string      // of the newest
	Crossings  []time.Time // own times of the namings by people behind LastStep, in the order of those times: the first made it LastStep + 1
	RecheckIDs []int64     // the undecided namings, for DecideRechecks
	Authors    []string    // usernames of those who wrote them, the latest first; 20 at most
	LastStep   int         // of People, how many were decided on before: every step up to it was announced or passed
	Private    bool        // named only on private changes
}
