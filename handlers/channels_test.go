package handlers

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/recheckbot/recheckbot/internal/ci"
)

// us is our own account.
func us() ci.Account { return ci.Account{Username: "recheckbot", Name: "recheckbot"} }

// TestLinesFit: one line of at most 400 bytes, addresses whole, however much
// there is to say.
func TestLinesFit(t *testing.T) {
	const address = "https://review.example.org/c/openstack/nova/+/12345"
	text := Text{Project: strings.Repeat("p", 200), Change: 12345, Patchset: 2, Pipeline: "gate"}
	for i := range 50 {
		bug := Bug{Name: "launchpad:1", URL: fmt.Sprintf("https://bugs.example.org/%d", i), Title: strings.Repeat("ü", 140)}
		text.Recognized = append(text.Recognized, Job{Name: fmt.Sprintf("job-%d", i), Known: []Known{{Label: bug.label(), Bugs: []Bug{bug}}}})
		text.Unrecognized = append(text.Unrecognized, strings.Repeat("ü", 100))
	}
	text.More = 3
	line := recognizedLine(text, address)
	if len(line) > maxIRC || !strings.HasSuffix(line, " - "+address) || !utf8.ValidString(line) || strings.Contains(line, "\n") {
		t.Errorf("%d bytes: %q", len(line), line)
	}
	shown := strings.Count(line, "https://bugs.example.org/")
	if shown < 2 || !strings.Contains(line, fmt.Sprintf("; +%d more - ", 53-shown)) || !strings.Contains(line, "job-0: ") {
		t.Errorf("%d shown: %q", shown, line)
	}
	line = unrecognizedLine(text, address)
	if len(line) > maxIRC || !strings.HasSuffix(line, address) || !utf8.ValidString(line) || !strings.Contains(line, "more") {
		t.Errorf("%d bytes: %q", len(line), line)
	}
	text.Recognized = []Job{{Name: strings.Repeat("j", 600), Known: []Known{{Label: strings.Repeat("l", 600)}}}}
	if line = recognizedLine(text, address); len(line) > maxIRC || !strings.HasSuffix(line, address) {
		t.Errorf("%d bytes: %q", len(line), line)
	}
}

// TestCausesTogether: jobs with one cause are named before it, the first three.
func TestCausesTogether(t *testing.T) {
	text := Text{Project: "p", Change: 1, Patchset: 2}
	for _, name := range []string{"a", "b", "other", "c", "d", "e"} {
		label := "one"
		if name == "other" {
			label = "two"
		}
		text.Recognized = append(text.Recognized, Job{Name: name, Known: []Known{{Label: label}}})
	}
	if got, want := recognizedLine(text, "x://y"), "p 1,2 failed: a, b, c and 2 more: one; other: two - x://y"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestChannelRules: projects, pipelines, branches and kinds.
func TestChannelRules(t *testing.T) {
	text := Text{Project: "openstack/nova", Pipeline: "gate", Branch: "stable/x"}
	for _, c := range []struct {
		channel Channel
		want    bool
	}{
		{Channel{Kinds: []string{KindRecognized}}, true},
		{Channel{Kinds: []string{KindUnrecognized, KindUntrackedBug, KindAlarms}}, false},
		{Channel{}, false},
		{Channel{Kinds: []string{KindRecognized}, Projects: Globs{"openstack/*"}, Pipelines: Globs{"gate"}, Branches: Globs{"stable/*"}}, true},
		{Channel{Kinds: []string{KindRecognized}, Projects: Globs{"starlingx/*"}}, false},
		{Channel{Kinds: []string{KindRecognized}, Pipelines: Globs{"check"}}, false},
		{Channel{Kinds: []string{KindRecognized}, Branches: Globs{"master"}}, false},
	} {
		if got := c.channel.wantsReport(KindRecognized, text); got != c.want {
			t.Errorf("%+v: %t", c.channel, got)
		}
	}
	bugs := Channel{Kinds: []string{KindUntrackedBug}, Projects: Globs{"openstack/*"}, Pipelines: Globs{"gate"}}
	if !bugs.wantsBug("openstack/nova") || bugs.wantsBug("x") || (Channel{}).wantsBug("x") {
		t.Error("rules for untracked bugs")
	}
}
