package handlers

import (
	"fmt"
	"time"

	"github.com/recheckbot/recheckbot/internal/store"
)

// LeaveOut names what nothing is said about.
type LeaveOut struct {
	Projects, Pipelines, Branches, Owners, Hashtags Globs
}

// Silence are the rules by which nothing is said of a report, whatever was
// recognized in it.
type Silence struct {
	LeaveOut LeaveOut
	SayStale bool          // say it all the same on stale patchsets
	MaxAge   time.Duration // reports older than this are recorded, not said; 0: 2 h
}

// maxAge is MaxAge or its default.
func (s Silence) maxAge() time.Duration {
	if s.MaxAge <= 0 {
		return 2 * time.Hour
	}
	return s.MaxAge
}

// why is the reason for saying nothing of v now, or "". The order is from what
// can never change to what can. What is older than the first start never comes
// here: the store keeps it as silent from the beginning.
func (s Silence) why(v store.ReportView, now time.Time) string {
	switch {
	case v.Change.Private:
		return "private change"
	case now.Sub(v.Own) > s.maxAge():
		return fmt.Sprintf("older than %s", s.maxAge())
	}
	if why := s.LeaveOut.why(v); why != "" {
		return why
	}
	if s.SayStale {
		return ""
	}
	return stale(v)
}

// why says what of v is left out, or "".
func (l LeaveOut) why(v store.ReportView) string {
	for _, rule := range []struct {
		what  string
		globs Globs
		text  string
	}{
		{"project", l.Projects, v.Change.Project},
		{"pipeline", l.Pipelines, v.Pipeline},
		{"branch", l.Branches, v.Change.Branch},
		{"owner", l.Owners, v.Change.Owner.Ident()},
	} {
		if rule.globs.Match(rule.text) {
			return fmt.Sprintf("%s %q is left out", rule.what, rule.text)
		}
	}
	for _, tag := range v.Change.Hashtags {
		if l.Hashtags.Match(tag) {
			return fmt.Sprintf("hashtag %q is left out", tag)
		}
	}
	return ""
}

// stale says why nobody waits for word on the report any more, or "".
func stale(v store.ReportView) string {
	switch {
	case v.Change.Current > v.Patchset:
		return fmt.Sprintf("stale: patchset %d is newer", v.Change.Current)
	case v.Change.Status == "MERGED":
		return "stale: merged"
	case v.Change.Status == "ABANDONED":
		return "stale: abandoned"
	case v.RecheckedSince:
		return "stale: rechecked since"
	}
	return ""
}
