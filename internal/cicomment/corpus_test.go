package cicomment

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
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
		want := c.Expect
		for i := range want.Builds {
			b := &want.Builds[i]
			if b.Custom && b.Detail != "" {
				b.Result, b.Detail = b.Result+" "+ci.Result(b.Detail), ""
			}
			if b.Job == nil && i < len(got.Builds) {
				b.Job = got.Builds[i].Job
			}
		}
		diff := cmp.Diff(want, got)
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
