package cicomment

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/recheckbot/recheckbot/internal/ci"
)

// golden reads the table of people's comments.
func golden(t *testing.T) []asked {
	t.Helper()
	data, err := os.ReadFile("testdata/people.txt")
	if err != nil {
		t.Fatal(err)
	}
	escapes := strings.NewReplacer(`\n`, "\n", `\r`, "\r", `\t`, "\t")
	var out []asked
	for i, line := range strings.Split(string(data), "\n") {
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		answer, text, ok := strings.Cut(line, " | ")
		if !ok {
			t.Fatalf("people.txt:%d: no answer", i+1)
		}
		c := readAnswer(t, answer)
		c.text, c.reason = escapes.Replace(text), "*"
		out = append(out, c)
	}
	return out
}

func readAnswer(t *testing.T, answer string) asked {
	t.Helper()
	kinds := map[string]RecheckKind{"none": "", "bare": RecheckBare, "reason": RecheckReason, "nobug": RecheckNoBug,
		"other": RecheckOtherTrigger, "bug": RecheckBug}
	fields := strings.Fields(answer)
	kind, ok := kinds[fields[0]]
	if !ok {
		t.Fatalf("people.txt: answer %q", answer)
	}
	c := asked{kind: kind}
	for _, f := range fields[1:] {
		if tracker, r, ok := strings.Cut(f, ":"); ok {
			c.refs = append(c.refs, ci.BugRef{Tracker: tracker, Ref: r})
			continue
		}
		var n int64
		if _, err := fmt.Sscan(f, &n); err != nil {
			t.Fatalf("people.txt: answer %q: %v", answer, err)
		}
		c.bugs = append(c.bugs, n)
	}
	return c
}

// words is a request in the words of the table.
func (c asked) words() string {
	return fmt.Sprint(c.kind, c.bugs, c.refs)
}

// TestPeopleGolden: a careful reader's answer to each comment of the table, bare,
// in Gerrit's envelopes, and as a patchset-level text.
func TestPeopleGolden(t *testing.T) {
	table := golden(t)
	if len(table) < 300 {
		t.Fatalf("only %d comments", len(table))
	}
	alice := ci.Account{Username: "alice"}
	for _, c := range table {
		for _, in := range []Input{
			{Comment: c.text, Author: alice}, {Comment: c.text}, {Comment: "Patch Set 3:\n\n" + c.text}, {Comment: "Patch Set 12: Code-Review-1 Verified+2\n\n(2 comments)\n\n" + c.text},
			{Comment: "Patch Set 3:\r\n\r\n" + strings.ReplaceAll(c.text, "\n", "\r\n") + "\r\n"},
			{Comment: "Patch Set 3:\n\n(1 comment)", PatchsetLevel: []string{c.text}},
			{Comment: "Patch Set 3:\n\n" + c.text, PatchsetLevel: []string{c.text}},
		} {
			if in.Comment != c.text {
				in.Author = alice
			}
			p := Defaults().Parse(in)
			got := asked{}
			if p.Recheck != nil {
				got = asked{kind: p.Recheck.Kind, bugs: p.Recheck.Bugs, refs: p.Recheck.Refs}
			}
			if got.kind != c.kind || !slices.Equal(got.bugs, c.bugs) || !slices.Equal(got.refs, c.refs) {
				t.Errorf("%q: %s, want %s", in.Comment, got.words(), c.words())
				break
			}
		}
	}
}
