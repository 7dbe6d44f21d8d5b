package store

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/recheckbot/recheckbot/internal/ci"
	"github.com/recheckbot/recheckbot/internal/cicomment"
)

var recheckBug = regexp.MustCompile(`recheck bug (\d+)`)

// parse is a small reader of the tests' own comments; the store's tests do not
// depend on how the real one understands people.
func parse(text string, level []string) cicomment.Parsed {
	all := strings.Join(append([]string{text}, level...), "\n")
	p := cicomment.Parsed{Kind: cicomment.KindOther, Role: cicomment.RolePerson, Patchset: 1}
	switch m := recheckBug.FindStringSubmatch(all); {
	case m != nil:
		n, _ := strconv.ParseInt(m[1], 10, 64)
		p.Kind, p.Recheck = cicomment.KindRecheck, &cicomment.Recheck{Kind: cicomment.RecheckBug, Bugs: []int64{n}}
	case strings.Contains(all, "recheck"):
		p.Kind, p.Recheck = cicomment.KindRecheck, &cicomment.Recheck{Kind: cicomment.RecheckReason, Reason: all}
	}
	return p
}

// truth is one comment as it really was: what the stream shows of it, and what
// the list.
type truth struct {
	author        ci.Account
	gerrit, event int // seconds after noon
	heard, listed string
	level         []string
	means         string // "", "recheck" or a bug's number
	messageID     string
	parsed        *cicomment.Parsed // nil: as parse reads it
}

func (c truth) stream(raw int64) Heard {
	p := parse(c.heard, nil)
	if c.parsed != nil {
		p = *c.parsed
	}
	at := noon.Add(time.Duration(c.event) * time.Second)
	return Heard{RawID: raw, Via: ViaStream, Change: aChange(7), Comment: &Comment{
		Author: c.author, EventTime: at, Body: c.heard, Patchset: 1, Parsed: p, Own: at, FirstSeen: at}}
}

func (c truth) row() Comment {
	p := parse(c.listed, c.level)
	if c.parsed != nil {
		p = *c.parsed
	}
	at := noon.Add(time.Duration(c.gerrit) * time.Second)
	return Comment{Author: c.author, GerritTime: at, MessageID: c.messageID, Body: c.listed, PatchsetLevel: c.level,
		Patchset: 1, Parsed: p, Own: at, FirstSeen: at}
}

func rows(list []truth) (out []Comment) {
	for _, c := range list {
		out = append(out, c.row())
	}
	return out
}

const ps1 = "Patch Set 1:\n\n"

// forms are the seven ways in which a reply from Gerrit's web page shows: the
// shapes are a real Gerrit 3.9's.
func forms() []truth {
	return []truth{
		{author: alice, gerrit: 0, event: 1, heard: ps1 + "recheck A", listed: ps1 + "(1 comment)", level: []string{"recheck A"}, means: "recheck"},
		{author: alice, gerrit: 2, event: 2, heard: ps1 + "B2", listed: ps1 + "(1 comment)\n\nrecheck B", level: []string{"B2"}, means: "recheck"},
		{author: alice, gerrit: 3, event: 3, heard: ps1 + "recheck C", listed: "Patch Set 1: Code-Review-1\n\n(2 comments)", level: []string{"recheck C"}, means: "recheck"},
		{author: alice, gerrit: 4, event: 5, heard: ps1 + "recheck D", listed: ps1 + "recheck D", means: "recheck"},
		{author: alice, gerrit: 6, event: 6, heard: ps1 + "recheck E1\nE2", listed: ps1 + "(2 comments)", level: []string{"recheck E1", "E2"}, means: "recheck"},
		{author: alice, gerrit: 7, event: 7, heard: ps1 + "recheck bug 1234567", listed: ps1 + "(1 comment)", level: []string{"recheck bug 1234567"}, means: "1234567"},
		{author: alice, gerrit: 8, event: 9, heard: ps1 + "(1 comment)", listed: ps1 + "(1 comment)"},
	}
}
