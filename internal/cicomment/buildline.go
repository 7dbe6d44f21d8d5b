package cicomment

import (
	"strings"

	"github.com/recheckbot/recheckbot/internal/ci"
)

// form says how a build line names its build.
type form int

const (
	formNone form = iota
	formBare      // "- NAME : RESULT": no URL; Zuul v2 without job names
	formTwin      // "- NAME NAME : RESULT": Zuul puts the name where a URL is missing
	formURL       // "- [NAME ]URL : RESULT" or "- NAME build/UUID : RESULT"
)

// buildLine is one bullet that reads like a build.
type buildLine struct {
	form      form
	job, url  string
	uuid      string
	rest      string // what stands behind " : ", continued on later lines
	confident bool   // more than the mere shape says that this is a build
}

const (
	sep = " : "
	// maxSeps bounds the places tried in one line; names hold one or two at most.
	maxSeps = 32
	// maxHead bounds the part of a line before its result.
	maxHead = 8 << 10
)

// readBuildLine reads `- NAME URL : RESULT…` (Zuul's reporter, v2 to v14). Names
// and details may hold anything, " : " included, so the URL is the anchor: the
// first separator whose left side ends in one is taken.
func readBuildLine(line string) (buildLine, bool) {
	if len(line) < 6 || (line[0] != '-' && line[0] != '*') || line[1] != ' ' {
		return buildLine{}, false
	}
	s := line[2:]
	at := 0
	for range maxSeps {
		i := strings.Index(s[at:min(len(s), at+maxHead)], sep)
		if i < 0 || at+i > maxHead {
			break
		}
		if b, ok := anchored(s[:at+i]); ok {
			b.rest = s[at+i+len(sep):]
			b.confident = b.uuid != "" || logFolder(b.url) || plausibleRest(b.rest)
			return b, true
		}
		at += i + 1
	}
	return bareLine(s)
}

// anchored reads the left side of a separator: "NAME URL", "URL", "NAME
// build/UUID" or "NAME NAME".
func anchored(left string) (buildLine, bool) {
	if url, job, ok := cutURL(left); ok {
		return buildLine{form: formURL, job: job, url: url, uuid: buildUUID(url)}, true
	}
	if uuid := buildUUID(left); uuid != "" {
		i := len(left) - len("build/") - len(uuid)
		if i == 0 || left[i-1] == ' ' {
			return buildLine{form: formURL, job: strings.TrimSpace(left[:i]), url: left[i:], uuid: uuid}, true
		}
	}
	n := len(left) / 2
	if len(left)%2 == 1 && n > 0 && left[n] == ' ' && left[:n] == left[n+1:] {
		return buildLine{form: formTwin, job: left[:n]}, true
	}
	return buildLine{}, false
}

// cutURL takes the URL off the end of a line's left side. A tenant's name may
// put spaces into the URL of a build page; no other URL may hold any.
func cutURL(left string) (url, job string, ok bool) {
	i := strings.LastIndex(left, "://")
	if i <= 0 {
		return "", "", false
	}
	st := strings.LastIndexByte(left[:i], ' ') + 1
	url = left[st:]
	if !isLetter(url[0]) {
		return "", "", false
	}
	if strings.IndexByte(url, ' ') >= 0 && buildUUID(url) == "" {
		return "", "", false
	}
	return url, strings.TrimSpace(left[:st]), true
}

// bareLine reads "- NAME : RESULT". The last separator with nothing but a known
// result behind it is taken, else the first; a URL before it is a job's message
// rather than a part of a name.
func bareLine(s string) (buildLine, bool) {
	first := strings.Index(s[:min(len(s), maxHead)], sep)
	if first < 0 {
		return buildLine{}, false
	}
	at := first
	if last := strings.LastIndex(s, sep); last != first && last < maxHead && !strings.Contains(s[:last], "://") && plausibleRest(s[last+len(sep):]) {
		at = last
	}
	b := buildLine{form: formBare, job: strings.TrimSpace(s[:at]), rest: s[at+len(sep):]}
	b.confident = plausibleRest(b.rest)
	return b, b.job != ""
}

// plausibleRest reports whether a result as only a CI writes it stands here: a
// known word, a duration, or "(non-voting)".
func plausibleRest(rest string) bool {
	rest = strings.TrimRight(rest, " ")
	word, _, _ := strings.Cut(rest, " ")
	if knownToZuul(ci.Result(word)) {
		return true
	}
	head, voting := cutVoting(rest)
	if !voting {
		return true
	}
	_, secs := cutElapsed(head)
	return secs != nil
}

// logFolder reports whether a URL ends as Zuul's log folders do: in the first
// digits of the build's uuid.
func logFolder(url string) bool {
	url = strings.TrimRight(url, "/")
	last := url[strings.LastIndexByte(url, '/')+1:]
	return len(last) >= 7 && len(last) <= 32 && isHex(last)
}

// buildUUID returns the uuid of a text that ends in "build/UUID", else "".
func buildUUID(s string) string { return uuidAfter(s, "build/") }

func uuidAfter(s, key string) string {
	s = strings.TrimSuffix(s, "/")
	if len(s) < 32+len(key) {
		return ""
	}
	uuid := s[len(s)-32:]
	head := s[:len(s)-32]
	if !isHex(uuid) || !strings.HasSuffix(head, key) {
		return ""
	}
	if before := len(head) - len(key) - 1; before >= 0 && head[before] != '/' && head[before] != ' ' {
		return ""
	}
	return uuid
}

func isHex(s string) bool {
	for i := range len(s) {
		c := s[i]
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return s != ""
}

// knownToZuul leaves out the words that only Jenkins writes: in Zuul's comments
// they are a job's own message.
func knownToZuul(r ci.Result) bool {
	return r.Known() && r != ci.Unstable && r != ci.NotBuilt
}
