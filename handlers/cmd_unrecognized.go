package handlers

import (
	"context"
	"fmt"
	"time"
)

// UnrecognizedAnswer lists failed builds that no fingerprint matched, newest
// first.
type UnrecognizedAnswer struct {
	Job    string              `json:"job,omitempty"`
	Total  int                 `json:"total_24h"`
	Builds []UnrecognizedBuild `json:"builds"`
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
	builds, total, err := a.Reader.Unrecognized(ctx, job, limit)
	if err != nil {
		return UnrecognizedAnswer{}, fmt.Errorf("unrecognized %q: %w", job, err)
	}
	answer := UnrecognizedAnswer{Job: job, Total: total, Builds: []UnrecognizedBuild{}}
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
	of := ""
	if u.Job != "" {
		of = " of " + u.Job
	}
	if u.Total == 0 {
		return []string{"No unrecognized failures" + of + " in 24 h."}
	}
	line := fmt.Sprintf("%d unrecognized failures%s in 24 h", u.Total, of)
	if len(u.Builds) == 0 {
		return []string{line + "."}
	}
	b := u.Builds[0]
	return []string{fmt.Sprintf("%s; newest: %s on %s %s (%s) %s", line, b.Job, b.Project, b.Change, b.Pipeline, b.URL)}
}
