package handlers

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/recheckbot/recheckbot/gerritstream"
)

// counting is a Gerrit without changes that counts questions.
type counting struct{ asked int }

func (c *counting) Each(context.Context, gerritstream.Query, func(gerritstream.Row, error) error) (bool, error) {
	c.asked++
	return false, nil
}

// TestWalkIsPaced: however much there is to be read, Gerrit gets its rest between
// two questions.
func TestWalkIsPaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, began := &counting{}, time.Now()
		w := walk{
			gerrit: g, limit: 500, pace: time.Second, now: time.Now,
			each: func(context.Context, gerritstream.Row, error) error { return nil },
			done: func(context.Context, time.Time) error { return nil },
		}
		if _, err := w.run(t.Context(), began.Add(-30*24*time.Hour)); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); g.asked < 5 || took != time.Duration(g.asked-1)*time.Second {
			t.Errorf("%d questions in %s", g.asked, took)
		}
	})
}
