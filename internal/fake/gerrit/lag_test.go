package gerrit

import (
	"strings"
	"testing"
	"time"
)

// TestLag: a list that lags has a change as it was updated before, without the
// comments since, and not at all when it was made since.
func TestLag(t *testing.T) {
	now := time.Unix(1_000_000, 0)
	s, err := Start(Options{Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.AddAccount("alice", "Alice", "", "", false); err != nil {
		t.Fatal(err)
	}
	say := func(n int64, text string) {
		t.Helper()
		if _, err := s.Post(n, "alice", Comment{Message: text}); err != nil {
			t.Fatal(err)
		}
	}
	n := s.NewChange(ChangeSpec{Project: "p", Owner: "alice"})
	now = now.Add(time.Minute)
	say(n, "shown")
	now = now.Add(time.Hour)
	say(n, "late")
	s.NewChange(ChangeSpec{Project: "p", Owner: "alice"})
	rows := func(text string) []*shown {
		t.Helper()
		match, limit, err := parseQuery(text, now)
		if err != nil {
			t.Fatal(err)
		}
		rows, _ := s.rows("alice", match, limit, queryOptions{comments: true})
		return rows
	}
	recent := "after:{" + now.Add(-time.Minute).UTC().Format("2006-01-02 15:04:05 -0700") + "}"
	s.Lag(10 * time.Minute)
	if got := rows(recent); len(got) != 0 {
		t.Errorf("%d changes updated lately, of a list that lags", len(got))
	}
	got := rows("project:p")
	if len(got) != 1 || got[0].LastUpdated != 1_000_060 || !strings.HasSuffix(got[0].Comments[len(got[0].Comments)-1].Message, "shown") {
		t.Errorf("%+v", got)
	}
	now = now.Add(10 * time.Minute)
	if got := rows("project:p"); len(got) != 2 {
		t.Errorf("%d changes after the lag", len(got))
	}
}

// TestDeafen: what runs brings nothing any more, what comes after does.
func TestDeafen(t *testing.T) {
	s, err := Start(Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	old, fresh := &stream{queue: make(chan []byte, 10)}, &stream{queue: make(chan []byte, 10)}
	s.mu.Lock()
	s.streams[old] = true
	s.mu.Unlock()
	s.Deafen()
	s.mu.Lock()
	s.streams[fresh] = true
	s.deliver(&event{Type: "x"})
	s.mu.Unlock()
	if len(old.queue) != 0 || len(fresh.queue) != 1 {
		t.Errorf("the deaf one has %d events, the new one %d", len(old.queue), len(fresh.queue))
	}
}
