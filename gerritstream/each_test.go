package gerritstream_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/recheckbot/recheckbot/gerritstream"
	"github.com/recheckbot/recheckbot/internal/fake/gerrit"
)

func TestEachHandsOutRowsAndSaysWhetherThereAreMore(t *testing.T) {
	w := newWorld(t, gerrit.Options{})
	for range 4 {
		w.NewChange(gerrit.ChangeSpec{Project: "openstack/nova", Owner: "alice"})
	}
	w.post(t, "alice", "recheck")
	c := w.client(t)
	for limit, wantMore := range map[int]bool{2: true, 5: false} {
		var numbers []int64
		more, err := c.Each(t.Context(), gerritstream.Query{Text: "project:openstack/nova", Limit: limit, Comments: true},
			func(row gerritstream.Row, bad error) error {
				change, err := row.Change()
				numbers = append(numbers, change.Number)
				if change.Number == w.Change && len(change.Comments) != 2 {
					t.Errorf("%d comments", len(change.Comments))
				}
				return errors.Join(bad, err)
			})
		if err != nil || more != wantMore || len(numbers) != limit {
			t.Errorf("limit %d: %v, more %t, %v", limit, numbers, more, err)
		}
	}
}

func TestEachSaysWhatGoesWrong(t *testing.T) {
	w := newWorld(t, gerrit.Options{})
	c := w.client(t)
	nothing := func(gerritstream.Row, error) error { return nil }
	if _, err := c.Each(t.Context(), gerritstream.Query{Text: "nosuchoperator:x"}, nothing); err == nil || !strings.Contains(err.Error(), "gerrit says") {
		t.Errorf("a query that is not understood: %v", err)
	}
	stop := errors.New("enough")
	if _, err := c.Each(t.Context(), gerritstream.Query{Text: "change:1"}, func(gerritstream.Row, error) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("an error of ours: %v", err)
	}
	w.Opt.CommandTimeout = 100 * time.Millisecond
	w.Slow(time.Minute)
	slow := w.client(t)
	if _, err := slow.Each(t.Context(), gerritstream.Query{Text: "change:1"}, nothing); err == nil || !strings.Contains(err.Error(), "nothing came") {
		t.Errorf("silence: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := c.Each(ctx, gerritstream.Query{Text: "change:1"}, nothing); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the end of the context: %v", err)
	}
}
