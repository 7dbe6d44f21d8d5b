// Package logsearch says what goes into a log engine and what comes out:
// types only. Engines (scan, elastic) produce them, handlers use them through
// one-method interfaces of their own. It may not do I/O nor know any engine.
package logsearch

import (
	"time"

	"github.com/recheckbot/recheckbot/internal/ci"
	"github.com/recheckbot/recheckbot/internal/lucene"
)

// Build is one build to be looked at.
type Build struct {
	CI     string // whose log hosts and rules count; the config's name
	UUID   string
	LogURL string // the log folder, ends in "/"; or a single file's URL
	Fields ci.Fields
	Start  time.Time // zero means unknown
	End    time.Time // zero means unknown
}

// Fingerprint is one item of a set, ready to be evaluated.
type Fingerprint struct {
	Name  string
	SHA   [32]byte
	Query string      // effective text: allow-nonvoting is applied
	Tree  lucene.Node // Query, parsed
}

// Set is an immutable collection of fingerprints; a scan keeps the set that it
// began with.
type Set struct {
	SHA   [32]byte
	Items []Fingerprint
}

// Status is about logs only, never about whether a bug was recognized.
type Status int

// What an engine can say of a build's logs.
const (
	Complete   Status = iota // all that could hold a hit was read
	NotReady                 // the log host says that they are not there (yet)
	Incomplete               // some file could not be read to its end
	NoLogs                   // there are none and there will be none
)

// Answer is an engine's answer for one build. Matches are valid also when
// Status is Incomplete; a build is unrecognized only if Status is Complete and
// Matches and Refused are empty.
type Answer struct {
	Status     Status
	Why        string
	RetryAfter time.Duration // 0 with Incomplete: another try cannot bring more
	Matches    []Match
	Refused    []Problem // invalid or over budget in this engine: never a silent no
	Files      []File
	Unindexed  int // listed files that are no log documents by their names: only what names them was looked for there
}

// Match is one fingerprint that matched, with a few of its hits.
type Match struct {
	Fingerprint int // index into Set.Items
	Count       int64
	Exact       bool   // Count is exact, not a lower bound
	If          string // what must hold besides, where a field is unknown; empty: certain
	Sample      []Hit  // in the order of files and lines, bounded
	Files       []Hits // how many in each file that has some, in the files' order
}

// Hits is how many hits a file has.
type Hits struct {
	File  string
	Count int64
}

// Hit is a log event that a fingerprint matched. -1 in Line or Offset means
// unknown; Time is zero when the event carries none.
type Hit struct {
	File   string // path below the log folder
	URL    string // where a person can read it; may be empty
	Text   string // the event's text, bounded
	Quote  string // the line of Text that shows best why it matched
	DocID  string // an index's document, empty for the scanner
	Line   int64  // 1-based
	Offset int64  // bytes, of the plain text
	Time   time.Time
}

// Problem is a fingerprint that an engine could not evaluate.
type Problem struct {
	Fingerprint int
	Why         string
}

// File is a log file that an engine looked at.
type File struct {
	Name  string
	Bytes int64  // plain text that was read
	Why   string // why it is incomplete; empty when whole
}
