//go:build real

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// atLeast is a count from the environment, or otherwise.
func atLeast(t *testing.T, name string, otherwise int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	must(t, err)
	return n
}

// TestGerritKilledOften: Gerrit is killed GERRIT_KILLS times (5) while people
// and a CI post GERRIT_COMMENTS comments (300), every tenth a failure. In the
// end the bot has what Gerrit has, each once, and has answered each failure
// once. What counts is Gerrit's own list: a post that a kill cut off may be
// there or not, and is tried again.
func TestGerritKilledOften(t *testing.T) {
	kills, comments := atLeast(t, "GERRIT_KILLS", 5), atLeast(t, "GERRIT_COMMENTS", 300)
	w := newWorld(t)
	b := w.bot(t, setup{more: "[logs]\nworkers = 2"})
	b.start()
	var chat, failures []int64
	for range 20 {
		chat = append(chat, w.change(t, "openstack/nova"))
	}
	for range comments / 10 {
		failures = append(failures, w.change(t, "openstack/nova"))
	}
	var posted atomic.Int64
	killed, over := make(chan error, 1), make(chan struct{})
	go func() { defer close(over); killed <- w.killOften(t.Context(), kills, comments, &posted) }()
	t.Cleanup(func() { <-over }) // no Gerrit is started behind the test's back
	for n := range comments {
		if n%10 == 0 {
			w.insist(t, "zuul", failures[n/10], func(change int64) string { return w.prepared(t, change) })
		} else {
			w.insist(t, "alice", chat[n%len(chat)], func(int64) string { return fmt.Sprintf(`{"message":"Comment %d"}`, n) })
		}
		posted.Add(1)
	}
	must(t, <-killed)
	b.hears()
	for _, n := range failures {
		w.oneForEach(t, b, n)
	}
	b.gap() // what came since the last catch-up is joined with Gerrit's list too
	b.hears()
	for _, n := range append(chat, failures...) {
		w.sameAsGerrit(t, b, n)
	}
	t.Logf("%d kills, %d comments, %d changes", kills, comments, len(chat)+len(failures))
}

// killOften kills and starts Gerrit at equal parts of the posts.
func (w *world) killOften(ctx context.Context, kills, comments int, posted *atomic.Int64) error {
	for k := range kills {
		for posted.Load() < int64((k+1)*comments/(kills+1)) {
			if time.Sleep(10 * time.Millisecond); ctx.Err() != nil {
				return ctx.Err()
			}
		}
		if err := w.Kill(); err != nil {
			return err
		}
		if err := w.Start(); err != nil {
			return err
		}
	}
	return nil
}

// startPatience is how long a start of Gerrit may take on a loaded machine.
const startPatience = 5 * time.Minute

// insist posts until Gerrit says that it has it.
func (w *world) insist(t *testing.T, user string, change int64, input func(int64) string) {
	t.Helper()
	body := input(change)
	for end := time.Now().Add(startPatience); ; time.Sleep(200 * time.Millisecond) {
		_, err := w.REST(user, "POST", fmt.Sprintf("/changes/%d/revisions/current/review", change), body)
		if err == nil {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("post on %d: %v", change, err)
		}
	}
}

// prepared is the review by which Zuul reports a failure that is known.
func (w *world) prepared(t *testing.T, change int64) string {
	t.Helper()
	set := w.known("openstack/nova", change, failure())
	in, err := json.Marshal(w.reviewOf(set))
	must(t, err)
	return string(in)
}

// oneForEach waits until the bot has answered each failure on a change, once.
func (w *world) oneForEach(t *testing.T, b *bot, change int64) {
	t.Helper()
	reports := 0
	for _, m := range w.detail(t, change).Messages {
		if m.Author.Username == "zuul" {
			reports++
		}
	}
	eventually(t, fmt.Sprintf("%d answers on change %d", reports, change), func() bool {
		return len(w.said(t, change)) >= reports && b.number(`SELECT count(*) FROM outbox WHERE target LIKE ? || ',%' AND state <> 'proven'`, change) == 0
	})
	if got := len(w.said(t, change)); got != reports || reports == 0 {
		t.Errorf("change %d: %d answers to %d failures", change, got, reports)
	}
}

// sameAsGerrit holds the stored comments of a change against Gerrit's own list.
func (w *world) sameAsGerrit(t *testing.T, b *bot, change int64) {
	t.Helper()
	want := map[string]int{}
	for _, m := range w.detail(t, change).Messages {
		if !strings.HasPrefix(m.Message, "Uploaded patch set ") {
			want[m.Author.Username+" "+m.Message]++
		}
	}
	for _, row := range b.texts(`SELECT a.username, coalesce(c.listed, c.heard) FROM comment c JOIN account a ON a.id = c.author
		WHERE c.change = ? AND coalesce(c.listed, '') NOT LIKE 'Uploaded patch set %'`, change) {
		want[row]--
	}
	for text, n := range want {
		if n != 0 {
			t.Errorf("change %d: stored %d times less than posted: %.100q", change, n, text)
		}
	}
}
