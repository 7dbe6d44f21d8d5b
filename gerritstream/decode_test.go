package gerritstream_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/recheckbot/recheckbot/gerritstream"
	"github.com/recheckbot/recheckbot/internal/ci"
)

func TestDecode(t *testing.T) {
	alice := ci.Account{Name: "Alice", Email: "alice@example.org", Username: "alice"}
	const who = `{"name":"Alice","email":"alice@example.org","username":"alice"}`
	for name, c := range map[string]struct {
		in   string
		want gerritstream.Event
	}{
		"today": {
			`{"author":` + who + `,"approvals":[{"type":"Verified","value":"-1","oldValue":"0"},{"type":"Code-Review","value":"0"}],
			"comment":"Patch Set 2:\n\nrecheck","patchSet":{"number":2},"change":{"project":"p","branch":"b","id":"I1","number":7,"subject":"s",
			"owner":` + who + `,"url":"http://g/7","hashtags":["gate"],"status":"NEW","private":true,"wip":true},"type":"comment-added","eventCreatedOn":1700000000}`,
			gerritstream.Event{
				Type: "comment-added", Created: time.Unix(1700000000, 0).UTC(), Patchset: 2, Author: alice, Comment: "Patch Set 2:\n\nrecheck",
				Change: ci.Change{Project: "p", Branch: "b", Key: "I1", Number: 7, Subject: "s", Owner: alice, URL: "http://g/7",
					Hashtags: []string{"gate"}, Status: "NEW", Private: true, WIP: true},
			},
		},
		"numbers as strings": {
			`{"type":"comment-added","change":{"number":"7"},"patchSet":{"number":"3"},"eventCreatedOn":"1700000000"}`,
			gerritstream.Event{Type: "comment-added", Created: time.Unix(1700000000, 0).UTC(), Patchset: 3, Change: ci.Change{Number: 7}},
		},
		"patchset-level texts in the event": {
			`{"type":"comment-added","patchSetComments":{"/PATCHSET_LEVEL":[{"message":"recheck"}],"a.c":[{"message":"no"}]}}`,
			gerritstream.Event{Type: "comment-added", PatchsetLevel: []string{"recheck"}},
		},
		"only a type":       {`{"type":"ref-updated"}`, gerritstream.Event{Type: "ref-updated"}},
		"project outside":   {`{"type":"ref-replicated","project":"p"}`, gerritstream.Event{Type: "ref-replicated", Change: ci.Change{Project: "p"}}},
		"abandoner":         {`{"type":"change-abandoned","abandoner":` + who + `}`, gerritstream.Event{Type: "change-abandoned", Author: alice}},
		"odd types":         {`{"type":"x","change":{"number":{},"project":[1],"private":"maybe","hashtags":{}},"comment":7}`, gerritstream.Event{Type: "x"}},
		"impossible values": {`{"type":"x","change":{"number":-5},"patchSet":{"number":99999999999},"eventCreatedOn":1e300}`, gerritstream.Event{Type: "x"}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := gerritstream.Decode([]byte(c.in))
			must(t, err)
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestDecodeRefuses(t *testing.T) {
	for _, in := range []string{"", "null", "{}", "[]", `"x"`, `{"type":7}`, `{"type":"x"`, `{"type":""}`} {
		if e, err := gerritstream.Decode([]byte(in)); err == nil {
			t.Errorf("%q: %+v", in, e)
		}
	}
}

func TestDecodeBoundsHostileSizes(t *testing.T) {
	many := strings.TrimSuffix(strings.Repeat(`"h",`, 5000), ",")
	in := fmt.Sprintf(`{"type":"x","comment":"%s","change":{"subject":"%s","hashtags":[%s]}}`,
		strings.Repeat("é", 1<<20), strings.Repeat("s", 1<<20), many)
	e, err := gerritstream.Decode([]byte(in))
	must(t, err)
	if len(e.Comment) > 1<<20 || len(e.Change.Subject) > 1<<10 || len(e.Change.Hashtags) > 1000 {
		t.Errorf("%d %d %d", len(e.Comment), len(e.Change.Subject), len(e.Change.Hashtags))
	}
	if _, err := gerritstream.Decode(make([]byte, 16<<20+1)); err == nil {
		t.Error("a huge line was decoded")
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"type":"comment-added","change":{"number":"7"},"patchSet":{"number":1},"approvals":[{"value":"1"}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if e, err := gerritstream.Decode(b); err == nil && (e.Type == "" || e.Change.Number < 0 || !json.Valid(b)) {
			t.Errorf("%+v", e)
		}
	})
}

// Every event that a real Gerrit sent is understood.
func TestDecodeCorpus(t *testing.T) {
	dir := os.Getenv("CORPUS")
	if dir == "" {
		t.Skip("CORPUS does not name the folder of recorded input")
	}
	for _, name := range []string{"events.jsonl", "patchset-level-events.jsonl"} {
		f, err := os.Open(filepath.Join(dir, "gerrit-3.9", name))
		must(t, err)
		defer f.Close()
		in := bufio.NewScanner(f)
		in.Buffer(nil, 1<<20)
		comments := 0
		for in.Scan() {
			e, err := gerritstream.Decode(in.Bytes())
			must(t, err)
			if e.Type != "comment-added" {
				continue
			}
			comments++
			if e.Change.Number == 0 || e.Patchset == 0 || e.Author.Username == "" || !strings.HasPrefix(e.Comment, "Patch Set") || e.Created.IsZero() {
				t.Errorf("%+v", e)
			}
		}
		if comments < 7 {
			t.Errorf("%s: %d comments", name, comments)
		}
	}
}
