package gerrit

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"

	"github.com/gliderlabs/ssh"
)

const (
	maxInput   = 1 << 20 // bytes of a review
	maxMessage = 16384   // Gerrit's limit of a message, in UTF-16 units
	failed     = "\n\nfatal: one or more reviews failed; review output above\n"
)

// reviewInput is the part of Gerrit's ReviewInput that is known here.
type reviewInput struct {
	Message  string                       `json:"message"`
	Tag      string                       `json:"tag"`
	Notify   string                       `json:"notify"`
	Labels   map[string]int               `json:"labels"`
	Comments map[string][]json.RawMessage `json:"comments"`
	Leave    bool                         `json:"ignore_automatic_attention_set_rules"`
}

var patchsetForm = regexp.MustCompile(`^(\d{1,18}),(\d{1,6})$`)

// review is "gerrit review --json CHANGE,PATCHSET".
func (s *Server) review(session ssh.Session, who *account, args []string) {
	if !slices.Contains(args, "--json") {
		fail(session, 1, "fatal: only --json is known here\n")
		return
	}
	args = slices.DeleteFunc(slices.Clone(args), func(a string) bool { return a == "--json" || a == "-j" })
	in, err := io.ReadAll(io.LimitReader(session, maxInput))
	if err != nil || !s.pause(session) {
		return
	}
	for _, arg := range args {
		number, ps, complaint := s.find(arg)
		if complaint == "" {
			complaint = s.take(who, number, ps, in)
		}
		if complaint != "" {
			fail(session, 1, complaint)
			return
		}
	}
}

// find resolves CHANGE,PATCHSET or says what is wrong with it.
func (s *Server) find(arg string) (number int64, ps int, complaint string) {
	m := patchsetForm.FindStringSubmatch(arg)
	if m == nil {
		return 0, 0, fmt.Sprintf("fatal: %q is not a valid patch set\n", arg)
	}
	number, _ = strconv.ParseInt(m[1], 10, 64)
	ps, _ = strconv.Atoi(m[2])
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.changes[number]
	switch {
	case c == nil:
		return 0, 0, fmt.Sprintf("fatal: %q no such change\n", m[1])
	case ps < 1 || ps > c.current:
		return 0, 0, fmt.Sprintf("fatal: %q no such patch set\n", arg)
	}
	return number, ps, ""
}

// take posts one review, or says why not. Like Gerrit it says nothing of an
// empty message, and nothing of a label or field that it does not know, and
// posts nothing then.
func (s *Server) take(who *account, number int64, ps int, in []byte) (complaint string) {
	f := s.nextReviewFault()
	switch {
	case f.stderr != "":
		return f.stderr
	case f.swallow:
		return ""
	case f.cut && !f.post:
		s.Cut()
		return ""
	}
	if s.hiddenFrom(number, who) {
		return fmt.Sprintf("error: fatal: Not found: %d%s", number, failed)
	}
	var r reviewInput
	dec := json.NewDecoder(bytes.NewReader(in))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&r); err != nil {
		if strings.Contains(err.Error(), "unknown field") {
			return ""
		}
		return "error: java.io.EOFException: End of input at line 1 column 1" +
			"\n\nfatal: internal error while reading review input\n"
	}
	if complaint, ok := s.allowed(who, r); !ok {
		return complaint
	}
	m := Comment{Message: r.Message, Tag: r.Tag, Patchset: ps, Votes: r.Labels}
	m.read(r.Comments)
	if _, err := s.Post(number, who.username, m); err != nil {
		return "fatal: " + err.Error() + "\n"
	}
	if f.cut {
		s.Cut()
	}
	return ""
}

func (s *Server) hiddenFrom(number int64, who *account) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.changes[number]
	return c != nil && c.Hidden && c.Owner != who.username
}

// allowed checks size, labels and rights; with ok false and no complaint the
// review is dropped in silence.
func (s *Server) allowed(who *account, r reviewInput) (complaint string, ok bool) {
	if n := len(utf16.Encode([]rune(r.Message))); n > maxMessage {
		return fmt.Sprintf("error: One or more comments were rejected in validation: Comment size exceeds limit (%d > %d)%s",
			n, maxMessage, failed), false
	}
	for l, v := range r.Labels {
		if !slices.Contains(labels(), l) || v < -2 || v > 2 {
			return "", false
		}
		if l == "Verified" && !who.service {
			return fmt.Sprintf("error: Applying label %q: %d is restricted%s", l, v, failed), false
		}
	}
	return "", strings.TrimSpace(r.Message) != "" || len(r.Labels)+len(r.Comments) > 0
}

// read takes the comments on files and on the patchset.
func (m *Comment) read(files map[string][]json.RawMessage) {
	for name, list := range files {
		if name != "/PATCHSET_LEVEL" {
			m.Inline += len(list)
			continue
		}
		for _, raw := range list {
			var c struct {
				Message string `json:"message"`
			}
			if json.Unmarshal(raw, &c) == nil {
				m.PatchsetLevel = append(m.PatchsetLevel, c.Message)
			}
		}
	}
}
