package gerritstream

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/recheckbot/recheckbot/internal/ci"
)

// ChangeMemory keeps what was told of changes.
type ChangeMemory interface {
	// KnownChange is what was told last and when (our clock); a zero time says
	// that nothing was, or that there may be more to tell: lines of the stream
	// wait to be read, or a gap is open.
	KnownChange(ctx context.Context, number int64) (c ci.Change, told time.Time, err error)
	RememberChange(ctx context.Context, c ci.Change, asked time.Time) error
}

// AccountMemory keeps what was told of accounts.
type AccountMemory interface {
	KnownAccount(ctx context.Context, username string) (a ci.Account, service bool, told time.Time, err error)
	RememberAccount(ctx context.Context, a ci.Account, service bool) error
}

// Memory is where an Asker looks before it asks Gerrit.
type Memory interface {
	ChangeMemory
	AccountMemory
}

// AskerOptions are what an Asker works with.
type AskerOptions struct {
	Memory Memory
	Old    time.Duration // how long an account is believed, as the stream tells nothing of them; 0: 24 h
	AtOnce int           // questions to Gerrit at the same time; 0: 2
}

// Asker answers questions about changes and accounts, so that nobody around it
// has to cache again: from memory while nothing newer can have happened, else
// from Gerrit, where equal questions are asked once.
type Asker struct {
	c      *Client
	o      AskerOptions
	slots  chan struct{}
	flight singleflight.Group

	hits, misses, joined, failed atomic.Uint64
}

// NewAsker makes an Asker.
func (c *Client) NewAsker(o AskerOptions) *Asker {
	o.Old, o.AtOnce = cmp.Or(o.Old, 24*time.Hour), cmp.Or(o.AtOnce, 2)
	return &Asker{c: c, o: o, slots: make(chan struct{}, o.AtOnce)}
}

// AskerStats counts questions since the start.
type AskerStats struct {
	Hits   uint64 // answered from memory
	Misses uint64 // asked of Gerrit
	Joined uint64 // waited for an equal one
	Failed uint64 // of the misses
}

// Stats counts questions since the start.
func (a *Asker) Stats() AskerStats {
	return AskerStats{Hits: a.hits.Load(), Misses: a.misses.Load(), Joined: a.joined.Load(), Failed: a.failed.Load()}
}

// Current is a change as it is now, without its comments. What was told since
// the stream is connected is current: each thing that happens to the change
// comes as an event, and no line is waiting. A change that Gerrit does not show
// us is a *NotFoundError.
func (a *Asker) Current(ctx context.Context, number int64) (ci.Change, error) {
	c, told, err := a.o.Memory.KnownChange(ctx, number)
	if err != nil {
		return c, fmt.Errorf("gerrit change %d: %w", number, err)
	}
	if !told.IsZero() && a.c.heardAllSince(told) {
		a.hits.Add(1)
		return c, nil
	}
	v, err := a.ask(ctx, "change "+strconv.FormatInt(number, 10), func(ctx context.Context) (any, error) {
		asked := a.c.o.Now()
		c, err := a.c.bareChange(ctx, number)
		if err == nil {
			err = a.o.Memory.RememberChange(ctx, c, asked)
		}
		return c, err
	})
	c, _ = v.(ci.Change)
	return c, err
}

// who is an account as it is asked for.
type who struct {
	ci.Account
	service bool
}

// Account is an account by its username and whether Gerrit tags it as a service
// user. Only REST tells; without it that is errors.ErrUnsupported.
func (a *Asker) Account(ctx context.Context, username string) (ci.Account, bool, error) {
	acc, service, told, err := a.o.Memory.KnownAccount(ctx, username)
	if err != nil {
		return acc, false, fmt.Errorf("gerrit account %s: %w", username, err)
	}
	if age := a.c.o.Now().Sub(told); !told.IsZero() && age >= 0 && age < a.o.Old {
		a.hits.Add(1)
		return acc, service, nil
	}
	v, err := a.ask(ctx, "account "+username, func(ctx context.Context) (any, error) {
		acc, service, err := a.c.account(ctx, username)
		if err == nil {
			err = a.o.Memory.RememberAccount(ctx, acc, service)
		}
		return who{acc, service}, err
	})
	w, _ := v.(who)
	return w.Account, w.service, err
}

// ask asks Gerrit, once for all who want to know the same at the same time. The
// question outlives the one who was first, for others may wait for it.
func (a *Asker) ask(ctx context.Context, what string, f func(context.Context) (any, error)) (any, error) {
	first := false
	done := a.flight.DoChan(what, func() (any, error) {
		first = true
		a.misses.Add(1)
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), a.c.o.CommandTimeout)
		defer cancel()
		select {
		case a.slots <- struct{}{}:
			defer func() { <-a.slots }()
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		v, err := f(ctx)
		if err != nil {
			a.failed.Add(1)
		}
		return v, err
	})
	select {
	case r := <-done:
		if !first {
			a.joined.Add(1)
		}
		if r.Err != nil {
			return nil, fmt.Errorf("gerrit %s: %w", what, r.Err)
		}
		return r.Val, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("gerrit %s: %w", what, ctx.Err())
	}
}

// heardAllSince reports whether the stream has brought everything since then, and
// no line of it is just being stored.
func (c *Client) heardAllSince(at time.Time) bool {
	s := c.State()
	return s.Connected && !at.Before(s.Since) && !c.handing.Load()
}

// bareChange asks for a change without its comments.
func (c *Client) bareChange(ctx context.Context, number int64) (ci.Change, error) {
	p, err := c.Query(ctx, Query{Text: "change:" + strconv.FormatInt(number, 10), Limit: 2})
	if err != nil {
		return ci.Change{}, err
	}
	i := slices.IndexFunc(p.Changes, func(q QueriedChange) bool { return q.Number == number })
	if i < 0 {
		return ci.Change{}, &NotFoundError{Change: number}
	}
	return p.Changes[i].Change, nil
}

// account asks REST for an account (Gerrit's AccountDetailInfo).
func (c *Client) account(ctx context.Context, username string) (ci.Account, bool, error) {
	if c.o.HTTPURL == "" {
		return ci.Account{}, false, fmt.Errorf("no REST: %w", errors.ErrUnsupported)
	}
	var w wireAccount
	if err := c.get(ctx, "/accounts/"+url.PathEscape(username)+"/detail", &w); err != nil {
		return ci.Account{}, false, err
	}
	return w.account(), slices.Contains(w.Tags, "SERVICE_USER"), nil
}
