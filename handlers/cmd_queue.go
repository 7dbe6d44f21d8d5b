package handlers

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/recheckbot/recheckbot/internal/ci"
	"github.com/recheckbot/recheckbot/internal/store"
)

// QueueAnswer is the queue of untracked bugs, most rechecks first.
type QueueAnswer struct {
	Project string      `json:"project,omitempty"`
	Total   int         `json:"total"`
	Bugs    []QueuedBug `json:"bugs"`
}

// QueuedBug is one untracked bug.
type QueuedBug struct {
	Bug      ci.BugRef `json:"bug"`
	URL      string    `json:"url,omitempty"`
	Title    string    `json:"title,omitempty"`
	People   int       `json:"rechecks_by_people"`
	Total    int       `json:"rechecks"`
	First    time.Time `json:"first"`
	Last     time.Time `json:"last"`
	Projects []string  `json:"projects"`
	State    string    `json:"state"`
	Holder   string    `json:"holder,omitempty"`
}

// Queue answers which bugs wait for a fingerprint; project restricts to one
// (full name), and may be empty.
func (a *Answers) Queue(ctx context.Context, project string, limit int) (QueueAnswer, error) {
	items, total, err := a.Reader.Queue(ctx, project, limit)
	if err != nil {
		return QueueAnswer{}, fmt.Errorf("queue %q: %w", project, err)
	}
	answer := QueueAnswer{Project: project, Total: total, Bugs: []QueuedBug{}}
	for _, it := range items {
		answer.Bugs = append(answer.Bugs, a.queued(it))
	}
	return answer, nil
}

func (a *Answers) queued(it store.QueueItem) QueuedBug {
	return QueuedBug{
		Bug: it.Bug.BugRef, URL: a.BugURL(it.Bug.BugRef), Title: publicTitle(it.Bug),
		People: it.People, Total: it.Total, First: it.First, Last: it.Last,
		Projects: it.Projects, State: it.State, Holder: it.Holder,
	}
}

// publicTitle is a bug's title unless its tracker keeps it private.
func publicTitle(b store.BugView) string {
	if b.Private {
		return ""
	}
	return b.Title
}

// Lines puts the queue into one line.
func (q QueueAnswer) Lines() []string {
	if q.Total == 0 {
		return []string{"No untracked bugs" + inProject(q.Project) + "."}
	}
	parts := make([]string, len(q.Bugs))
	for i, b := range q.Bugs {
		parts[i] = fmt.Sprintf("%s (%d×%s)", bugName(b.Bug), b.People, titled(b.Title))
	}
	line := fmt.Sprintf("%d untracked%s: %s", q.Total, inProject(q.Project), strings.Join(parts, ", "))
	if more := q.Total - len(q.Bugs); more > 0 {
		line += fmt.Sprintf(", +%d more", more)
	}
	return []string{line}
}

func inProject(project string) string {
	if project == "" {
		return ""
	}
	return " in " + project
}

// titled is a title cut for a list.
func titled(title string) string {
	if title == "" {
		return ""
	}
	return ", " + cut(title, 40)
}
