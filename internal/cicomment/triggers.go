package cicomment

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// DefaultTriggers are the expressions (Go syntax) that start tests on most sites
// of a dialect. Zuul's have no word boundary, so "Recheckbot: …" fires them;
// Jenkins sites fire wherever the word stands.
func DefaultTriggers(dialect string) []string {
	if dialect == DialectJenkins {
		return []string{`(?i)recheck`, `(?i)reverify`, `(?i)^\s*(?:Patch Set [0-9]+:[^\n]*\s+)?(?:\([0-9]+ comments?\)\s+)?(?:retrigger|remerge)\b`}
	}
	const envelope = `(?i)^(?:Patch Set [0-9]+:)?(?: [\w\\+-]*)*(?:\n\n)?(?:\([0-9]+ comments?\)\s*)?\s*`
	return []string{envelope + `(?:recheck|reverify)`, envelope + `check\s+(?:experimental|arm64)`}
}

// Fires reports whether a text of ours would start tests, bare or inside the
// envelopes that Gerrit puts around it, and by which expression.
func Fires(text string, triggers []*regexp.Regexp) (string, bool) {
	text = normalize(text)
	for _, head := range []string{"", "Patch Set 1:\n\n", "Patch Set 1: Verified-1\n\n", "Patch Set 12: Code-Review+1 -Verified\n\n",
		"Patch Set 1:\n\n(1 comment)\n\n", "(1 comment)\n\n"} {
		for _, re := range triggers {
			if re != nil && re.MatchString(head+text) {
				return re.String(), true
			}
		}
	}
	return "", false
}

// Reference is the short reference that ends a review of ours, without its
// brackets: "rb-" and 12 hex digits of a hash of the cause and its own time. It
// holds no letters of which a trigger word could be made.
func Reference(cause string, own time.Time) string {
	sum := sha256.Sum256([]byte(cause + "\x00" + strconv.FormatInt(own.UnixMilli(), 10)))
	return "rb-" + hex.EncodeToString(sum[:6])
}

// siteTrigger reports whether the writer's own words match a trigger that the
// site configured and that the built-in grammar does not know. Expressions that
// fire on the word recheck say nothing more: talk about rechecks is none.
func (r Rules) siteTrigger(message string, patchsetLevel []string) bool {
	var texts []string
	for _, c := range r.CIs {
		for _, re := range c.Triggers {
			if texts == nil {
				texts = []string{ownWords(message), ownWords(normalize(strings.Join(patchsetLevel, "\n")))}
			}
			if re != nil && firesOther(re, texts) {
				return true
			}
		}
	}
	return false
}

func ownWords(text string) string {
	return strings.TrimSpace(strings.Join(spoken(text), "\n"))
}

func firesOther(re *regexp.Regexp, texts []string) bool {
	for _, t := range texts {
		m := asciiLower(re.FindString(t))
		if m != "" && !strings.Contains(m, "recheck") && !strings.Contains(m, "reverify") {
			return true
		}
	}
	return false
}
