package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/recheckbot/recheckbot/internal/cicomment"
)

// known is a stored comment as far as identity needs it.
type known struct {
	id, author int64
	event      sql.NullInt64 // the stream's second; invalid: no stream line claimed it
	gerrit     sql.NullInt64 // the list's second; invalid: provisional
	nth        sql.NullInt64
	messageID  sql.NullString
	heard      sql.NullString
	listed     sql.NullString
	level      []string
	whole      bool // the level is known, be it none
	guess      bool
	weight     int
	sessions   []string
}

const knownColumns = `id, author, event_s, gerrit_s, nth, message_id, heard, listed, coalesce(level, '[]'), level IS NOT NULL, guess, weight, sessions`

func scanKnown(rows *sql.Rows) (known, error) {
	var k known
	var level, sessions string
	err := rows.Scan(&k.id, &k.author, &k.event, &k.gerrit, &k.nth, &k.messageID, &k.heard, &k.listed, &level, &k.whole, &k.guess, &k.weight, &sessions)
	if err != nil {
		return k, err
	}
	if err := json.Unmarshal([]byte(level), &k.level); err != nil {
		return k, err
	}
	return k, json.Unmarshal([]byte(sessions), &k.sessions)
}

// listText is the list's text; in a joined row it is left out where it equals
// the stream's.
func (k known) listText() sql.NullString {
	if !k.listed.Valid && k.gerrit.Valid {
		return k.heard
	}
	return k.listed
}

// The stream dates a comment 0 to 2 s later than the list (measured on a server
// that is not loaded; see lateBy). A join allows 2 s either way.
const secondsApart = 2

// standing are the rows of this author that a stream line may stand for: those
// that lines of his second brought, and those that the list alone showed.
func standing(ctx context.Context, tx *txn, change, author, event int64) ([]known, error) {
	return collect(ctx, tx, scanKnown, `SELECT `+knownColumns+` FROM comment WHERE change = ?1 AND author = ?2 AND event_s = ?3
		UNION ALL SELECT * FROM (SELECT `+knownColumns+` FROM comment
			WHERE change = ?1 AND author = ?2 AND event_s IS NULL AND gerrit_s BETWEEN ?3 - ?4 AND ?3 ORDER BY gerrit_s, nth)`,
		change, author, event, lateBy)
}

// unlikelyTwice is the length of a text in bytes that nobody writes twice on one
// change within lateBy, as reports and our own reviews with their names are: of
// a shorter one a late line may well be another comment.
const unlikelyTwice = 100

// claim finds the listed comment that a stream line of this author and second
// belongs to: one whose very words the line has, else the oldest that no line
// has claimed. Lines come in order, so the oldest is the right one whenever none
// was lost; a text that cannot be the same comment's is passed over. One that is
// known to have other patchset-level texts is claimed only when dealt says that
// the line's words were dealt to some comment of the author: then they were
// dealt wrongly, else the line's comment is not listed yet.
func claim(rows []known, event int64, text string, dealt func() (bool, error)) (*known, error) {
	line := span{second: event, text: sql.NullString{String: text, Valid: true}}
	for _, fits := range []func(span) bool{
		func(l span) bool { return l.near(line) && l.says(line) },
		func(l span) bool { return l.says(line) && len(text) >= unlikelyTwice },
		func(l span) bool { return l.near(line) && len(l.level) == 0 && maySame(l.text, line.text) },
		func(l span) bool { return l.near(line) && maySame(l.text, line.text) },
	} {
		i := slices.IndexFunc(rows, func(k known) bool {
			return !k.event.Valid && fits(span{k.gerrit.Int64, k.listText(), k.level})
		})
		if i < 0 {
			continue
		}
		// A line that only counts comments on lines has no words to compare.
		k := &rows[i]
		if words, _ := ownWords(text); words == "" || len(k.level) == 0 || tells(text, k.level) {
			return k, nil
		}
		if wrongly, err := dealt(); err != nil || !wrongly {
			return nil, err
		}
		return k, nil
	}
	return nil, nil
}

// dealt reports whether a list dealt patchset-level texts that the stream's text
// holds to a comment of the author on the change that is not known to be theirs.
func dealt(ctx context.Context, tx *txn, change, author int64, text string) (bool, error) {
	rows, err := collect(ctx, tx, scanKnown, `SELECT `+knownColumns+` FROM comment WHERE change = ? AND author = ? AND level IS NOT NULL`, change, author)
	return slices.ContainsFunc(rows, func(k known) bool {
		return !(k.heard.Valid && tells(k.heard.String, k.level)) &&
			slices.ContainsFunc(k.level, func(one string) bool { return said(text, []string{one}) })
	}), err
}

