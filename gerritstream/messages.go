package gerritstream

import (
	"context"
	"fmt"
	"strconv"
)

// Messages returns all comments of one change, oldest first, with their
// patchset-level texts: by REST where it is configured, which also knows ids
// and tags; else, or while REST fails, by a query. A change that Gerrit does
// not show us is a *NotFoundError.
func (c *Client) Messages(ctx context.Context, change int64) ([]Comment, error) {
	if c.o.HTTPURL != "" {
		rctx, cancel := context.WithTimeout(ctx, c.o.CommandTimeout)
		list, err := c.restMessages(rctx, change)
		cancel()
		if err == nil {
			c.rest.clear()
			return list, nil
		}
		if ctx.Err() != nil {
			return nil, fmt.Errorf("gerrit messages of %d: %w", change, ctx.Err())
		}
		c.rest.report(c.o.Logger, "gerrit: REST failed, asking over SSH instead", err)
	}
	q, err := c.Change(ctx, change)
	return q.Comments, err
}

// Change returns one change with its comments and patchset-level texts, by
// SSH. A change that Gerrit does not show us is a *NotFoundError.
func (c *Client) Change(ctx context.Context, change int64) (QueriedChange, error) {
	p, err := c.Query(ctx, Query{Text: "change:" + strconv.FormatInt(change, 10), Limit: 2, Comments: true, PatchSets: true})
	if err != nil {
		return QueriedChange{}, err
	}
	for _, q := range p.Changes {
		if q.Number == change {
			return q, nil
		}
	}
	return QueriedChange{}, &NotFoundError{Change: change}
}

// NotFoundError says that Gerrit shows us no such change: deleted, never there,
// not ours to see, or not in its index yet.
type NotFoundError struct{ Change int64 }

// Error implements error.
func (e *NotFoundError) Error() string {
	return fmt.Sprintf("gerrit: change %d not found", e.Change)
}
