package handlers

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/recheckbot/recheckbot/internal/ci"
	"github.com/recheckbot/recheckbot/internal/store"
)

// QueueAnswer is the queue of untracked bugs, most rechecks first.
type QueueAnswer struct {
	Project    string      `json:"project,omitempty"` // in full
	Candidates []string    `json:"candidates,omitempty"`
	Unknown    bool        `json:"unknown,omitempty"` // no such project was ever seen
	Nearest    []string    `json:"nearest,omitempty"` // known ones, when it is unknown
	Total      int         `json:"total"`
	Bugs       []QueuedBug `json:"bugs"`
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
// (full name, or its last part where that is unique), and may be empty.
func (a *Answers) Queue(ctx context.Context, project string, limit int) (QueueAnswer, error) {
	answer := QueueAnswer{Project: project, Bugs: []QueuedBug{}}
	if project != "" {
		known, err := a.Reader.Projects(ctx)
		if err != nil {
			return QueueAnswer{}, fmt.Errorf("queue %q: %w", project, err)
		}
		switch full := projectsNamed(project, known); len(full) {
		case 0:
			answer.Unknown, answer.Nearest = true, nearestProjects(project, known)
			return answer, nil
		case 1:
			answer.Project = full[0]
		default:
			answer.Candidates = full
			return answer, nil
		}
	}
	items, total, err := a.Reader.Queue(ctx, answer.Project, limit)
	if err != nil {
		return QueueAnswer{}, fmt.Errorf("queue %q: %w", project, err)
	}
	answer.Total = total
	for _, it := range items {
		answer.Bugs = append(answer.Bugs, a.queued(it))
	}
	return answer, nil
}

// projectsNamed are the known projects that a name can mean: the one of that
// full name, else all with that last part.
func projectsNamed(name string, known []string) []string {
	if slices.Contains(known, name) {
		return []string{name}
	}
	var found []string
	for _, project := range known {
		if path.Base(project) == name {
			found = append(found, project)
		}
	}
	return found
}

// nearestProjects are up to three known projects that are nearest to a name, by
// their full names or by their last parts, as people write them.
func nearestProjects(name string, known []string) []string {
	names := slices.Clone(known)
	for _, project := range known {
		names = append(names, path.Base(project))
	}
	var offered []string
	for _, near := range nearest(name, names, 6) {
		if !slices.Contains(offered, path.Base(near)) && len(offered) < 3 {
			offered = append(offered, near)
		}
	}
	return offered
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
	switch {
	case len(q.Candidates) > 0:
		return []string{fmt.Sprintf("%s can mean %s; say which.", cut(q.Project, 60), someOf(q.Candidates, maxOffered, ", "))}
	case q.Unknown:
		return []string{unknownName("project", q.Project, q.Nearest)}
	case q.Total == 0:
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
