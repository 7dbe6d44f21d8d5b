package handlers

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/recheckbot/recheckbot/internal/joblog"
	"github.com/recheckbot/recheckbot/internal/logsearch"
	"github.com/recheckbot/recheckbot/internal/store"
	"github.com/recheckbot/recheckbot/internal/zuul"
)

// finding is what one try of a build came to: a state, or empty when it is to
// be tried again.
type finding struct {
	state store.BuildState
	why   string
	hits  []store.Hit
	again time.Duration // asked for by the engine; 0: by the usual patience
}

// outcome is what one try of a build brought.
type outcome struct {
	answer logsearch.Answer
	tests  tested // as far as a fingerprint asks for them
	outage error  // nothing else is valid then
}

// judge turns an engine's answer, or its outage, into a finding. The log host's
// answers so far are in p, this one included.
func judge(d Deadlines, b store.DueBuild, set *Set, o outcome, p account, now time.Time) finding {
	answer := o.answer
	if o.outage != nil {
		f := finding{why: o.outage.Error(), again: restAsked(o.outage)}
		if d.outageOver(b.Own, b.FirstSeen, now, b.Tries+1) {
			f.state, f.why = store.BuildUnknown, "gave up after the outage deadline: "+f.why
		}
		return f
	}
	f := finding{hits: set.hits(answer.Matches, o.tests), again: answer.RetryAfter}
	if certain(f.hits) {
		f.state = store.BuildRecognized
		return f
	}
	switch answer.Status {
	case logsearch.NotReady:
		f.why = orWhy(answer.Why, "the log host says that the logs are not there")
		if d.logsOver(b.Own, now, p) || d.outageOver(b.Own, b.FirstSeen, now, b.Tries+1) {
			f.state = store.BuildNoLogs
		}
	case logsearch.NoLogs:
		f.state, f.why = store.BuildNoLogs, orWhy(answer.Why, "there are no logs")
	case logsearch.Incomplete:
		f.why = orWhy(answer.Why, "some logs could not be read to their end")
		if answer.RetryAfter == 0 || p.cut >= d.Complete || d.outageOver(b.Own, b.FirstSeen, now, b.Tries+1) {
			f.state = store.BuildIncomplete // for good where another try cannot bring more
		}
		f.again = answer.RetryAfter << min(max(p.cut-1, 0), d.Complete)
	default:
		f.state, f.why = completely(set, answer, f.hits)
	}
	return f
}

// completely judges logs that were read to their end and show no certain hit:
// unrecognized only if every fingerprint said no.
func completely(set *Set, answer logsearch.Answer, hits []store.Hit) (store.BuildState, string) {
	switch {
	case len(answer.Refused) > 0:
		p := answer.Refused[0]
		why := fmt.Sprintf("fingerprint %s was not evaluated: %s", set.name(p.Fingerprint), p.Why)
		if more := len(answer.Refused) - 1; more > 0 {
			why += fmt.Sprintf(", and %d more", more)
		}
		return store.BuildUnknown, why
	case len(hits) > 0:
		var names []string
		for _, h := range hits {
			names = append(names, fmt.Sprintf("%s (if %s)", h.Fingerprint, h.If))
		}
		return store.BuildUnknown, "unverified hits only: " + strings.Join(fewNames(names), ", ")
	}
	return store.BuildUnrecognized, orWhy(answer.Why, fmt.Sprintf("none of %d fingerprints", len(set.Fingerprints)))
}

// restAsked is how long a host that did not serve asked us to stay away.
func restAsked(err error) time.Duration {
	if o, ok := errors.AsType[*joblog.OutageError](err); ok {
		return o.RetryAfter
	}
	if s, ok := errors.AsType[*zuul.StatusError](err); ok {
		return s.RetryAfter
	}
	return 0
}

// orWhy is why, or a default.
func orWhy(why, otherwise string) string {
	if why == "" {
		return otherwise
	}
	return why
}

// certain reports whether a hit depends on nothing that is unknown.
func certain(hits []store.Hit) bool {
	for _, h := range hits {
		if h.If == "" {
			return true
		}
	}
	return false
}
