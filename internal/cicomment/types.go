package cicomment

import (
	"regexp"

	"github.com/recheckbot/recheckbot/internal/ci"
)

// ParserVersion is stored with each comment; a higher one allows it to be
// parsed again.
const ParserVersion = 1

// The dialects of CI systems.
const (
	DialectZuul    = "zuul"
	DialectJenkins = "jenkins"
)

// Kind says what a comment is.
type Kind string

// The kinds. Report is a comment that says how builds went; the ones up to
// NoJobs are what else a CI says; Recheck is a person's (or a bot's) request.
const (
	KindReport             Kind = "report"
	KindStart              Kind = "start"
	KindEnqueue            Kind = "enqueue"
	KindMergeFailure       Kind = "merge_failure"
	KindNotMerged          Kind = "not_merged"
	KindConfigError        Kind = "config_error"
	KindCancel             Kind = "cancel"
	KindDependencyFailed   Kind = "dependency_failed"
	KindMissingRequirement Kind = "missing_requirement"
	KindCycleFailed        Kind = "cycle_failed"
	KindNoJobs             Kind = "no_jobs"
	KindRecheck            Kind = "recheck"
	KindOther              Kind = "other"
)

// Kinds returns every kind, in the order of the documentation.
func Kinds() []Kind {
	return []Kind{KindReport, KindStart, KindEnqueue, KindMergeFailure, KindNotMerged,
		KindConfigError, KindCancel, KindDependencyFailed, KindMissingRequirement,
		KindCycleFailed, KindNoJobs, KindRecheck, KindOther}
}

// Role is who wrote a comment, as far as the rules can tell.
type Role string

// The roles.
const (
	RolePerson Role = "person"
	RoleCI     Role = "ci"
	RoleBot    Role = "bot"
	RoleUs     Role = "us"
)

// Outcome is how a report ended; empty when the comment does not say.
type Outcome string

// The outcomes.
const (
	Success Outcome = "success"
	Failure Outcome = "failure"
)

// RecheckKind says what a recheck asked for.
type RecheckKind string

// The kinds of recheck. OtherTrigger asks for tests by another word than
// recheck or reverify, such as "check experimental".
const (
	RecheckBare         RecheckKind = "bare"
	RecheckReason       RecheckKind = "reason"
	RecheckBug          RecheckKind = "bug"
	RecheckNoBug        RecheckKind = "nobug"
	RecheckOtherTrigger RecheckKind = "other-trigger"
)

// CI is one CI system of a site.
type CI struct {
	Name    string
	Dialect string // DialectZuul or DialectJenkins; both formats are tried, as Zuul v2 often reported as "jenkins"
	// Accounts are usernames, compared without regard to case; they are also
	// compared with the display name of an account that has no username.
	Accounts []string
	// Phrases are further ways in which this CI says a Kind: a line of the
	// comment's head that begins so, without regard to case.
	Phrases map[string][]string
	// Triggers start a recheck there; nil means DefaultTriggers of the dialect.
	Triggers []*regexp.Regexp
}

// Rules say how one site talks. The zero value knows no account at all.
type Rules struct {
	CIs  []CI     // first match wins
	Us   []string // our own usernames
	Bots []string // further usernames that are bots
}

// Input is one comment as Gerrit shows it. Author may be empty (unknown);
// PatchsetLevel holds the patchset-level texts where they are known apart from
// the message; ServiceUser says that Gerrit tags the author SERVICE_USER.
type Input struct {
	Comment       string
	Tag           string
	Author        ci.Account
	PatchsetLevel []string
	ServiceUser   bool
}

// Parsed is what one comment says.
type Parsed struct {
	Kind     Kind
	CI       string // name of the CI entry that spoke, "" otherwise
	Role     Role
	Patchset int // from the envelope "Patch Set N:", 0 when absent

	Outcome      Outcome // of a report only
	Pipeline     string  // from the tag only; words about pipelines are the site's own
	BuildsetURL  string
	BuildsetUUID string // 32 hex digits
	Builds       []Build
	Short        bool // successful builds were left out for length
	Truncated    bool // the text was cut; the build on the cut line is left out
	Skipped      int  // builds that were only counted ("Skipped N jobs")

	Recheck *Recheck
	Ref     string // our own reference found in a text of ours, "" otherwise
}

// Build is one build line.
type Build struct {
	Job      string // "" when the line names none and its URL tells none
	URL      string // as written; "" when there is none
	UUID     string // 32 hex digits of Zuul's build page or "build/UUID", else ""
	Result   ci.Result
	Detail   string // what the CI said behind the result
	Duration *int64 // seconds, may be negative; nil when not said
	Voting   bool
	Custom   bool // Result is a job's own message, whole; the real result is not said
}

// Recheck is a request to run tests again.
type Recheck struct {
	Kind   RecheckKind
	Bugs   []int64     // Launchpad numbers, in order, each once
	Refs   []ci.BugRef // bugs of other trackers, in order, each once
	Reason string      // what else was said behind the trigger, "" when nothing
	ByBot  bool
}

// Defaults are the rules without a configuration: "zuul" and "jenkins" are CI
// accounts, "recheckbot" is us.
func Defaults() Rules {
	return Rules{
		CIs: []CI{
			{Name: "zuul", Dialect: DialectZuul, Accounts: []string{"zuul"}},
			{Name: "jenkins", Dialect: DialectJenkins, Accounts: []string{"jenkins"}},
		},
		Us: []string{"recheckbot"},
	}
}
