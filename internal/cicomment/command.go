package cicomment

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// What a trigger word stands for.
const (
	wordRecheck = "recheck" // run the failed tests again
	wordOther   = "other"   // run other tests
)

// maxCommand bounds the part of a line in which a request is looked for.
const maxCommand = 4000

// command finds a request in one line: at its beginning, or at the beginning of
// a sentence or a last clause of it ("Unrelated failure, recheck").
func command(line string) (word, rest string, ok bool) {
	if line == "" {
		return "", "", false
	}
	line = line[:min(len(line), maxCommand)]
	if !opensLikeCommand(line) && !namesRecheck(line) {
		return "", "", false
	}
	if m := address.FindString(line); m != "" && len(m) < len(line) {
		line = line[len(m):]
	}
	if word, rest, ok := triggerAt(line); ok {
		return word, rest, !talks(rest)
	}
	if rest, ok := politely(line); ok {
		return wordRecheck, rest, true
	}
	l := asciiLower(line)
	for _, w := range []string{"recheck", "reverify"} {
		at := 0
		for {
			i := strings.Index(l[at:], w)
			if i < 0 {
				break
			}
			i += at
			at = i + len(w)
			if _, rest, ok := triggerAt(line[i:]); ok && clauseBegins(l[:i]) && !talks(rest) {
				return wordRecheck, rest, true
			}
		}
	}
	return "", "", false
}

// opensLikeCommand and namesRecheck are the quick way out for most lines.
func opensLikeCommand(line string) bool {
	switch line[0] | 0x20 {
	case 'c', 'r', '*', '_', '@', '@' | 0x20, '_' | 0x20:
		return true
	}
	return false
}

func namesRecheck(line string) bool {
	for i := 0; i+len("recheck") <= len(line); i++ {
		if line[i]|0x20 != 'r' || line[i+1]|0x20 != 'e' {
			continue
		}
		w := line[i : i+len("recheck")]
		if strings.EqualFold(w, "recheck") || strings.EqualFold(w, "re-chec") || strings.EqualFold(w, "reverif") {
			return true
		}
	}
	return false
}

// politely reads "please recheck" with nothing or a bug behind it; with other
// words behind it, it asks a person.
func politely(line string) (rest string, ok bool) {
	m := ""
	if c := line[0] | 0x20; c == 'p' || c == 'k' {
		m = please.FindString(line)
	}
	if m == "" {
		return "", false
	}
	_, rest, ok = triggerAt(line[len(m):])
	return rest, ok && saysItAll(rest)
}

// address is how people speak to the CI.
var address = regexp.MustCompile(`(?i)^(?:(?:hey|hi|hello|dear|ok)[, ]+)?(?:zuul|jenkins)\b[,:!]?[ \t]+`)

// saysItAll reports whether nothing but courtesy or a bug stands behind a word
// that may also be said to a person ("please recheck the logs").
func saysItAll(rest string) bool {
	t := trimLead(rest)
	return isFiller(t) || noBug.MatchString(t) || moreBug.MatchString(t)
}

var please = regexp.MustCompile(`(?i)^(?:please|pls|plz|kindly)[, ]+`)

// triggerAt reads a trigger word at the beginning of s.
func triggerAt(s string) (word, rest string, ok bool) {
	s = strings.TrimLeft(s, " \t\u00a0\u200b")
	if strings.HasPrefix(s, "@") {
		_, s, _ = strings.Cut(s, " ")
	}
	s = strings.TrimLeft(s, "*_")
	l := asciiLower(s[:min(len(s), 60)])
	for _, w := range []string{"recheck", "re-check", "reverify"} {
		if rest, ok := strings.CutPrefix(l, w); ok && endsWord(s[len(w):]) {
			return wordRecheck, s[len(w):], w != "re-check" || saysItAll(rest)
		}
	}
	for _, w := range []string{"retrigger", "remerge", "regate"} {
		if strings.HasPrefix(l, w) && endsWord(s[len(w):]) {
			return wordOther, s[len(w):], true
		}
	}
	if l == "" || (l[0] != 'c' && l[0] != 'r') {
		return "", "", false
	}
	if m := otherTrigger.FindString(s); m != "" {
		return wordOther, s[len(m):], true
	}
	return "", "", false
}

