package handlers

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/recheckbot/recheckbot/gerritstream"
	"github.com/recheckbot/recheckbot/internal/store"
)

// AskedStore tells which changes a person wants to be read again.
type AskedStore interface {
	ChangesToRead(ctx context.Context) ([]int64, error)
	ChangesRead(ctx context.Context, numbers []int64) error
}

// maxKnown bounds the changes that a second look asks for by number.
const maxKnown = 1000

// known reads the changes that comments came for shortly before the gap and
// within it. A server that was killed may have forgotten in its index when they
// were updated, but shows them when they are asked for by number.
func (c *Catchup) known(ctx context.Context, again secondLook) error {
	numbers, err := c.o.Store.ChangesHeard(ctx, c.o.Offset.Own(again.Since), maxKnown)
	if err != nil {
		return err
	}
	return c.numbers(ctx, numbers)
}

// numbers reads changes by their numbers.
func (c *Catchup) numbers(ctx context.Context, numbers []int64) error {
	for _, q := range byNumber(numbers, 50) {
		pause(ctx, nil, c.o.Pace)
		_, err := c.o.Gerrit.Each(ctx, q, func(row gerritstream.Row, bad error) error {
			return c.list.row(ctx, row, bad)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// readAsked reads the changes that a person wants to be read again, however old
// they are: by time the lists would not show them any more. Of comments those
// from the first start on are taken, as ever; older ones are a backfill's.
func (c *Catchup) readAsked(ctx context.Context) error {
	numbers, err := c.o.Store.ChangesToRead(ctx)
	if err != nil || len(numbers) == 0 || !c.o.Gerrit.State().Connected {
		return err
	}
	first, err := c.time(ctx, store.CursorBegin, c.o.Now())
	if err != nil {
		return err
	}
	defer c.wakeNext()
	c.list.begin(c.o.Offset.Gerrits(first).Truncate(time.Second), time.Time{})
	if err := c.numbers(ctx, numbers); err != nil {
		return err
	}
	done := slices.DeleteFunc(numbers, func(n int64) bool { return c.list.bad[n] > 0 })
	c.log.Info("read again", "changes", done, "found", c.list.sum.String())
	if err := c.o.Store.ChangesRead(ctx, done); err != nil {
		return err
	}
	return c.list.ended(nil)
}

// byNumber are the queries for changes by their numbers, so many at a time.
func byNumber(numbers []int64, each int) []gerritstream.Query {
	var out []gerritstream.Query
	for len(numbers) > 0 {
		n := min(each, len(numbers))
		var terms []string
		for _, number := range numbers[:n] {
			terms = append(terms, "change:"+strconv.FormatInt(number, 10))
		}
		out = append(out, gerritstream.Query{Text: strings.Join(terms, " OR "), Limit: n, Comments: true})
		numbers = numbers[n:]
	}
	return out
}
