package irc

import "time"

// channels is where we are and where we want to be.
type channels struct {
	c      *Client
	wanted []*place
	leave  []string      // where we were put and did not want to be
	wake   chan struct{} // a due time has changed
}

// maxLeave bounds how many channels wait to be left: whoever can force us into
// that many can do worse.
const maxLeave = 20

// place is one configured channel.
type place struct {
	Channel
	joined bool
	since  time.Time // of the last join
	due    time.Time // of the next JOIN
	kicks  int       // without a stable stay between
	turned int       // refusals since the last join
}

func newChannels(c *Client) *channels {
	list := &channels{c: c, wake: make(chan struct{}, 1)}
	for _, ch := range c.opts.Channels {
		list.wanted = append(list.wanted, &place{Channel: ch})
	}
	return list
}

func (l *channels) find(name string) *place {
	for _, p := range l.wanted {
		if fold(p.Name) == fold(name) {
			return p
		}
	}
	return nil
}

func (l *channels) in(name string) bool {
	p := l.find(name)
	return p != nil && p.joined
}

// next returns the line that is due now, or how long until one is. A JOIN that
// is not answered falls due again by itself.
func (l *channels) next(now time.Time) (line string, wait time.Duration) {
	wait = l.c.pace.slow
	if len(l.leave) > 0 {
		line, l.leave = "PART "+l.leave[0], l.leave[1:]
		return line, 0
	}
	for _, p := range l.wanted {
		switch {
		case p.joined:
		case p.due.After(now):
			wait = min(wait, p.due.Sub(now))
		case p.Key != "":
			p.due = now.Add(l.c.pace.join)
			return "JOIN " + p.Name + " " + p.Key, 0
		default:
			p.due = now.Add(l.c.pace.join)
			return "JOIN " + p.Name, 0
		}
	}
	return "", wait
}

// arrived notes a join.
func (l *channels) arrived(p *place) {
	p.joined, p.since, p.turned = true, time.Now(), 0
	l.c.update(func(st *State) {
		st.Joined[p.Name] = true
		delete(st.Trouble, p.Name)
	})
}

// lost notes that we are not in p, why, and when to try again.
func (l *channels) lost(p *place, why string, wait time.Duration) {
	p.joined, p.due = false, time.Now().Add(wait)
	known := ""
	l.c.update(func(st *State) {
		known = st.Trouble[p.Name]
		st.Joined[p.Name] = false
		st.Trouble[p.Name] = why
	})
	if why != known {
		l.c.log.Error("irc: not in channel", "channel", p.Name, "why", why, "retry_in", wait)
	}
	l.poke()
}

func (l *channels) poke() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// afterKick doubles the wait with each kick, up to slow: whoever kicks a bot that
// comes straight back will ban it.
func (l *channels) afterKick(p *place) time.Duration {
	if time.Since(p.since) > l.c.pace.slow {
		p.kicks = 0
	}
	p.kicks++
	return min(l.c.pace.rejoin<<min(p.kicks-1, 16), l.c.pace.slow)
}

// afterRefusal is longer each time, up to an hour and a bit: only a person can
// lift a ban, and an invitation ends the waiting.
func (l *channels) afterRefusal(p *place) time.Duration {
	p.turned++
	return l.c.pace.slow << min(p.turned-1, 4)
}

// stray is a channel that we were put into and that the config does not name: a
// forward, or an operator of the network. We leave it again.
func (l *channels) stray(name string) {
	if validTarget(name) && len(l.leave) < maxLeave {
		l.c.log.Warn("irc: put into a channel that is not configured; leaving it", "channel", shorten(name))
		l.leave = append(l.leave, name)
		l.poke()
	}
}
