package gerritstream

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/recheckbot/recheckbot/internal/ci"
)

// Bounds on what is taken from Gerrit's JSON; the rest is cut off.
const (
	maxName = 1 << 10 // bytes of a name, subject, project, ...
	maxText = 1 << 20 // bytes of a comment; Gerrit's own limit is 16,384 characters, older ones had none
	maxList = 1000    // hashtags, patchset-level comments of one event
)

// Event is one event of the stream. What Gerrit did not say is zero.
type Event struct {
	Type          string
	Created       time.Time // Gerrit's clock, whole seconds
	Change        ci.Change
	Patchset      int        // the one that the event is about
	Author        ci.Account // who did it
	Comment       string
	PatchsetLevel []string // of servers that send them in events; 3.9 does not
}

// wireEvent is the JSON of an event, by Gerrit's "cmd-stream-events" and by
// events of Gerrit 2.8 and 3.9 seen; votes are not asked about.
type wireEvent struct {
	Type      string                   `json:"type"`
	CreatedOn number                   `json:"eventCreatedOn"`
	Change    wireChange               `json:"change"`
	PatchSet  wirePatchSet             `json:"patchSet"`
	Comment   text                     `json:"comment"`
	Comments  map[string][]wireMessage `json:"patchSetComments"`
	Author    wireAccount              `json:"author"`
	Uploader  wireAccount              `json:"uploader"`
	Submitter wireAccount              `json:"submitter"`
	Abandoner wireAccount              `json:"abandoner"`
	Restorer  wireAccount              `json:"restorer"`
	Changer   wireAccount              `json:"changer"`
	Editor    wireAccount              `json:"editor"`
	Deleter   wireAccount              `json:"deleter"`
	Project   text                     `json:"project"`
}

type wireChange struct {
	Project     text           `json:"project"`
	Branch      text           `json:"branch"`
	Key         text           `json:"id"`
	Number      number         `json:"number"`
	Subject     text           `json:"subject"`
	Owner       wireAccount    `json:"owner"`
	URL         text           `json:"url"`
	Status      text           `json:"status"`
	Private     bool           `json:"private"`
	WIP         bool           `json:"wip"`
	Hashtags    []text         `json:"hashtags"`
	LastUpdated number         `json:"lastUpdated"`
	Comments    []wireComment  `json:"comments"`
	Current     wirePatchSet   `json:"currentPatchSet"`
	PatchSets   []wirePatchSet `json:"patchSets"`
}

type wirePatchSet struct {
	Number   number        `json:"number"`
	Comments []wireMessage `json:"comments"`
}

type wireMessage struct {
	File     text        `json:"file"`
	Reviewer wireAccount `json:"reviewer"`
	Message  text        `json:"message"`
}

type wireComment struct {
	Timestamp number      `json:"timestamp"`
	Reviewer  wireAccount `json:"reviewer"`
	Message   text        `json:"message"`
}

type wireAccount struct {
	ID       number `json:"_account_id"` // REST only
	Name     text   `json:"name"`
	Email    text   `json:"email"`
	Username text   `json:"username"`
	Tags     []text `json:"tags"` // REST only: SERVICE_USER
}

// number reads an integer that may also be a string (change.number in old
// Gerrit). Anything else is 0: an odd field must not cost the event.
type number int64

func (n *number) UnmarshalJSON(b []byte) error {
	s := strings.TrimSpace(strings.Trim(string(b), `"`))
	if v, err := strconv.ParseInt(s, 10, 64); err == nil {
		*n = number(v)
		return nil
	}
	if f, err := strconv.ParseFloat(s, 64); err == nil && math.Abs(f) < 1<<53 {
		*n = number(f)
	}
	return nil
}

// small is n where it is a sane patchset, else 0.
func (n number) small() int {
	if n < -1<<20 || n > 1<<20 {
		return 0
	}
	return int(n)
}

// id is n where it can be a number that Gerrit gave, else 0.
func (n number) id() int64 { return max(int64(n), 0) }

// seconds reads n as Unix seconds; zero for what no server can mean.
func (n number) seconds() time.Time {
	if n <= 0 || n > 1<<36 {
		return time.Time{}
	}
	return time.Unix(int64(n), 0).UTC()
}

// text is a string; another type of value leaves it "", which lenient forgives.
type text string

func (t text) name() string { return cut(string(t), maxName) }
func (t text) body() string { return cut(string(t), maxText) }

// Decode reads one event. It takes both numbers and strings for numbers, and
// missing or oddly typed fields; it fails only on what is no event at all.
// ServiceUser is told by REST alone.
func Decode(body []byte) (Event, error) {
	if len(body) > maxLine {
		return Event{}, fmt.Errorf("gerrit event: %d bytes, over the limit of %d", len(body), maxLine)
	}
	var w wireEvent
	if err := lenient(json.Unmarshal(body, &w)); err != nil {
		return Event{}, fmt.Errorf("gerrit event: %w", err)
	}
	if w.Type == "" {
		return Event{}, errors.New("gerrit event: no type")
	}
	e := Event{
		Type: cut(w.Type, maxName), Created: w.CreatedOn.seconds(), Change: w.Change.change(),
		Patchset: w.PatchSet.Number.small(), Author: w.actor(), Comment: w.Comment.body(),
	}
	if e.Change.Project == "" {
		e.Change.Project = w.Project.name()
	}
	for _, m := range head(w.Comments[patchsetLevel]) {
		e.PatchsetLevel = append(e.PatchsetLevel, m.Message.body())
	}
	return e, nil
}

// lenient forgives a field of a type not foreseen, which encoding/json leaves
// zero while it reads on.
func lenient(err error) error {
	if te, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && te.Field != "" {
		return nil
	}
	return err
}

func head[T any](s []T) []T { return s[:min(len(s), maxList)] }

// actor is the one who caused the event; each type names him differently.
func (w wireEvent) actor() ci.Account {
	for _, a := range []wireAccount{w.Author, w.Uploader, w.Submitter, w.Abandoner, w.Restorer, w.Changer, w.Editor, w.Deleter} {
		if acc := a.account(); acc != (ci.Account{}) {
			return acc
		}
	}
	return ci.Account{}
}

func (a wireAccount) account() ci.Account {
	return ci.Account{Username: a.Username.name(), Name: a.Name.name(), Email: a.Email.name(), GerritID: a.ID.id()}
}

func (c wireChange) change() ci.Change {
	out := ci.Change{
		Number: c.Number.id(), Project: c.Project.name(), Branch: c.Branch.name(), Key: c.Key.name(),
		Owner: c.Owner.account(), Subject: c.Subject.name(), Status: c.Status.name(), URL: c.URL.name(),
		Private: c.Private, WIP: c.WIP, Current: c.Current.Number.small(), Updated: c.LastUpdated.seconds(),
	}
	for _, h := range head(c.Hashtags) {
		out.Hashtags = append(out.Hashtags, h.name())
	}
	for _, p := range c.PatchSets {
		out.Current = max(out.Current, p.Number.small())
	}
	return out
}
