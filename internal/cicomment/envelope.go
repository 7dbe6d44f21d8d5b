package cicomment

import (
	"strconv"
	"strings"
)

// envelope is a comment without what Gerrit writes around it.
type envelope struct {
	patchset int // 0 when there is no "Patch Set N:"
	vote     int // -1, 0 or 1: the sign of the votes on the first line, a negative one wins
	text     string
}

const maxPatchset = 1 << 30

// normalize makes every line end a line feed and drops a byte order mark.
func normalize(s string) string {
	s = strings.TrimPrefix(s, "\ufeff")
	if strings.IndexByte(s, '\r') >= 0 {
		s = strings.ReplaceAll(s, "\r\n", "\n")
		s = strings.ReplaceAll(s, "\r", "\n")
	}
	return s
}

// open takes Gerrit's envelope off: "Patch Set N:" with votes, a blank line,
// perhaps "(1 comment)". The words of a CI or a person begin behind it.
func open(comment string) envelope {
	s := strings.TrimLeft(normalize(comment), " \t\n")
	e := envelope{text: s}
	num, rest, ok := patchSetLine(s)
	if ok {
		e.patchset = num
		line, tail, _ := strings.Cut(rest, "\n")
		e.text = tail
		votes, words := readVotes(line)
		e.vote = votes
		if words != "" {
			e.text = words + "\n" + tail
		}
	}
	e.text = dropCommentCount(e.text)
	return e
}

func patchSetLine(s string) (number int, rest string, ok bool) {
	const head, maxDigits = "patch set ", 10
	if len(s) < len(head) || !strings.EqualFold(s[:len(head)], head) {
		return 0, "", false
	}
	s = s[len(head):]
	i := strings.IndexByte(s[:min(len(s), maxDigits)], ':')
	if i < 1 {
		return 0, "", false
	}
	n, err := strconv.Atoi(s[:i])
	if err != nil || n < 0 || n > maxPatchset {
		return 0, "", false
	}
	return n, s[i+1:], true
}

// readVotes reads the rest of the first line: votes such as "Verified-1" or
// "-Verified", or old Gerrit's prose. What is neither, and is a request of the
// writer, is given back as words.
func readVotes(line string) (vote int, words string) {
	line = dropInlineCount(strings.TrimSpace(line))
	if line == "" {
		return 0, ""
	}
	if v, ok := proseVote(line); ok {
		return v, ""
	}
	fields := strings.Fields(line)
	for i, f := range fields {
		v, ok := oneVote(f)
		if !ok {
			rest := strings.Join(fields[i:], " ")
			if w, _, ok := triggerAt(rest); ok && w != "" {
				return vote, rest
			}
			return vote, ""
		}
		if v < 0 || vote == 0 {
			vote = v
		}
	}
	return vote, ""
}

// oneVote reads "Label+1", "Label-2" (a vote) or "-Label" (one taken back).
func oneVote(f string) (int, bool) {
	if len(f) > 1 && f[0] == '-' && isLetter(f[1]) {
		return 0, true
	}
	i := len(f)
	for i > 0 && f[i-1] >= '0' && f[i-1] <= '9' {
		i--
	}
	if i == len(f) || i < 2 || !isLetter(f[0]) {
		return 0, false
	}
	zero := strings.Trim(f[i:], "0") == ""
	switch {
	case zero:
		return 0, f[i-1] == '+' || f[i-1] == '-'
	case f[i-1] == '+':
		return 1, true
	case f[i-1] == '-':
		return -1, true
	}
	return 0, false
}

// proseVote knows the sentences that Gerrit before 2.6 wrote for votes.
func proseVote(line string) (int, bool) {
	switch strings.ToLower(strings.TrimRight(line, ".")) {
	case "verified", "works for me":
		return 1, true
	case "fails", "doesn't seem to work", "does not seem to work":
		return -1, true
	}
	return 0, false
}

// dropCommentCount removes a first line such as "(1 comment)" or
// "(2 inline comments)".
func dropCommentCount(s string) string {
	s = strings.TrimLeft(s, "\n")
	line, rest, _ := strings.Cut(s, "\n")
	if isCommentCount(strings.TrimSpace(line)) {
		return strings.TrimLeft(rest, "\n")
	}
	return s
}

func dropInlineCount(line string) string {
	if i := strings.LastIndexByte(line, '('); i >= 0 && isCommentCount(line[i:]) {
		return strings.TrimSpace(line[:i])
	}
	return line
}

func isCommentCount(s string) bool {
	if len(s) < 4 || len(s) > 60 || s[0] != '(' || s[len(s)-1] != ')' {
		return false
	}
	f := strings.Fields(s[1 : len(s)-1])
	if len(f) < 2 {
		return false
	}
	if _, err := strconv.Atoi(f[0]); err != nil {
		return false
	}
	last := f[1]
	if last == "inline" && len(f) > 2 {
		last = f[2]
	}
	last = strings.TrimRight(last, ",;")
	return last == "comment" || last == "comments"
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }
