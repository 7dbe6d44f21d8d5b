package queries

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"

	"github.com/recheckbot/recheckbot/internal/ci"
	"github.com/recheckbot/recheckbot/internal/lucene"
)

// reader collects what one file says and what is wrong with it.
type reader struct {
	file     string
	mapping  lucene.Mapping
	body     []byte
	f        Fingerprint
	query    *yaml.Node
	bugs     bool // the file names its bugs itself
	problems []Problem
}

// parseFile reads one file; ok is false if it has an error.
func parseFile(name string, body []byte, m lucene.Mapping) (f Fingerprint, problems []Problem, ok bool) {
	r := &reader{file: name + suffix, mapping: m, body: body}
	r.f = Fingerprint{Name: name, YAML: body, SHA: sha256.Sum256(body)}
	if root := r.root(); root != nil {
		r.keys(root)
		r.makeQuery(root)
	}
	if !r.bugs && isNumber(name) {
		r.f.Bugs = []ci.BugRef{{Tracker: ci.Launchpad, Ref: name}}
	}
	return r.f, r.problems, !HasErrors(r.problems)
}

// maxProblems bounds what is told of one file.
const maxProblems = 50

// fail notes a problem. Of too many the last says that there are more, and is
// an error whatever they are.
func (r *reader) fail(n *yaml.Node, format string, args ...any) {
	switch {
	case len(r.problems) > maxProblems:
		return
	case len(r.problems) == maxProblems:
		format, args = "more than %d problems: the rest is not told", []any{maxProblems}
	}
	r.problems = append(r.problems, Problem{File: r.file, Row: n.Line, Col: n.Column, Msg: fmt.Sprintf(format, args...)})
}

func (r *reader) warn(n *yaml.Node, format string, args ...any) {
	if r.fail(n, format, args...); len(r.problems) <= maxProblems {
		r.problems[len(r.problems)-1].Warning = true
	}
}

// root parses the YAML to nodes, which expands no alias, and returns the map.
func (r *reader) root() *yaml.Node {
	if place := badUTF8(r.body); place != nil {
		r.fail(place, "this is not UTF-8")
		return nil
	}
	var doc yaml.Node
	if err := yaml.Load(r.body, &doc); err != nil {
		r.syntaxError(err)
		return nil
	}
	root := doc.Content[0]
	if root.Kind != yaml.MappingNode {
		r.fail(root, "a fingerprint file holds keys and values, such as query: …")
		return nil
	}
	return root
}

// syntaxError reports what the YAML parser found.
func (r *reader) syntaxError(err error) {
	place, msg := &yaml.Node{Line: 1, Column: 1}, strings.TrimPrefix(err.Error(), "yaml: ")
	if e, ok := errors.AsType[*yaml.LoadError](err); ok {
		msg = strings.TrimPrefix(e.Message, "yaml: ")
		if e.Mark.Line > 0 {
			place.Line, place.Column = e.Mark.Line, e.Mark.Column
		}
	}
	r.fail(place, "not valid YAML: %s", msg)
}

// badUTF8 is the place of the first byte that is not UTF-8, nil if there is none.
func badUTF8(body []byte) *yaml.Node {
	if utf8.Valid(body) {
		return nil
	}
	good := bytes.ToValidUTF8(body, []byte("\x00"))
	before := good[:bytes.IndexByte(good, 0)]
	line := before[bytes.LastIndexByte(before, '\n')+1:]
	return &yaml.Node{Line: bytes.Count(before, []byte("\n")) + 1, Column: utf8.RuneCount(line) + 1}
}

// keys reads each key once.
func (r *reader) keys(root *yaml.Node) {
	seen := map[string]bool{}
	for i := 0; i+1 < len(root.Content); i += 2 {
		key, value := root.Content[i], root.Content[i+1]
		if key.Kind != yaml.ScalarNode {
			r.fail(key, "a key must be a word")
			continue
		}
		if seen[key.Value] {
			r.fail(key, "%q stands here a second time", key.Value)
			continue
		}
		seen[key.Value] = true
		r.key(key, value)
	}
}

// key reads one key's value.
func (r *reader) key(key, value *yaml.Node) {
	if value.Kind == yaml.AliasNode {
		r.fail(value, "aliases (*%s) are not read", value.Value)
		return
	}
	switch key.Value {
	case "query":
		r.query = value
	case "title":
		r.f.Title = r.title(value)
	case "bugs":
		r.bugs = true
		r.f.Bugs = r.bugRefs(value)
	case "suppress-graph":
		r.f.SuppressGraph = r.flag(key, value)
	case "suppress-notification":
		r.f.SuppressNotification = r.flag(key, value)
	case "allow-nonvoting":
		r.f.AllowNonvoting = r.flag(key, value)
	case "track-only":
		r.f.TrackOnly = r.flag(key, value)
	case "test_ids":
		r.f.TestIDs = r.texts(key, value)
	case "resolved_at":
		r.f.ResolvedAt = r.scalar(key, value)
	default:
		r.warn(key, "unknown key %q", key.Value)
	}
}

// flag reads true or false, and yes or no as YAML 1.1 did.
func (r *reader) flag(key, value *yaml.Node) bool {
	var b bool
	if value.Kind != yaml.ScalarNode || value.ShortTag() == "!!null" || value.Decode(&b) != nil {
		r.fail(value, "%s is true or false", key.Value)
	}
	return b
}

// scalar reads one value of any type as it is written.
func (r *reader) scalar(key, value *yaml.Node) string {
	if value.Kind != yaml.ScalarNode {
		r.fail(value, "%s is one value", key.Value)
		return ""
	}
	return value.Value
}

// texts reads a list of texts.
func (r *reader) texts(key, value *yaml.Node) []string {
	if value.Kind != yaml.SequenceNode {
		r.fail(value, "%s is a list", key.Value)
		return nil
	}
	var list []string
	for _, item := range value.Content {
		if item.Kind != yaml.ScalarNode || item.ShortTag() != "!!str" {
			r.fail(item, "%s is a list of texts", key.Value)
			continue
		}
		list = append(list, item.Value)
	}
	return list
}

// maxTitle bounds what goes into a line on IRC.
const maxTitle = 200

// title reads one line for people.
func (r *reader) title(value *yaml.Node) string {
	if value.Kind != yaml.ScalarNode || value.ShortTag() != "!!str" {
		r.fail(value, "title is a text")
		return ""
	}
	if utf8.RuneCountInString(value.Value) > maxTitle || strings.ContainsFunc(value.Value, unicode.IsControl) {
		r.fail(value, "title is one line of at most %d characters", maxTitle)
	}
	return value.Value
}

// bugRefs reads tracker:ref, each once.
func (r *reader) bugRefs(value *yaml.Node) []ci.BugRef {
	var list []ci.BugRef
	seen := map[ci.BugRef]bool{}
	for i, text := range r.texts(&yaml.Node{Value: "bugs"}, value) {
		tracker, ref, ok := strings.Cut(text, ":")
		bug := ci.BugRef{Tracker: tracker, Ref: ref}
		if !ok || !plain(tracker) || !plain(ref) {
			r.fail(value.Content[i], "a bug is tracker:ref, such as launchpad:1234567, not %q", text)
			continue
		}
		if !seen[bug] {
			list = append(list, bug)
		}
		seen[bug] = true
	}
	return list
}

// plain reports whether s is fit for a tracker's or a bug's name: no spaces,
// no control characters, not endless. A ref may be owner/name#12.
func plain(s string) bool {
	return s != "" && len(s) <= 200 && !strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsSpace(r) || !unicode.IsPrint(r)
	})
}

func isNumber(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }
