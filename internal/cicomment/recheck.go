package cicomment

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// maxReason bounds the reason that is kept, in bytes.
const maxReason = 2000

// recheck finds what a writer asked for in both texts of a comment: the message
// and the patchset-level texts. It is nil when nothing was asked for.
func (r Rules) recheck(message string, patchsetLevel []string) *Recheck {
	got := request(message)
	got = merge(got, request(normalize(strings.Join(patchsetLevel, "\n"))))
	if got == nil && r.siteTrigger(message, patchsetLevel) {
		return &Recheck{Kind: RecheckOtherTrigger}
	}
	return got
}

// Bounds on one text: Gerrit takes no longer ones, and nobody asks that often.
const (
	maxRequests = 200
	maxText     = 1 << 20
)

// request reads one text.
func request(text string) *Recheck {
	text = text[:min(len(text), maxText)]
	if !mayAsk(text) {
		return nil
	}
	lines := spoken(plainSpaces(text))
	var got *Recheck
	for i, n := 0, 0; i < len(lines) && n < maxRequests; i++ {
		word, rest, ok := command(lines[i])
		if !ok {
			continue
		}
		n++
		if word == wordOther {
			got = merge(got, &Recheck{Kind: RecheckOtherTrigger})
			continue
		}
		got = merge(got, statement(rest, lines[i+1:]))
	}
	return got
}

// spaces are what typesetting and browsers put in place of a space, or of nothing.
var spaces = strings.NewReplacer("\u00a0", " ", "\u2007", " ", "\u202f", " ", "\u3000", " ", "\u200b", "", "\ufeff", "")

func plainSpaces(s string) string {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return spaces.Replace(s)
		}
	}
	return s
}

// mayAsk is the quick way out for the many texts without any trigger word.
func mayAsk(text string) bool {
	l := asciiLower(text)
	for _, w := range []string{"check", "reverify", "retrigger", "remerge", "regate", "ci "} {
		if strings.Contains(l, w) {
			return true
		}
	}
	return false
}

// spoken keeps the writer's own lines: no quotes and no code blocks. Indented
// lines are code where words stand before them; a whole comment that is only
// indented is not. What is left out becomes a blank line.
func spoken(text string) []string {
	lines := strings.Split(text, "\n")
	fence := ""
	words := false
	for i, l := range lines {
		t := strings.TrimSpace(l)
		code := fence != ""
		if f := fenceOf(t); f != "" && (fence == "" || fence == f) {
			code = true
			if fence == "" {
				fence = f
			} else {
				fence = ""
			}
			if len(t) > 3 && strings.HasSuffix(t, f) && strings.Count(t, f) > 1 {
				fence = "" // opened and closed on one line
			}
		}
		indented := words && (strings.HasPrefix(l, "    ") || strings.HasPrefix(l, "\t"))
		if code || indented || strings.HasPrefix(t, ">") {
			lines[i] = ""
			continue
		}
		words = words || t != ""
		lines[i] = t
	}
	return lines
}

func fenceOf(t string) string {
	for _, f := range []string{"```", "~~~"} {
		if strings.HasPrefix(t, f) {
			return f
		}
	}
	return ""
}

// statement reads what stands behind "recheck": the rest of its line, or, when
// that says nothing, the paragraph below it.
func statement(rest string, below []string) *Recheck {
	said := strings.TrimSpace(rest)
	rest = trimLead(rest)
	switch {
	case isFiller(rest), isFiller(said): // ":D" is more than its letter
		more := paragraph(below)
		if isFiller(more) {
			return &Recheck{Kind: RecheckBare}
		}
		if startsBug.MatchString(rest) {
			more = rest + " " + more
		}
		rest = more
	default:
		rest += moreBugs(below)
	}
	if m := noBug.FindString(rest); m != "" {
		return &Recheck{Kind: RecheckNoBug, Reason: reason(rest[len(m):])}
	}
	found := findBugs(rest)
	out := &Recheck{Kind: RecheckReason, Bugs: found.bugs, Refs: found.refs}
	if len(out.Bugs)+len(out.Refs) > 0 {
		out.Kind = RecheckBug
		if isFiller(found.others) {
			return out
		}
	}
	out.Reason = reason(rest)
	return out
}

