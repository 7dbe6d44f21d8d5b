package ci

import "slices"

// Result is the CI's own word for how a build ended, such as SUCCESS or
// TIMED_OUT. The empty Result means that the word is not known (yet).
type Result string

// The results that Zuul (v2 to v14) and Jenkins write. A build may carry any
// other word when a job brings its own message; see Known.
const (
	Success         Result = "SUCCESS"
	Failure         Result = "FAILURE"
	RetryLimit      Result = "RETRY_LIMIT"
	PostFailure     Result = "POST_FAILURE"
	Skipped         Result = "SKIPPED"
	NodeFailure     Result = "NODE_FAILURE"
	MergeConflict   Result = "MERGE_CONFLICT"
	MergeFailure    Result = "MERGE_FAILURE"
	ConfigError     Result = "CONFIG_ERROR"
	TimedOut        Result = "TIMED_OUT"
	Canceled        Result = "CANCELED"
	Error           Result = "ERROR"
	Retry           Result = "RETRY"
	DiskFull        Result = "DISK_FULL"
	NoJobs          Result = "NO_JOBS"
	Disconnect      Result = "DISCONNECT"
	Aborted         Result = "ABORTED"
	Lost            Result = "LOST"
	Exception       Result = "EXCEPTION"
	NoHandle        Result = "NO_HANDLE"
	Dequeued        Result = "DEQUEUED"
	MergerFailure   Result = "MERGER_FAILURE"
	SnapshotFailure Result = "SNAPSHOT_FAILURE"
	SecretExposure  Result = "SECRET_EXPOSURE"
	Unstable        Result = "UNSTABLE"  // Jenkins: tests failed, the build itself did not
	NotBuilt        Result = "NOT_BUILT" // Jenkins: the build was skipped
)

// Class says what a result means for settling and for rates.
type Class int

// The classes. Unknown is the class of every word that is not in the table:
// a job's own message, which only Zuul's API can tell.
const (
	ClassUnknown Class = iota
	ClassSucceeded
	ClassFailed
	ClassLeftOut // neither failed nor succeeded: never run, or ended by the CI itself
)

// fate is what the one table of results knows of a result.
type fate struct {
	class Class
	logs  bool // a build that ended so may have logs
}

// results is the one table of results. Left out of rates are builds that never
// ran or were ended by the CI itself (MODEL: Final).
var results = map[Result]fate{
	Success:         {ClassSucceeded, true},
	Failure:         {ClassFailed, true},
	RetryLimit:      {ClassFailed, true},
	PostFailure:     {ClassFailed, true},
	TimedOut:        {ClassFailed, true},
	DiskFull:        {ClassFailed, true},
	Error:           {ClassFailed, true},
	Exception:       {ClassFailed, true},
	Disconnect:      {ClassFailed, true},
	Lost:            {ClassFailed, true},
	SnapshotFailure: {ClassFailed, true},
	SecretExposure:  {ClassFailed, true},
	Unstable:        {ClassFailed, true},
	NodeFailure:     {ClassFailed, false},
	MergeConflict:   {ClassFailed, false},
	MergeFailure:    {ClassFailed, false},
	MergerFailure:   {ClassFailed, false},
	ConfigError:     {ClassFailed, false},
	NoHandle:        {ClassFailed, false},
	Skipped:         {ClassLeftOut, false},
	Canceled:        {ClassLeftOut, false},
	Aborted:         {ClassLeftOut, false},
	Dequeued:        {ClassLeftOut, false},
	NoJobs:          {ClassLeftOut, false},
	NotBuilt:        {ClassLeftOut, false},
	Retry:           {ClassLeftOut, false}, // superseded by the CI's own next try
}

// Known reports whether r is a result of the CI rather than a job's own message.
func (r Result) Known() bool { _, ok := results[r]; return ok }

// Class tells whether r counts as success, as failure, or is left out.
func (r Result) Class() Class { return results[r].class }

// Failed reports whether r is a known failure.
func (r Result) Failed() bool { return results[r].class == ClassFailed }

// FailedWithLogs are the results of failed builds that may have logs, sorted.
func FailedWithLogs() []Result {
	var list []Result
	for r, f := range results {
		if f.class == ClassFailed && f.logs {
			list = append(list, r)
		}
	}
	slices.Sort(list)
	return list
}

// MayHaveLogs reports whether a build that ended with r can have logs. It is
// true for words that are not known: only the log host can tell then.
func (r Result) MayHaveLogs() bool {
	f, ok := results[r]
	return !ok || f.logs
}
