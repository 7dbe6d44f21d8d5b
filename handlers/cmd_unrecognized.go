package handlers

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// UnrecognizedAnswer lists failed builds that no fingerprint matched, newest
// first.
type UnrecognizedAnswer struct {
	Job     string              `json:"job,omitempty"`
	Unknown bool                `json:"unknown,omitempty"` // no such job was ever seen
	Nearest []string            `json:"nearest,omitempty"` // known ones, when it is unknown
	Total   int                 `json:"total_24h"`
	Builds  []UnrecognizedBuild `json:"builds"`
}

// UnrecognizedBuild is one of them.
type UnrecognizedBuild struct {
	Job      string    `json:"job"`
	Project  string    `json:"project"`
	Pipeline string    `json:"pipeline"`
	Change   string    `json:"change"`
	URL      string    `json:"url,omitempty"`
	At       time.Time `json:"at"`
}

// Unrecognized answers which failures nothing recognized, of one job or all.
func (a *Answers) Unrecognized(ctx context.Context, job string, limit int) (UnrecognizedAnswer, error) {
	answer := UnrecognizedAnswer{Job: job, Builds: []UnrecognizedBuild{}}
	if job != "" {
		jobs, err := a.Reader.JobNames(ctx)
		if err != nil {
			return UnrecognizedAnswer{}, fmt.Errorf("unrecognized %q: %w", job, err)
		}
		if answer.Unknown = !slices.Contains(jobs, job); answer.Unknown {
			answer.Nearest = nearest(job, jobs, 3)
			return answer, nil
		}
	}
	builds, total, err := a.Reader.Unrecognized(ctx, job, limit)
	if err != nil {
		return UnrecognizedAnswer{}, fmt.Errorf("unrecognized %q: %w", job, err)
	}
	answer.Total = total
	for _, b := range builds {
		url := b.URL
		if url == "" {
			url = b.LogURL
		}
		answer.Builds = append(answer.Builds, UnrecognizedBuild{
			Job: b.Job, Project: b.Project, Pipeline: b.Pipeline,
			Change: fmt.Sprintf("%d,%d", b.Change, b.Patchset), URL: url, At: b.Own,
		})
	}
	return answer, nil
}

// Lines puts the newest into at most two lines.
func (u UnrecognizedAnswer) Lines() []string {
	if u.Unknown {
		return []string{unknownName("job", u.Job, u.Nearest)}
	}
	of := ""
	if u.Job != "" {
		of = " of " + u.Job
	}
	if u.Total == 0 {
		return []string{"No unrecognized failures" + of + " in 24 h."}
	}
	line := fmt.Sprintf("%d unrecognized %s%s in 24 h", u.Total, plural(u.Total, "failure"), of)
	if len(u.Builds) == 0 {
		return []string{line + "."}
	}
	b := u.Builds[0]
	where := b.Change
	if b.Pipeline != "" {
		where += " (" + b.Pipeline + ")"
	}
	return []string{strings.TrimSpace(fmt.Sprintf("%s; newest: %s on %s %s %s", line, b.Job, b.Project, where, b.URL))}
}
