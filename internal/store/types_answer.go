package store

import (
	"time"
)

// RatesQuery selects builds. Empty fields do not restrict. From is inclusive,
// To exclusive, in the builds' own time.
type RatesQuery struct {
	Jobs              []string // exact names, any of them
	Project, Pipeline string
	From, To          time.Time
}

// Counts are final voting builds, each once. Recognized is of Failed.
type Counts struct {
	Failed, Succeeded int64
	Recognized        int64
	ReportsLeftOut    int64 // reports that are not completely known, so that none of their builds counts
}

// ProjectPipeline is a pipeline that a project was seen in.
type ProjectPipeline struct {
	Project, Pipeline string
	Last              time.Time
}

// QueueItem is an untracked bug as work. Private changes are left out.
type QueueItem struct {
	Bug         BugView
	People      int // rechecks by people
	Total       int // bots included
	First, Last time.Time
	Projects    []string
	State       string
	Holder      string
}

// BugInfo is what is known of one bug.
type BugInfo struct {
	BugView
	Fingerprints []string // of the newest set
	Hits24h      int      // builds
	Hits7d       int
	Changes7d    int
	Rechecks     int    // by people, on changes that are not private
	QueueState   string // empty: was never queued
}

// UnrecognizedBuild is a failed build that no fingerprint matched.
type UnrecognizedBuild struct {
	Job, Project, Pipeline string
	Change                 int64
	Patchset               int
	URL, LogURL            string
	Own                    time.Time
}

// Status is the store's part of how the program is.
type Status struct {
	LastEvent      time.Time
	Breaker        Breaker
	Alarms         []Alarm // that are raised
	Gaps           []Gap
	PendingRaw     int
	PendingLookups int
	PendingBuilds  int
	OpenReports    int
	NewRechecks    int
	Outbox         map[string]int // rows by state
	Unconfirmed    int
	Refused        int
	Dead           int
	AsideRaw       int
}