var (
	noBug = regexp.MustCompile(`(?i)^(?:with\s+|there\s+is\s+)?no[\s-]*(?:known\s+)?bugs?\b|^without\s+(?:an?\s+)?bug\b`)
	// filler says nothing: courtesy, and words that only repeat the request.
	filler = regexp.MustCompile(`(?i)^(?:[:;=]['-]?[dpo]\b|\(ツ\)|[^\pL\pN]|` +
		`\b(?:(?:pretty\s+)?please|pls|plz|thanks(?:\s+in\s+advance)?|thank\s+you|thx|ty|cheers|again|now|it|all|xd|` +
		`(?:this|the)(?:\s+(?:patch|change|one))?|` +
		`once\s+(?:more|again)|one\s+more\s+time|bugs?|lp|launchpad|and|number|hopefully|sigh|sorry)\b)*$`)
	farewell  = regexp.MustCompile(`(?i)^(?:--|(?:thanks|thank you|thx|cheers|regards|best regards|kind regards)[,.! ]*|sent from my .*)$`)
	startsBug = regexp.MustCompile(`(?i)^(?:bugs?|lp|launchpad)\b`)
	moreBug   = regexp.MustCompile(`(?i)^(?:and\s+|&\s*|,\s*|also\s+)?(?:bugs?|lp|launchpad|story|rhbz|bz)[\s:#]*\d|^#\d|^https?://\S+$`)
)

func isFiller(s string) bool {
	const maxFiller = 80
	return len(s) <= maxFiller && filler.MatchString(s)
}

// paragraph is the first paragraph of the lines, up to the next request.
func paragraph(lines []string) string {
	const maxLines = 20
	var out []string
	for _, l := range lines[:min(len(lines), maxLines)] {
		if _, _, ok := command(l); ok {
			break
		}
		if (l == "" && len(out) > 0) || (len(out) == 0 && farewell.MatchString(l)) {
			break
		}
		if l != "" {
			out = append(out, l)
		}
	}
	return strings.Join(out, "\n")
}

// moreBugs are the lines right below that begin with a bug and so go on with a
// list of bugs.
func moreBugs(below []string) string {
	const maxLines = 20
	var more strings.Builder
	for _, l := range below[:min(len(below), maxLines)] {
		if len(l) > maxReason || !moreBug.MatchString(l) {
			break
		}
		more.WriteString("\n" + l)
	}
	return more.String()
}

func trimLead(s string) string {
	s = strings.TrimSpace(strings.TrimLeft(s, " \t\u00a0:,;.!*_-–—…"))
	if inner, ok := strings.CutPrefix(s, "("); ok && strings.HasSuffix(inner, ")") && !strings.Contains(inner, "(") {
		return strings.TrimSpace(inner[:len(inner)-1])
	}
	return s
}

func reason(s string) string {
	s = trimLead(s)
	if isFiller(s) {
		return ""
	}
	if len(s) > maxReason {
		s = strings.ToValidUTF8(s[:maxReason], "")
	}
	return s
}

// merge joins two requests of one comment: the one that says more names the kind.
func merge(a, b *Recheck) *Recheck {
	if a == nil || b == nil {
		if a == nil {
			return b
		}
		return a
	}
	if rank(b.Kind) > rank(a.Kind) {
		a, b = &Recheck{Kind: b.Kind, Bugs: a.Bugs, Refs: a.Refs, Reason: b.Reason}, &Recheck{Bugs: b.Bugs, Refs: b.Refs, Reason: a.Reason}
	}
	for _, n := range b.Bugs {
		if !slices.Contains(a.Bugs, n) {
			a.Bugs = append(a.Bugs, n)
		}
	}
	for _, ref := range b.Refs {
		if !slices.Contains(a.Refs, ref) {
			a.Refs = append(a.Refs, ref)
		}
	}
	if a.Reason == "" {
		a.Reason = b.Reason
	}
	return a
}

func rank(k RecheckKind) int {
	return slices.Index([]RecheckKind{RecheckOtherTrigger, RecheckBare, RecheckReason, RecheckNoBug, RecheckBug}, k)
}
