package handlers

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// redacted stands where a secret stood.
const redacted = "[redacted]"

// DefaultRedact are the shapes that credentials commonly have in logs. What a
// group named "keep" matches stays, so that a reader sees what was cut out.
func DefaultRedact() []*regexp.Regexp {
	var list []*regexp.Regexp
	for _, pattern := range []string{
		`-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----(?s:.*?)(?:-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|\z)`,
		`(?i)(?P<keep>\b(?:proxy-)?authorization["']?\s*[:=]\s*["']?(?:(?:basic|bearer|token|digest|negotiate|apikey)\s+)?)[^\s"',;]+`,
		`(?i)(?P<keep>\b(?:set-)?cookie["']?\s*[:=]\s*["']?)[^\r\n"']+`,
		`(?i)(?P<keep>\bx-(?:auth|subject|service|storage|vault)-token["']?\s*[:=]\s*["']?)[^\s"',;]+`,
		`(?i)(?P<keep>\bbearer\s+)[A-Za-z0-9._~+/=-]{8,}`,
		`(?i)(?P<keep>[\w.-]*(?:password|passwd|passphrase|secret|credential|api[_-]?key|access[_-]?key|private[_-]?key|admin_?pass|token)[\w.-]*[\\"']*\s*[:=]+\s*)` +
			`(?:u?"(?:[^"\\]|\\.)*(?:"|\z)|u?'(?:[^'\\]|\\.)*(?:'|\z)|[\\"']*[^\s"',;&\\]+)`,
		`(?i)(?P<keep>\bidentified\s+by\s+)(?:'[^']*'?|"[^"]*"?|\S+)`,
		`(?i)(?P<keep>(?:^|\s)--?(?:[a-z-]*(?:password|token|secret))[ =]+)[^\s"',;]+`,
		`(?i)(?P<keep>\bsshpass\s+-p\s*)\S+`,
		`(?i)(?P<keep>\bmysql\w*\b[^\n]*?\s-p)[^\s"']+`, // glued to the option, as mysql wants it
		`(?i)(?P<keep>\b(?:curl|wget)\b[^\n]*?\s(?:-u|--user)[ =]*["']?[^\s:"']+:)[^\s"']+`,
		`(?i)(?P<keep>[?&;](?:[a-z_-]*signature|[a-z_-]*sig|x-amz-credential)=)[^\s"'&;]+`, // signed addresses
		`(?P<keep>"auth"\s*:\s*")[A-Za-z0-9+/=]{8,}`,                                       // Docker's config.json
		`(?P<keep>[A-Za-z][A-Za-z0-9+.-]*://)[^/\s@"']+@`,
		`\b(?:AKIA|ASIA)[0-9A-Z]{16}\b`,
		`\bgh[pousr]_[A-Za-z0-9]{20,}|\bgithub_pat_[A-Za-z0-9_]{20,}|\bglpat-[A-Za-z0-9_-]{20,}`,
		`\bnpm_[A-Za-z0-9]{30,}|\bpypi-[A-Za-z0-9_-]{30,}|\bAIza[A-Za-z0-9_-]{35}|\bsk-[A-Za-z0-9_-]{20,}`,
		`\bxox[abeoprs]-[A-Za-z0-9-]{10,}`,
		`\bgAAAAA[A-Za-z0-9_=-]{40,}`,                               // Keystone's Fernet tokens
		`\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*`, // JSON web tokens
	} {
		list = append(list, regexp.MustCompile(pattern))
	}
	return list
}

// Redactor makes lines of logs fit to be quoted in public.
type Redactor struct {
	patterns []*regexp.Regexp
}

// NewRedactor makes a Redactor of DefaultRedact and a site's further patterns.
func NewRedactor(further []*regexp.Regexp) *Redactor {
	return &Redactor{append(DefaultRedact(), further...)}
}

// Redact replaces every secret in text.
func (r *Redactor) Redact(text string) string {
	for _, p := range r.patterns {
		text = p.ReplaceAllString(text, "${keep}"+redacted)
	}
	return text
}

// Excerpt is the first line of a log event that says something, without
// secrets and without what could disturb its reader, at most limit characters.
// What is invisible goes first, for a colour between a name and its value hides
// a secret from us and from no reader; then secrets, for cut in its middle a
// secret is no longer recognized.
func (r *Redactor) Excerpt(event string, limit int) string {
	for line := range strings.Lines(r.Redact(manyLines(event))) {
		if line = oneLine(line); line != "" {
			return cut(line, limit)
		}
	}
	return ""
}

// stripANSI drops control sequences and control strings of terminals (ECMA-48,
// 5.4 and 5.6): colours, and what links and titles are made of.
func stripANSI(text string) string {
	if !strings.ContainsRune(text, 0x1b) && !strings.ContainsRune(text, 0x9b) {
		return text
	}
	var b strings.Builder
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		i += size
		switch {
		case r == 0x1b && i < len(text) && text[i] == '[':
			i = endOfSequence(text, i+1)
		case r == 0x1b && i < len(text) && strings.IndexByte("]PX^_", text[i]) >= 0:
			i = endOfString(text, i+1)
		case r == 0x9b:
			i = endOfSequence(text, i)
		default:
			b.WriteString(text[i-size : i])
		}
	}
	return b.String()
}

// endOfSequence is where a control sequence that is open at i ends.
func endOfSequence(text string, i int) int {
	for i < len(text) && text[i] >= 0x20 && text[i] <= 0x3f {
		i++
	}
	if i < len(text) && text[i] >= 0x40 && text[i] <= 0x7e {
		i++
	}
	return i
}

// endOfString is where a control string that is open at i ends: behind BEL or
// ESC \, but within its line.
func endOfString(text string, i int) int {
	for ; i < len(text) && text[i] != '\n'; i++ {
		switch {
		case text[i] == 0x07:
			return i + 1
		case text[i] == 0x1b && i+1 < len(text) && text[i+1] == '\\':
			return i + 2
		}
	}
	return i
}

// oneLine is text as one line of visible characters: no control codes, nothing
// that turns the direction of writing, runs of spaces as one.
func oneLine(text string) string {
	text = strings.ToValidUTF8(stripANSI(text), "\uFFFD")
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r) || r == '\u2028' || r == '\u2029':
			return ' '
		case hidden(r):
			return -1
		}
		return r
	}, text)
	return strings.Join(strings.Fields(text), " ")
}

// manyLines is text with its line feeds, otherwise cleaned as by oneLine but
// for spaces, which may be meant.
func manyLines(text string) string {
	text = strings.ReplaceAll(strings.ToValidUTF8(stripANSI(text), "\uFFFD"), "\r\n", "\n")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r
		case unicode.IsSpace(r) || r == '\u2028' || r == '\u2029':
			return ' '
		case hidden(r):
			return -1
		}
		return r
	}, text)
}

// hidden reports what a reader cannot see but that changes what he sees:
// control and format characters (bidi and zero width among them), private use.
func hidden(r rune) bool {
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Cs)
}

// cut is text of at most limit characters; an ellipsis shows that more was there.
func cut(text string, limit int) string {
	if utf8.RuneCountInString(text) <= limit {
		return text
	}
	runes := []rune(text)
	return strings.TrimRight(string(runes[:max(limit-1, 0)]), " ") + "…"
}
