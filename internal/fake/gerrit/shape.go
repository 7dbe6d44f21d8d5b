package gerrit

import (
	"fmt"
	"strconv"
	"time"
)

// event is the JSON of one event; the order of fields is Gerrit's.
type event struct {
	Author    *person    `json:"author,omitempty"`
	Uploader  *person    `json:"uploader,omitempty"`
	Submitter *person    `json:"submitter,omitempty"`
	Abandoner *person    `json:"abandoner,omitempty"`
	Restorer  *person    `json:"restorer,omitempty"`
	Changer   *person    `json:"changer,omitempty"`
	Editor    *person    `json:"editor,omitempty"`
	Deleter   *person    `json:"deleter,omitempty"`
	Hashtags  []string   `json:"hashtags,omitempty"`
	Approvals []approval `json:"approvals,omitempty"`
	Comment   *string    `json:"comment,omitempty"`
	RefUpdate *refUpdate `json:"refUpdate,omitempty"`
	PatchSet  *patchSet  `json:"patchSet,omitempty"`
	Change    *shown     `json:"change,omitempty"`
	Project   string     `json:"project,omitempty"`
	RefName   string     `json:"refName,omitempty"`
	ChangeKey *changeKey `json:"changeKey,omitempty"`
	Type      string     `json:"type"`
	CreatedOn int64      `json:"eventCreatedOn"`
}

type person struct {
	Name     string `json:"name,omitempty"`
	Email    string `json:"email,omitempty"`
	Username string `json:"username,omitempty"`
}

type approval struct {
	Type        string  `json:"type"`
	Description string  `json:"description"`
	Value       string  `json:"value"`
	OldValue    *string `json:"oldValue,omitempty"`
}

type refUpdate struct {
	OldRev  string `json:"oldRev"`
	NewRev  string `json:"newRev"`
	RefName string `json:"refName"`
	Project string `json:"project"`
}

type changeKey struct {
	ID string `json:"id"`
}

type patchSet struct {
	Number   int           `json:"number"`
	Revision string        `json:"revision"`
	Ref      string        `json:"ref"`
	Uploader *person       `json:"uploader"`
	Created  int64         `json:"createdOn"`
	Author   *person       `json:"author"`
	Kind     string        `json:"kind"`
	Comments []fileComment `json:"comments,omitempty"`
}

type fileComment struct {
	File     string  `json:"file"`
	Line     int     `json:"line"`
	Reviewer *person `json:"reviewer"`
	Message  string  `json:"message"`
}

// shown is a change, in events and in queries.
type shown struct {
	Project       string           `json:"project"`
	Branch        string           `json:"branch"`
	ID            string           `json:"id"`
	Number        int64            `json:"number"`
	Subject       string           `json:"subject"`
	Owner         *person          `json:"owner"`
	URL           string           `json:"url"`
	CommitMessage string           `json:"commitMessage,omitempty"`
	Hashtags      []string         `json:"hashtags,omitempty"`
	CreatedOn     int64            `json:"createdOn"`
	LastUpdated   int64            `json:"lastUpdated,omitempty"`
	Open          *bool            `json:"open,omitempty"`
	Status        string           `json:"status"`
	Private       bool             `json:"private,omitempty"`
	WIP           bool             `json:"wip,omitempty"`
	Comments      []queriedComment `json:"comments,omitempty"`
	Current       *patchSet        `json:"currentPatchSet,omitempty"`
	PatchSets     []*patchSet      `json:"patchSets,omitempty"`
}

type queriedComment struct {
	Timestamp int64   `json:"timestamp"`
	Reviewer  *person `json:"reviewer"`
	Message   string  `json:"message"`
}

// person shows an account. Server.mu is held.
func (s *Server) person(username string) *person {
	a := s.accounts[username]
	if a == nil {
		return &person{Username: username}
	}
	return &person{Name: a.name, Email: a.email, Username: a.username}
}

func (s *Server) patchSet(c *change, n int) *patchSet {
	owner := s.person(c.Owner)
	return &patchSet{
		Number: n, Revision: s.revision("patchset", c.number, n), Ref: fmt.Sprintf("refs/changes/%02d/%d/%d", c.number%100, c.number, n),
		Uploader: owner, Created: c.created.Unix(), Author: owner, Kind: "REWORK",
	}
}

func (s *Server) shown(c *change) *shown {
	return &shown{
		Project: c.Project, Branch: c.Branch, ID: c.key, Number: c.number, Subject: c.Subject, Owner: s.person(c.Owner),
		URL: fmt.Sprintf("http://gerrit.example.org/c/%s/+/%d", c.Project, c.number), Hashtags: c.Hashtags,
		CreatedOn: c.created.Unix(), Status: c.status, Private: c.Private, WIP: c.WIP,
	}
}

// fill adds to e what every event about a change has.
func (s *Server) fill(c *change, e *event) {
	e.Change = s.shown(c)
	e.Change.CommitMessage = c.Subject + "\n\nChange-Id: " + c.key + "\n"
	e.Project, e.RefName, e.ChangeKey = c.Project, "refs/heads/"+c.Branch, &changeKey{ID: c.key}
	e.CreatedOn = s.o.Now().Truncate(time.Second).Unix()
}

// metaEvent is the ref-updated that comes with every change of a change.
func metaEvent(c *change, e *event) *event {
	ref := fmt.Sprintf("refs/changes/%02d/%d/meta", c.number%100, c.number)
	return &event{
		Submitter: e.Author, RefUpdate: &refUpdate{RefName: ref, Project: c.Project}, Type: "ref-updated", CreatedOn: e.CreatedOn,
	}
}

// approvals lists every label; those that this post changed have an old value.
// On a closed change Gerrit lists none.
func approvals(c *change, old, posted map[string]int) []approval {
	if c.status != "NEW" {
		return nil
	}
	var out []approval
	for _, l := range labels() {
		a := approval{Type: l, Description: l, Value: strconv.Itoa(c.votes[l])}
		if v, ok := posted[l]; ok && v != old[l] {
			was := strconv.Itoa(old[l])
			a.OldValue = &was
		}
		out = append(out, a)
	}
	return out
}
