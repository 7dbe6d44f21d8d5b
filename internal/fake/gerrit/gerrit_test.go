package gerrit

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestSplitAsGerritDoes(t *testing.T) {
	for in, want := range map[string][]string{
		`gerrit query 'a b'  "c d"`: {"gerrit", "query", "a b", "c d"},
		`'it'\''s' $(x) \"q`:        {"it's", "$(x)", `"q`},
		`'a\b' "a\"b"`:              {`a\b`, `a"b`},
		"  ":                        nil,
	} {
		if d := cmp.Diff(want, split(in)); d != "" {
			t.Errorf("%s: %s", in, d)
		}
	}
}

func TestQueryLanguage(t *testing.T) {
	now := time.Unix(1700000000, 0).UTC()
	c := &change{ChangeSpec: ChangeSpec{Project: "p/q", Branch: "master", Owner: "alice", Private: true}, number: 7, status: "NEW", updated: now}
	for text, want := range map[string]bool{
		"change:7": true, "change:8": false, "project:p/q branch:master": true, "project:{p/q}": true, "project:x OR owner:alice": true,
		"-is:private": false, "NOT is:private": false, "is:private AND is:open": true, "-(is:merged OR is:abandoned)": true,
		"(-is:private) limit:5": false, `after:"2023-11-14 22:13:20"`: true, `since:"2023-11-14 22:13:21 +0000"`: false,
		`before:"2023-11-14 22:13:21.000"`: true, "until:2023-11-14": false, "status:new": true, "is:wip": false,
	} {
		f, limit, err := parseQuery(text, now)
		if err != nil || f(c) != want || limit == 0 {
			t.Errorf("%s: limit %d, %v", text, limit, err)
		}
	}
	for _, text := range []string{"", "project:((", "x:y", "word", "is:nothing", "after:noon", "a:b)", "(change:7", "change:7 OR", "limit:x"} {
		if _, _, err := parseQuery(text, now); err == nil {
			t.Errorf("%s: no error", text)
		}
	}
}

// The seven forms in which people reply, as stream and query show them.
func TestFormsOfAComment(t *testing.T) {
	for _, c := range []struct {
		in            Comment
		stream, query string
	}{
		{Comment{PatchsetLevel: []string{"a"}}, "Patch Set 1:\n\na", "Patch Set 1:\n\n(1 comment)"},
		{Comment{Message: "b", PatchsetLevel: []string{"b2"}}, "Patch Set 1:\n\nb2", "Patch Set 1:\n\n(1 comment)\n\nb"},
		{Comment{PatchsetLevel: []string{"c"}, Inline: 1, Votes: map[string]int{"Code-Review": -1}},
			"Patch Set 1:\n\nc", "Patch Set 1: Code-Review-1\n\n(2 comments)"},
		{Comment{Message: " d\n"}, "Patch Set 1:\n\nd", "Patch Set 1:\n\nd"},
		{Comment{PatchsetLevel: []string{"e1", "e2"}}, "Patch Set 1:\n\ne1\ne2", "Patch Set 1:\n\n(2 comments)"},
		{Comment{Inline: 1}, "Patch Set 1:\n\n(1 comment)", "Patch Set 1:\n\n(1 comment)"},
		{Comment{Votes: map[string]int{"Verified": 1, "Code-Review": 0}}, "Patch Set 1: -Code-Review Verified+1", "Patch Set 1: -Code-Review Verified+1"},
	} {
		c.in.Patchset = 1
		if s, q := c.in.streamed(), c.in.shown(); s != c.stream || q != c.query {
			t.Errorf("%+v: %q, %q", c.in, s, q)
		}
	}
}

func TestUpAndDownAtOnce(t *testing.T) {
	s, err := Start(Options{REST: true})
	if err != nil {
		t.Fatal(err)
	}
	addr := s.Addr()
	for range 20 {
		s.Down()
		if err := s.Up(); err != nil {
			t.Fatal(err)
		}
	}
	if s.Addr() != addr {
		t.Errorf("moved from %s to %s", addr, s.Addr())
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestPast: a change of the past has its own times, and a question for what was
// updated since does not find it.
func TestPast(t *testing.T) {
	s, err := Start(Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.AddAccount("alice", "Alice", "", "", false); err != nil {
		t.Fatal(err)
	}
	then := time.Now().Add(-24 * time.Hour).Truncate(time.Second)
	n := s.Past(ChangeSpec{Project: "p", Branch: "master", Owner: "alice"}, []Posted{
		{Author: "alice", Time: then, Comment: Comment{Message: "a"}}, {Author: "alice", Time: then.Add(time.Minute), Comment: Comment{Message: "b"}},
	})
	list := s.Comments(n)
	if len(list) != 2 || !list[0].Time.Equal(then) || list[1].Shown != "Patch Set 1:\n\nb" {
		t.Errorf("%+v", list)
	}
	for text, want := range map[string]int{"after:{" + then.UTC().Format("2006-01-02 15:04:05 -0700") + "}": 1, "after:{" + time.Now().UTC().Format("2006-01-02 15:04:05 -0700") + "}": 0} {
		match, limit, err := parseQuery(text, time.Now())
		if rows, _ := s.rows("alice", match, limit, queryOptions{}); err != nil || len(rows) != want {
			t.Errorf("%s: %d changes, %v", text, len(rows), err)
		}
	}
}

// TestReorder: each two events come in the wrong order, and none is kept when
// it ends.
func TestReorder(t *testing.T) {
	s, err := Start(Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	st := &stream{queue: make(chan []byte, 10)}
	s.mu.Lock()
	s.streams[st] = true
	s.mu.Unlock()
	s.Reorder(true)
	for _, kind := range []string{"one", "two", "three"} {
		s.mu.Lock()
		s.deliver(&event{Type: kind})
		s.mu.Unlock()
	}
	s.Reorder(false)
	var got string
	for range 2 {
		got += string(<-st.queue)
	}
	var order []int
	for _, kind := range []string{"two", "one", "three"} {
		order = append(order, strings.Index(got, `"`+kind+`"`))
	}
	if !slices.IsSorted(order) || order[0] < 0 {
		t.Errorf("%v in %s", order, got)
	}
}
