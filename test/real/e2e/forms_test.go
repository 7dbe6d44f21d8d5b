//go:build real

package e2e

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/recheckbot/recheckbot/internal/ci"
	"github.com/recheckbot/recheckbot/internal/store"
)

// replies are the seven forms in which Gerrit's web page posts a reply; six of
// them ask for the tests again, the last is an inline comment on the commit
// message that only says the word. The stream alone does not show the request
// in the second.
func replies() []string {
	return []string{
		`{"comments":{"/PATCHSET_LEVEL":[{"message":"recheck A"}]}}`,
		`{"message":"recheck B","comments":{"/PATCHSET_LEVEL":[{"message":"B2"}]}}`,
		`{"labels":{"Code-Review":-1},"comments":{"/PATCHSET_LEVEL":[{"message":"recheck C"}],"/COMMIT_MSG":[{"line":1,"message":"typo"}]}}`,
		`{"message":"recheck D"}`,
		`{"comments":{"/PATCHSET_LEVEL":[{"message":"recheck E1"},{"message":"E2"}]}}`,
		`{"comments":{"/PATCHSET_LEVEL":[{"message":"recheck bug 1234567"}]}}`,
		`{"comments":{"/COMMIT_MSG":[{"line":1,"message":"recheck"}]}}`,
	}
}

// byStream and byAll are the kinds and first words of the rechecks in them; a
// list shows one comment more than a stream: that of the upload.
func byStream() []string { return []string{"bug ", "reason A", "reason C", "reason D", "reason E1"} }
func byAll() []string    { return append(byStream(), "reason B") }

const (
	streamed = 7
	listed   = 8
)

// reply posts all forms on a new change of alice's, a second apart: by SSH
// alone, texts of one second cannot be told apart.
func (w *world) reply(t *testing.T, project string) int64 {
	t.Helper()
	n := w.change(t, project)
	for _, input := range replies() {
		w.review(t, "alice", n, input)
		time.Sleep(1100 * time.Millisecond)
	}
	return n
}

// forms: each form counts once, whether the stream brings it, a list does, or
// both do, in either order and however often Gerrit is asked; with REST and by
// SSH alone.
func forms(t *testing.T, w *world) {
	project := w.project(t, "openstack/forms")
	var counters []*counter
	each := func(f func(*counter)) {
		for _, c := range counters {
			f(c)
		}
	}
	for _, rest := range []bool{true, false} {
		p := w.proxy(t)
		counters = append(counters, &counter{w.bot(t, setup{mode: "dry-run", rest: rest, addr: p.addr()}), rest, p})
	}
	each(func(c *counter) { c.start() })

	first := w.reply(t, project)
	each(func(c *counter) { c.counts("by stream", first, streamed, byStream()) })
	each(func(c *counter) { c.gap(); c.counts("by stream, then a list", first, listed, byAll()) })

	each(func(c *counter) { c.proxy.hold(true) })
	second := w.reply(t, project)
	each(func(c *counter) { c.gap(); c.counts("by a list", second, listed, byAll()) })
	each(func(c *counter) {
		c.proxy.hold(false)
		c.hears()
		c.counts("by a list, then the stream", second, listed, byAll())
		if got := c.number(`SELECT count(*) FROM comment WHERE change = ? AND heard IS NOT NULL AND listed IS NOT NULL`, second); got == 0 {
			t.Error("the stream brought nothing after the list: the order was not tried")
		}
	})

	each(func(c *counter) { c.stop() })
	third := w.reply(t, project)
	each(func(c *counter) { c.start(); c.counts("while the bot did not run", third, listed, byAll()) })

	each(func(c *counter) {
		c.gap()
		for _, n := range []int64{first, second, third} {
			c.counts("asked once more", n, listed, byAll())
		}
		c.queued(project, 3)
	})
}

// counter is a bot that counts rechecks.
type counter struct {
	*bot
	rest  bool
	proxy *proxy
}

// counts waits for so many comments of alice's and compares the rechecks among
// them.
func (c *counter) counts(how string, change int64, comments int, want []string) {
	c.t.Helper()
	how = fmt.Sprintf("REST %t, change %d, %s", c.rest, change, how)
	all := func() int {
		return c.number(`SELECT count(*) FROM comment c JOIN account a ON a.id = c.author WHERE c.change = ? AND a.username = 'alice'`, change)
	}
	eventually(c.t, how+": all are there", func() bool { return all() >= comments })
	if got := all(); got != comments {
		c.t.Errorf("%s: %d comments, not %d", how, got, comments)
	}
	got := c.texts(`SELECT kind, substr(reason || ' ', 1, instr(reason || ' ', ' ') - 1) FROM recheck WHERE change = ?`, change)
	slices.Sort(got)
	slices.Sort(want)
	if d := cmp.Diff(want, got); d != "" {
		c.t.Errorf("%s: %s\n%q", how, d, c.texts(`SELECT event_s, gerrit_s, nth, coalesce(heard, '-'), coalesce(listed, '-'), coalesce(level, '-'), guess, kind
			FROM comment WHERE change = ? ORDER BY id`, change))
	}
}

// queued checks that the bug is in the queue, counted once for each change.
func (c *counter) queued(project string, times int) {
	c.t.Helper()
	s, err := store.OpenReadOnly(c.t.Context(), c.database())
	must(c.t, err)
	defer s.Close()
	items, total, err := s.Queue(c.t.Context(), project, 10)
	must(c.t, err)
	if total != 1 || items[0].People != times || items[0].Bug.Ref != "1234567" {
		c.t.Errorf("REST %t: queue %+v", c.rest, items)
	}
	info, err := s.Bug(c.t.Context(), ci.BugRef{Tracker: ci.Launchpad, Ref: "1234567"})
	must(c.t, err)
	if info.Rechecks != times {
		c.t.Errorf("REST %t: bug %+v", c.rest, info)
	}
}
