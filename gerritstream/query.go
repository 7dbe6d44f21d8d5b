package gerritstream

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/recheckbot/recheckbot/internal/ci"
)

const (
	maxAnswer    = 64 << 20 // bytes of one page
	defaultLimit = 100      // changes of one page
	maxQueryText = 8 << 10  // bytes
)

// patchsetLevel is the file name under which Gerrit keeps comments on a whole
// patchset.
const patchsetLevel = "/PATCHSET_LEVEL"

// Query is one page of a query in Gerrit's own language.
type Query struct {
	Text      string // as in Gerrit's search box; never an option, whatever it begins with
	Limit     int    // changes at most; default 100
	Start     int    // changes to leave out: the next page begins at Start plus the changes so far
	Comments  bool   // with the comments
	PatchSets bool   // with Comments: also the patchset-level texts
}

// Page is the answer to a Query, newest change first.
type Page struct {
	Changes []QueriedChange
	More    bool // Gerrit has more
}

// QueriedChange is a change as a query shows it.
type QueriedChange struct {
	ci.Change
	Comments      []Comment         // oldest first
	PatchsetLevel []PatchsetComment // as Gerrit lists them; their words are joined to Comments too
}

// PatchsetComment is a comment on a whole patchset. A query says neither its
// time nor which message it came with.
type PatchsetComment struct {
	Patchset int
	Author   ci.Account
	Text     string
}

// Comment is one message of a change.
type Comment struct {
	Time          time.Time // Gerrit's clock, whole seconds
	Author        ci.Account
	ServiceUser   bool   // REST only: Gerrit tags the account SERVICE_USER
	Message       string // as query and REST show it, "Patch Set N:" first
	Patchset      int    // REST's, else by the message's first line; 0 when neither says
	MessageID     string // REST only
	Tag           string // REST only
	PatchsetLevel []string
	// Unsure: which of the author's messages these patchset-level texts came
	// with is a guess. A query does not say, if inline comments are among them.
	Unsure bool
}

// Query asks for one page. Gerrit's {"type":"error"} line is an error, though
// the command exits with 0; an answer without its last line is one too.
func (c *Client) Query(ctx context.Context, q Query) (Page, error) {
	cmd, err := q.command()
	if err != nil {
		return Page{}, fmt.Errorf("gerrit query: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, c.o.CommandTimeout)
	defer cancel()
	r, err := c.cmds.run(ctx, cmd, nil, maxAnswer)
	if err != nil {
		return Page{}, fmt.Errorf("gerrit query %q: %w", cut(q.Text, 200), err)
	}
	page, err := parsePage(r.stdout)
	if err != nil {
		if r.stderr != "" {
			err = fmt.Errorf("%w: %s", err, cut(r.stderr, 500))
		}
		return Page{}, fmt.Errorf("gerrit query %q: %w", cut(q.Text, 200), err)
	}
	return page, nil
}

// command is the command line. The text stands in brackets, so that it cannot
// be read as an option when it begins with '-'.
func (q Query) command() (string, error) {
	switch {
	case strings.TrimSpace(q.Text) == "":
		return "", errors.New("empty query")
	case len(q.Text) > maxQueryText:
		return "", fmt.Errorf("query of %d bytes, over the limit of %d", len(q.Text), maxQueryText)
	case q.Limit < 0 || q.Start < 0:
		return "", errors.New("negative limit or start")
	}
	limit := q.Limit
	if limit == 0 {
		limit = defaultLimit
	}
	words := []string{"gerrit query --format=JSON"}
	if q.Comments {
		words = append(words, "--comments")
	}
	if q.PatchSets {
		words = append(words, "--patch-sets")
	} else {
		words = append(words, "--current-patch-set")
	}
	if q.Start > 0 {
		words = append(words, "--start", strconv.Itoa(q.Start))
	}
	return strings.Join(append(words, quote(fmt.Sprintf("(%s) limit:%d", q.Text, limit))), " "), nil
}

// wireRow is one line of the answer: a change, the statistics, or an error.
type wireRow struct {
	Type    text `json:"type"`
	Message text `json:"message"`
	More    bool `json:"moreChanges"`
	wireChange
}

// parsePage reads the lines of an answer.
func parsePage(out []byte) (Page, error) {
	var p Page
	done := false
	for line := range bytes.Lines(out) {
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		var row wireRow
		if err := lenient(json.Unmarshal(line, &row)); err != nil {
			return Page{}, fmt.Errorf("malformed answer: %w", err)
		}
		switch row.Type {
		case "error":
			return Page{}, fmt.Errorf("gerrit says: %s", cut(string(row.Message), 500))
		case "stats":
			p.More, done = row.More, true
		default:
			p.Changes = append(p.Changes, row.queried())
		}
	}
	if !done {
		return Page{}, errors.New("the answer is cut off")
	}
	return p, nil
}

func (w wireChange) queried() QueriedChange {
	q := QueriedChange{Change: w.change()}
	for _, c := range w.Comments {
		msg := c.Message.body()
		q.Comments = append(q.Comments, Comment{
			Time: c.Timestamp.seconds(), Author: c.Reviewer.account(), Message: msg, Patchset: readEnvelope(msg).patchset,
		})
	}
	for _, p := range w.PatchSets {
		for _, m := range p.Comments {
			if m.File == patchsetLevel {
				q.PatchsetLevel = append(q.PatchsetLevel, PatchsetComment{
					Patchset: p.Number.small(), Author: m.Reviewer.account(), Text: m.Message.body(),
				})
			}
		}
	}
	join(q.Comments, q.PatchsetLevel, inlineCounts(w.PatchSets))
	return q
}
