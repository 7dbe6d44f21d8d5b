package ci

import (
	"strconv"
	"time"
)

// Patchset names one patchset of one change.
type Patchset struct {
	Change int64 // Gerrit's change number
	Number int
}

// String is Gerrit's own form, "CHANGE,PATCHSET".
func (p Patchset) String() string {
	return strconv.FormatInt(p.Change, 10) + "," + strconv.Itoa(p.Number)
}

// BugRef names a bug: a tracker's name as in the config and the bug's name
// there, mostly a number. Numbers of different trackers are different bugs.
type BugRef struct {
	Tracker string `json:"tracker"`
	Ref     string `json:"ref"`
}

// String is "tracker:ref", the form that fingerprint files use.
func (b BugRef) String() string { return b.Tracker + ":" + b.Ref }

// Launchpad is the tracker that elastic-recheck's bare numbers belong to.
const Launchpad = "launchpad"

// Account is a Gerrit account as events and queries show it. Any field but one
// may be empty; GerritID is 0 when unknown.
type Account struct {
	Username string
	Name     string
	Email    string
	GerritID int64
}

// Ident is what the account is known by: the username, else Gerrit's id (as
// "#ID"), else the e-mail address, else the display name.
func (a Account) Ident() string {
	if a.Username != "" {
		return a.Username
	}
	if a.GerritID != 0 {
		return "#" + strconv.FormatInt(a.GerritID, 10)
	}
	if a.Email != "" {
		return a.Email
	}
	return a.Name
}

// Change is what Gerrit says of a change. Updated is zero when not said.
type Change struct {
	Number   int64
	Project  string
	Branch   string
	Key      string // the Change-Id, I...
	Owner    Account
	Subject  string
	Status   string // NEW, MERGED, ABANDONED
	Private  bool
	WIP      bool
	Hashtags []string
	Current  int // number of the newest patchset known, 0 when not said
	Updated  time.Time
	URL      string
}

// Fields are the log pipeline's metadata of a build or a file: field name to
// its values (several for tags). A name that is absent is unknown, which is
// not the same as present with no value.
type Fields map[string][]string
