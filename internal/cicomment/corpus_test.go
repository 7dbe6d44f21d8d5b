package cicomment

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/recheckbot/recheckbot/internal/ci"
)

// corpus opens a file of the corpus, or skips: the corpus is no part of the
// project.
func corpus(t *testing.T, name string) []byte {
	t.Helper()
	dir := os.Getenv("CORPUS")
	if dir == "" {
		t.Skip("CORPUS is not set: no corpus to run against")
	}
	data, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatalf("corpus: %v", err)
	}
	return data
}

func eachLine(t *testing.T, data []byte, do func(n int, line []byte)) {
	t.Helper()
	s := bufio.NewScanner(bytes.NewReader(data))
	s.Buffer(nil, 16<<20)
	for n := 1; s.Scan(); n++ {
		do(n, s.Bytes())
	}
	if err := s.Err(); err != nil {
		t.Fatalf("corpus: %v", err)
	}
}

// TestCorpusZuul compares every field with what must be understood. A custom
// result is compared whole: the comment does not say where the job's message ends
// and the CI's detail begins.
func TestCorpusZuul(t *testing.T) {
	data := corpus(t, "comments/zuul-sample.jsonl")
	clear, hard, hardRight := 0, 0, 0
	eachLine(t, data, func(n int, line []byte) {
		var c struct {
			Hard   []string
			Expect Explanation
		}
		if err := json.Unmarshal(line, &c); err != nil {
			t.Fatalf("line %d: %v", n, err)
		}
		out, err := ExplainLine(Defaults(), line)
		if err != nil {
			t.Fatalf("line %d: %v", n, err)
		}
		var got Explanation
		if err := json.Unmarshal(out, &got); err != nil {
			t.Fatalf("line %d: %v", n, err)
		}
		diff := cmp.Diff(wholeCustoms(c.Expect, got), got)
		if len(c.Hard) > 0 {
			hard++
			if diff == "" {
				hardRight++
			} else {
				t.Logf("line %d, hard %v:\n%s", n, c.Hard, diff)
			}
			return
		}
		clear++
		if diff != "" {
			t.Errorf("line %d (-want +got):\n%s", n, diff)
		}
	})
	t.Logf("%d clear, all equal; %d of %d hard ones equal", clear, hardRight, hard)
}

// wholeCustoms joins what a comment does not tell apart, and takes over the jobs
// that are not in the text.
func wholeCustoms(want, got Explanation) Explanation {
	for i := range want.Builds {
		b := &want.Builds[i]
		if b.Custom && b.Detail != "" {
			b.Result, b.Detail = b.Result+" "+ci.Result(b.Detail), ""
		}
		if b.Job == nil && i < len(got.Builds) {
			b.Job = got.Builds[i].Job
		}
	}
	return want
}

func TestCorpusJenkins(t *testing.T) {
	data := corpus(t, "comments/jenkins-gerrit-trigger.jsonl")
	line := regexp.MustCompile(`(?m)^https?://\S+ : ([A-Z_]+)$`)
	seen := map[string]int{}
	eachLine(t, data, func(n int, l []byte) {
		var c struct{ Message string }
		if err := json.Unmarshal(l, &c); err != nil {
			t.Fatal(err)
		}
		for _, author := range []string{"", "jenkins"} {
			p := Defaults().Parse(Input{Comment: c.Message, Author: ci.Account{Username: author}})
			want := line.FindAllStringSubmatch(c.Message, -1)
			if len(p.Builds) != len(want) {
				t.Fatalf("line %d: %d builds, want %d\n%s", n, len(p.Builds), len(want), c.Message)
			}
			allGood := true
			for i, w := range want {
				b := p.Builds[i]
				allGood = allGood && w[1] == "SUCCESS"
				if string(b.Result) != w[1] || b.Custom || b.Job == "" || !b.Voting || !strings.Contains(b.URL, b.Job) {
					t.Fatalf("line %d: build %+v", n, b)
				}
			}
			wantKind, wantOutcome := KindReport, Failure
			if allGood {
				wantOutcome = Success
			}
			if strings.Contains(c.Message, "Build Started http") {
				wantKind, wantOutcome = KindStart, ""
			}
			if p.Kind != wantKind || p.Outcome != wantOutcome || p.Role != RoleCI || p.CI != "jenkins" || p.Patchset == 0 {
				t.Fatalf("line %d: kind %s outcome %s\n%s", n, p.Kind, p.Outcome, c.Message)
			}
			seen[fmt.Sprint(p.Kind, p.Outcome)]++
		}
	})
	t.Log(seen)
}

func TestCorpus2014(t *testing.T) {
	data := corpus(t, "comments/events-2014.json")
	var events []struct {
		Author    struct{ Username string }
		Comment   string
		Approvals []struct{ Value string }
	}
	if err := json.Unmarshal(data, &events); err != nil {
		t.Fatal(err)
	}
	builds := 0
	for _, e := range events {
		for _, author := range []string{"", e.Author.Username} {
			p := Defaults().Parse(Input{Comment: e.Comment, Author: ci.Account{Username: author}})
			want := Success
			if strings.HasPrefix(e.Approvals[0].Value, "-") {
				want = Failure
			}
			if p.Kind != KindReport || p.Outcome != want || p.Role != RoleCI {
				t.Errorf("kind %s outcome %q, want report %s", p.Kind, p.Outcome, want)
			}
			if n := strings.Count(e.Comment, "\n- "); n != len(p.Builds) {
				t.Errorf("%d builds, want %d", len(p.Builds), n)
			}
			for _, b := range p.Builds {
				if b.Custom || b.Duration == nil || b.URL == "" || b.Job == "" {
					t.Errorf("build %+v", b)
				}
			}
			if author != "" {
				builds += len(p.Builds)
			}
		}
	}
	if len(events) != 11 || builds != 116 {
		t.Errorf("%d comments with %d builds, want 11 with 116", len(events), builds)
	}
}