// again finds the row of a line that another stream session brought already:
// two connections that overlap bring each event twice. Lines of one session are
// never the same comment, however equal they are.
func again(rows []known, text, session string) *known {
	i := slices.IndexFunc(rows, func(k known) bool {
		return k.event.Valid && k.heard.String == text && !slices.Contains(k.sessions, session)
	})
	if i < 0 || session == "" || len(rows[i].sessions) == 0 {
		return nil
	}
	return &rows[i]
}

// echo reports whether a line is a report that is there already, word by word and
// of the same second. A server that sends an event twice on one connection looks
// like somebody who says a thing twice; but no CI ends the same builds twice within
// a second. Should Gerrit's list have two, the other comes with it.
func echo(rows []known, c Comment) bool {
	p := c.Parsed
	if p.Kind != cicomment.KindReport || p.BuildsetUUID == "" && !slices.ContainsFunc(p.Builds, func(b cicomment.Build) bool { return b.UUID != "" }) {
		return false
	}
	return slices.ContainsFunc(rows, func(k known) bool { return k.event.Valid && k.heard.String == c.Body })
}

// maySame reports whether a list's text and a stream's can be of one comment.
// Where inline or patchset-level comments are counted in the list's text, the
// stream shows other words, so anything may be; else the words are the same
// (FACTS: Gerrit over SSH and REST). A text that has aged out may be anything.
func maySame(listed, heard sql.NullString) bool {
	if !listed.Valid || !heard.Valid || listed.String == heard.String {
		return true
	}
	words, open := ownWords(listed.String)
	if open {
		return true
	}
	other, _ := ownWords(heard.String)
	return words == other
}

// ownWords are a comment's words without Gerrit's envelope, in single spaces;
// open when the envelope counts comments whose words stand elsewhere.
func ownWords(text string) (words string, open bool) {
	lines := strings.Split(strings.ReplaceAll(text, "\r", ""), "\n")
	if enveloped(text) {
		lines = lines[1:]
	}
	for i, l := range lines {
		if l = strings.TrimSpace(l); l == "" {
			continue
		}
		if isCount(l) {
			lines[i], open = "", true
		}
		break
	}
	return oneSpaced(strings.Join(lines, " ")), open
}

// opens reports whether a text counts comments whose words stand elsewhere, as
// ownWords does, by its first lines alone.
func opens(text string) bool { _, is := countOf(firstLine(text)); return is }

// counted is how many comments a text counts whose words stand elsewhere.
func counted(text string) int { n, _ := countOf(firstLine(text)); return n }

// firstLine is the first line behind Gerrit's own that is not empty.
func firstLine(text string) string {
	if enveloped(text) {
		_, text, _ = strings.Cut(text, "\n")
	}
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			return line
		}
	}
	return ""
}

// enveloped reports whether the text begins as Gerrit's own do: "Patch Set N".
func enveloped(text string) bool {
	rest, ok := strings.CutPrefix(strings.TrimSpace(text), "Patch Set ")
	return ok && rest != "" && rest[0] >= '0' && rest[0] <= '9'
}

// isCount reports whether a line is "(1 comment)" or "(N comments)".
func isCount(line string) bool { _, is := countOf(line); return is }

// countOf is the number in such a line.
func countOf(line string) (int, bool) {
	n, ok := strings.CutPrefix(line, "(")
	if !ok {
		return 0, false
	}
	n, one := strings.CutSuffix(n, " comment)")
	if !one {
		if n, ok = strings.CutSuffix(n, " comments)"); !ok {
			return 0, false
		}
	}
	if n == "" || strings.Trim(n, "0123456789") != "" {
		return 0, false
	}
	count, err := strconv.Atoi(n)
	return count, err == nil
}

// said reports whether the stream's text holds all of these patchset-level
// texts; if it does not, they are another comment's.
func said(heard string, level []string) bool {
	words := " " + oneSpaced(heard) + " "
	return !slices.ContainsFunc(level, func(l string) bool {
		l = oneSpaced(l)
		return l != "" && !strings.Contains(words, " "+l+" ")
	})
}

// oneSpaced is a text with single spaces for all white space.
func oneSpaced(text string) string { return strings.Join(strings.Fields(text), " ") }
