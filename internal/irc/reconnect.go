package irc

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// What a connection is given up for besides ErrSASL. Test State.Blocked for what
// a person has to lift.
var (
	// errBanned: the server does not want us. To try often makes a ban longer.
	errBanned = errors.New("irc: banned from the server")
	// errThrottled: we came too often already.
	errThrottled = errors.New("irc: the server finds that we connect too often")
)

// reconnect holds one connection after the other: the servers in their order,
// from the first one again after a connection that held.
func (c *Client) reconnect(ctx context.Context) {
	wait, at, logged := c.backoff(), 0, map[string]string{}
	for {
		server, began := c.opts.Servers[at], time.Now()
		err := c.connect(ctx, server)
		if ctx.Err() != nil {
			return
		}
		at = (at + 1) % len(c.opts.Servers)
		if time.Since(began) > c.pace.stable {
			wait.Reset()
			at, logged = 0, map[string]string{}
		}
		pause := c.pace.min
		if at == 0 { // all were tried: wait longer each time
			pause = wait.NextBackOff()
		}
		pause = max(pause, c.patience(err))
		if err.Error() != logged[server] {
			logged[server] = err.Error()
			c.log.Error("irc: connection failed", "server", server, "error", err, "retry_in", pause.Round(time.Millisecond))
		}
		if !sleep(ctx.Done(), pause) {
			return
		}
	}
}

// patience is how long to wait at the least after that error, and notes what a
// person has to see to.
func (c *Client) patience(err error) time.Duration {
	switch {
	case errors.Is(err, ErrSASL), errors.Is(err, errBanned):
		// trying a wrong password often gets an account locked
		c.update(func(st *State) { st.Blocked = err.Error() })
		return c.pace.slow
	case errors.Is(err, errThrottled):
		return c.pace.max
	}
	return 0
}

func (c *Client) backoff() *backoff.ExponentialBackOff {
	b := backoff.NewExponentialBackOff()
	b.InitialInterval, b.MaxInterval, b.Multiplier = c.pace.min, c.pace.max, 2
	b.Reset()
	return b
}

// farewell reads what a server says before it closes: the words are those of
// ngircd, InspIRCd, ircd-hybrid, Solanum and UnrealIRCd.
func farewell(text string) error {
	low := strings.ToLower(text)
	switch {
	case containsAny(low, "throttl", "too fast", "too many connections", "too many times", "too many user connections"):
		return errThrottled
	case containsAny(low, "banned", "k-line", "g-line", "z-line", "d-line", "x-line", "akill", "autokill", "blacklist", "dnsbl"):
		return errBanned
	}
	return nil
}
