package irc

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Client is a connection that is made again whenever it breaks. Its methods may
// be called from any goroutine.
type Client struct {
	opts     Options
	pace     pace
	log      *slog.Logger
	limiter  *rate.Limiter // outlives connections: a server remembers us too
	commands chan Command
	changed  chan struct{}

	mu      sync.Mutex // guards the two below
	session *session   // nil unless we can speak
	state   State
}

// New returns a client that does nothing until Run.
func New(o Options) *Client {
	o = o.withDefaults()
	c := &Client{
		opts:     o,
		pace:     defaultPace(),
		log:      o.Logger,
		limiter:  rate.NewLimiter(rate.Every(o.LineEvery), o.Burst),
		commands: make(chan Command, commandQueue),
		changed:  make(chan struct{}, 1),
		state:    State{Nick: o.Nick, Joined: map[string]bool{}, Trouble: map[string]string{}, Down: o.Now()},
	}
	for _, ch := range o.Channels {
		c.state.Joined[ch.Name] = false
	}
	return c
}

// Run connects, and connects again, until ctx ends; then it says QUIT and
// returns nil. It returns an error at once, and only, when the options can never
// work. It must be called once.
func (c *Client) Run(ctx context.Context) error {
	if err := c.opts.validate(); err != nil {
		return err
	}
	var wg sync.WaitGroup
	wg.Go(func() { c.answer(ctx) })
	wg.Go(func() { c.publish(ctx) })
	c.reconnect(ctx)
	wg.Wait()
	return nil
}

// connect holds one connection from dialling to its end and says why it ended,
// which is never nil.
func (c *Client) connect(ctx context.Context, server string) error {
	conn, err := c.dial(ctx, server)
	if err == nil {
		err = newSession(c, server, conn).run(ctx)
	}
	c.update(func(st *State) {
		if st.Down.IsZero() {
			st.Down = c.opts.Now()
		}
		st.Connected, st.Since, st.PingLatency = false, time.Time{}, 0
		for name := range st.Joined {
			st.Joined[name] = false
		}
		if ctx.Err() == nil {
			st.LastError, st.LastErrorAt = err.Error(), c.opts.Now()
		}
	})
	return err
}

// current returns the connection that can carry a line, or nil.
func (c *Client) current() *session {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.session
}

// sleep waits for d and says whether it was not cut short by done.
func sleep(done <-chan struct{}, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-done:
		return false
	case <-t.C:
		return true
	}
}
