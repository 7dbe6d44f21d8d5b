package irc

import (
	"context"
	"maps"
	"time"
)

// State is what can be said about the connection to people.
type State struct {
	Connected   bool              // registered, and able to speak
	Since       time.Time         // of the present connection; zero when not connected
	Nick        string            // what we are called now; may differ from the one asked for
	Server      string            // the name the server gives itself
	Addr        string            // which of Options.Servers the present or last connection is to
	Down        time.Time         // since when we cannot speak; zero while connected
	Blocked     string            // why we cannot connect until a person does something: a ban, a refused login; "" nothing of the kind
	Joined      map[string]bool   // every configured channel, by its configured name
	Trouble     map[string]string // channel: why we are not in it; "NickServ": why it did not log us in
	LastError   string            // why the last connection ended, or what is wrong with this one
	LastErrorAt time.Time
	PingLatency time.Duration // of the last answered keep-alive
	Dropped     uint64        // commands that were not taken because the queue was full
}

// State returns a copy of the present state.
func (c *Client) State() State {
	c.mu.Lock()
	defer c.mu.Unlock()
	st := c.state
	st.Joined = maps.Clone(st.Joined)
	st.Trouble = maps.Clone(st.Trouble)
	return st
}

// update changes the state and tells the owner later, from one goroutine, so
// that a slow owner never stalls the connection.
func (c *Client) update(change func(*State)) {
	c.mu.Lock()
	change(&c.state)
	c.mu.Unlock()
	select {
	case c.changed <- struct{}{}:
	default: // a change is waiting already; it will show this one too
	}
}

// publish calls OnState after changes until ctx ends.
func (c *Client) publish(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-c.changed:
			if c.opts.OnState != nil {
				c.opts.OnState(c.State())
			}
		}
	}
}
