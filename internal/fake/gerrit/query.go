package gerrit

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gliderlabs/ssh"
)

// query is "gerrit query --format=JSON". A query that is not understood exits
// with 0, as in Gerrit.
func (s *Server) query(session ssh.Session, args []string) {
	var o queryOptions
	if complaint := o.read(args); complaint != "" {
		fail(session, 1, complaint)
		return
	}
	if !s.pause(session) {
		return
	}
	out := json.NewEncoder(session)
	match, limit, err := parseQuery(strings.Join(o.words, " "), s.o.Now())
	if err != nil {
		_ = out.Encode(map[string]string{"type": "error", "message": err.Error()})
		return
	}
	rows, more := s.rows(session.User(), match, limit, o)
	for _, r := range rows {
		if out.Encode(r) != nil {
			return
		}
	}
	_ = out.Encode(stats{Type: "stats", Rows: len(rows), Millis: 1, More: more})
}

type stats struct {
	Type   string `json:"type"`
	Rows   int    `json:"rowCount"`
	Millis int    `json:"runTimeMilliseconds"`
	More   bool   `json:"moreChanges"`
}

type queryOptions struct {
	comments, patchSets, current bool
	start                        int
	words                        []string
}

func (o *queryOptions) read(args []string) (complaint string) {
	for i := 0; i < len(args); i++ {
		switch a := args[i]; {
		case a == "--format=JSON":
		case a == "--comments":
			o.comments = true
		case a == "--patch-sets":
			o.patchSets = true
		case a == "--current-patch-set":
			o.current = true
		case (a == "--start" || a == "-S") && i+1 < len(args):
			i++
			o.start, _ = strconv.Atoi(args[i])
		case strings.HasPrefix(a, "-"):
			return fmt.Sprintf("fatal: %q is not a valid option\n", a)
		default:
			o.words = append(o.words, a)
		}
	}
	return ""
}

// pause waits as Slow says; false when the connection ended meanwhile.
func (s *Server) pause(session ssh.Session) bool {
	s.mu.Lock()
	d := s.faults.slow
	s.mu.Unlock()
	if d == 0 {
		return true
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-session.Context().Done():
		return false
	}
}

// rows are the changes that match, newest first.
func (s *Server) rows(user string, match filter, limit int, o queryOptions) ([]*shown, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []*change
	for _, c := range s.changes {
		c = s.inIndex(c)
		if match(c) && s.indexed(c.created) && (!c.Hidden || c.Owner == user) {
			found = append(found, c)
		}
	}
	slices.SortFunc(found, func(a, b *change) int {
		if n := b.updated.Compare(a.updated); n != 0 {
			return n
		}
		return int(b.number - a.number)
	})
	found = found[min(o.start, len(found)):]
	more := len(found) > limit
	var out []*shown
	for _, c := range found[:min(limit, len(found))] {
		out = append(out, s.row(c, o))
	}
	return out, more
}

// inIndex is a change as a lagging index has it: updated when the last comment
// came that it shows. It shares all else with c.
func (s *Server) inIndex(c *change) *change {
	if s.indexed(c.updated) {
		return c
	}
	old := *c
	old.updated = c.created
	for _, p := range c.log {
		if s.indexed(p.Time) {
			old.updated = p.Time
		}
	}
	return &old
}

// indexed reports whether something of that time is seen by queries already.
func (s *Server) indexed(t time.Time) bool {
	return s.faults.lag == 0 || s.o.Now().Sub(t) >= s.faults.lag
}

// row is a change as a query shows it.
func (s *Server) row(c *change, o queryOptions) *shown {
	r := s.shown(c)
	open := c.status == "NEW"
	r.Open, r.LastUpdated = &open, c.updated.Unix()
	if o.comments {
		for _, p := range c.log {
			if s.indexed(p.Time) {
				r.Comments = append(r.Comments, queriedComment{Timestamp: p.Time.Unix(), Reviewer: s.person(p.Author), Message: p.Shown})
			}
		}
	}
	if o.current {
		r.Current = s.patchSet(c, c.current)
	}
	if o.patchSets {
		for n := range c.current {
			ps := s.patchSet(c, n+1)
			if o.comments {
				ps.Comments = s.fileComments(c, n+1)
			}
			r.PatchSets = append(r.PatchSets, ps)
		}
	}
	return r
}

// fileComments lists a patchset's comments as Gerrit does: by file, then as
// they were made; neither time nor message is shown.
func (s *Server) fileComments(c *change, ps int) []fileComment {
	var inline, level []fileComment
	for _, p := range c.log {
		if p.Patchset != ps || !s.indexed(p.Time) {
			continue
		}
		for i := range p.Inline {
			inline = append(inline, fileComment{File: "/COMMIT_MSG", Line: i + 1, Reviewer: s.person(p.Author), Message: "inline"})
		}
		for _, t := range p.PatchsetLevel {
			level = append(level, fileComment{File: "/PATCHSET_LEVEL", Reviewer: s.person(p.Author), Message: t})
		}
	}
	return append(inline, level...)
}