type gerritText struct {
	Author, Reviewer struct{ Username string }
	Type, Comment    string
	Message, File    string
	ID               string
	ChangeMessageID  string `json:"change_message_id"`
}

// TestCorpusGerrit runs the recorded stream of a real server: what people asked
// for, and nothing from the CI or from us.
func TestCorpusGerrit(t *testing.T) {
	kinds := map[string]int{}
	eachLine(t, corpus(t, "gerrit-3.9/events.jsonl"), func(n int, line []byte) {
		var e gerritText
		if err := json.Unmarshal(line, &e); err != nil {
			t.Fatal(err)
		}
		if e.Type != "comment-added" {
			return
		}
		p := Defaults().Parse(Input{Comment: e.Comment, Author: ci.Account{Username: e.Author.Username}})
		what := string(p.Kind)
		if p.Recheck != nil {
			what += " " + string(p.Recheck.Kind)
			if p.Recheck.Kind == RecheckBug && !slices.Equal(p.Recheck.Bugs, []int64{1234567}) {
				t.Errorf("line %d: bugs %v", n, p.Recheck.Bugs)
			}
		}
		kinds[e.Author.Username+" "+what]++
	})
	want := map[string]int{
		"zuul report": 3, "zuul start": 1, "zuul other": 2, "recheckbot other": 2, "admin other": 2,
		"alice recheck bare": 3, "alice recheck nobug": 1, "alice recheck reason": 1, "alice recheck bug": 14, "alice other": 6,
	}
	if diff := cmp.Diff(want, kinds); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestCorpusPatchsetLevel: the seven ways to post a request in the reply box, by
// stream, by query and by REST.
func TestCorpusPatchsetLevel(t *testing.T) {
	const bug = "bug [1234567]"
	want := []string{"reason A[]", "reason B[]", "reason C[]", "reason D[]", "reason E1[]", bug, "none"}
	byStream := slices.Clone(want)
	byStream[1] = "none" // the stream hides the message of the second
	if diff := cmp.Diff(byStream, streamRequests(t)); diff != "" {
		t.Errorf("stream: -want +got:\n%s", diff)
	}
	if diff := cmp.Diff(want, restRequests(t)); diff != "" {
		t.Errorf("REST: -want +got:\n%s", diff)
	}
	byQuery := queryRequests(t)
	for _, w := range want[:6] {
		if byQuery[w] != 1 {
			t.Errorf("query: %q %d times, want once", w, byQuery[w])
		}
	}
	if delete(byQuery, "none"); len(byQuery) != 6 {
		t.Errorf("query: %v", byQuery)
	}
}

func requestIn(message string, texts ...string) string {
	p := Defaults().Parse(Input{Comment: message, Author: ci.Account{Username: "alice"}, PatchsetLevel: texts})
	if p.Recheck == nil {
		return "none"
	}
	return fmt.Sprint(p.Recheck.Kind, " ", p.Recheck.Reason, p.Recheck.Bugs)
}

func streamRequests(t *testing.T) (out []string) {
	eachLine(t, corpus(t, "gerrit-3.9/patchset-level-events.jsonl"), func(_ int, line []byte) {
		var e gerritText
		if err := json.Unmarshal(line, &e); err != nil {
			t.Fatal(err)
		}
		if e.Type == "comment-added" {
			out = append(out, requestIn(e.Comment))
		}
	})
	return out
}

func restRequests(t *testing.T) (out []string) {
	var messages []gerritText
	texts := map[string][]string{}
	eachLine(t, corpus(t, "gerrit-3.9/patchset-level-rest.jsonl"), func(_ int, line []byte) {
		var r struct {
			Messages []gerritText
			Comments map[string][]gerritText
		}
		if err := json.Unmarshal(line, &r); err != nil {
			t.Fatal(err)
		}
		messages = append(messages, r.Messages...)
		for _, c := range r.Comments["/PATCHSET_LEVEL"] {
			texts[c.ChangeMessageID] = append(texts[c.ChangeMessageID], c.Message)
		}
	})
	for _, m := range messages[1:] { // the first is "Uploaded patch set 1."
		out = append(out, requestIn(m.Message, texts[m.ID]...))
	}
	return out
}

func queryRequests(t *testing.T) map[string]int {
	out := map[string]int{}
	eachLine(t, corpus(t, "gerrit-3.9/patchset-level-query.jsonl"), func(_ int, line []byte) {
		var q struct {
			Comments  []gerritText
			PatchSets []struct{ Comments []gerritText }
		}
		if err := json.Unmarshal(line, &q); err != nil {
			t.Fatal(err)
		}
		for _, c := range q.Comments {
			out[requestIn(c.Message)]++
		}
		for _, ps := range q.PatchSets {
			for _, c := range ps.Comments {
				if c.File == "/PATCHSET_LEVEL" {
					out[requestIn("", c.Message)]++
				}
			}
		}
	})
	return out
}