// otherTrigger are the words that start other pipelines: OpenStack's and
// Wikimedia's "check NAME", oVirt's "ci … please", and third-party CIs'
// "recheck-NAME".
var otherTrigger = regexp.MustCompile(`(?i)^(?:check[ \t-]+(?:experimental|arm64)\b` +
	`|check[ \t-]+(?:coverage|perf|performance|silent|codehealth|php|rdo|tripleo|third-?party|extra|nightly|periodic|` +
	`kolla|ironic|devstack|tempest|openshift|k8s|wmf|[a-z][\w.]*-[\w.-]*\w)(?:[ \t]+please)?(?:[ \t.!]*$|[ \t]*[:;,(])` +
	`|ci[ \t]+(?:(?:please|pls|plz)[ \t]+)?(?:re-?)?(?:test|tests|check|build|merge|run|verify)(?:[ \t]+(?:please|pls|plz|again))?[ \t]*(?:[.!]*$|[,;:(])` +
	`|recheck-[a-z][\w.-]*[ \t]*$)`)

// endsWord reports whether the trigger word ends here: "rechecking",
// "Recheckbot", "recheck-queue" and "recheck.py" are other words.
func endsWord(s string) bool {
	if s == "" {
		return true
	}
	r, n := utf8.DecodeRuneInString(s)
	if unicode.IsLetter(r) || unicode.IsDigit(r) {
		return false
	}
	switch r {
	case '\'', '’', '"', '”', '`', '/', '=', ')', ']', '>', '@':
		return false
	case '(':
		return !strings.HasPrefix(s, "()")
	case '-', '_', '.':
		next, _ := utf8.DecodeRuneInString(s[n:])
		return !unicode.IsLetter(next) && !unicode.IsDigit(next)
	}
	return true
}

// clauseBegins reports whether a request may begin behind this text: at the end
// of a sentence, or behind a comma, colon or dash unless the clause before it
// makes it a condition or an instruction to somebody ("if it fails, recheck").
func clauseBegins(before string) bool {
	t := strings.TrimRight(before, " \t*_")
	if t == before || t == "" {
		return false
	}
	if strings.IndexFunc(t, notEmoji) < 0 {
		return true
	}
	r, n := utf8.DecodeLastRuneInString(t)
	t = t[:len(t)-n]
	if strings.Trim(t, "0123456789-") == "" {
		return false // the mark of a list's item
	}
	switch r {
	case '.', '!', ';', '…':
		return !strings.HasSuffix(t, "e.g") && !strings.HasSuffix(t, "i.e")
	case ',', ':', '-', '–', '—', ')':
		if i := strings.LastIndexAny(t, ".!?;"); i >= 0 {
			t = t[i+1:]
		}
		return !instructs.MatchString(t)
	}
	return false
}

// notEmoji is false for the runes that emoji are made of.
func notEmoji(r rune) bool {
	return !unicode.In(r, unicode.So, unicode.Sk, unicode.Mn, unicode.Cf, unicode.Zs)
}

var instructs = regexp.MustCompile(`\b(?:if|when|whenever|once|until|comment|type|post|say|write|leave|reply|you|please|use|command|then|to|e\.g)\b`)

// talks reports whether the words behind "recheck" make it the subject of a
// sentence about rechecks instead of a request.
func talks(rest string) bool {
	if rest == "" || (rest[0] != ' ' && rest[0] != '\t') {
		return false
	}
	rest = strings.TrimLeft(rest, " \t")
	if guess.MatchString(rest) {
		return false
	}
	return strings.HasPrefix(rest, "->") || strings.HasPrefix(rest, "=>") || talk.MatchString(rest)
}

// guess is how people say what they think a failure was ("recheck looks like bug
// 1234567"), although it begins like talk about a recheck.
var guess = regexp.MustCompile(`(?i)^(?:looks?|seems?)[ \t]+(?:to[ \t]+be|like|unrelated|infra|flaky|random|transient)\b`)

var talk = regexp.MustCompile(`(?i)^(?:(?:is|isn't|was|wasn't|are|were|has|hasn't|had|have|will|won't|would|wouldn't|should|shouldn't|` +
	`could|couldn't|can|can't|cannot|did|didn't|does|doesn't|may|might|must|passed|passes|fails|makes|made|takes|keeps|resulted|succeeded|helped|helps|worked|works|` +
	`finished|completed|triggered|started|queued|queue|means|needs|needed|required|comments?|commands?|buttons?|keyword|of|or|vs|than|` +
	`looks|looked|went|shows|showed|gave|gives|seems|seemed|got|comes|came|ran|runs|still[ \t]+\w+(?:s|ed|ing)|` +
	`bot|loop|count|counts|rate|rates|limit|policy|failed[ \t]+(?:again|too|also|as[ \t]+well))\b|'s\b)`)

func asciiLower(s string) string {
	for i := range len(s) {
		if c := s[i]; c >= 'A' && c <= 'Z' {
			return lowered(s)
		}
	}
	return s
}

func lowered(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}
