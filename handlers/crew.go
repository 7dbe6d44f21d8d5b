package handlers

import (
	"sync"
	"time"
)

// crew shares a step's workers among places (log hosts, CIs), so that one that
// hangs delays no other: no place has all workers, one that was in trouble last
// has a single one, and one that asked for a rest has none until it is over.
type crew struct {
	all  int // items in hand
	each int // of one place

	mu     sync.Mutex
	flying map[int64]string
	busy   map[string]int
	sick   map[string]time.Time // places in trouble, and until when they rest
}

// newCrew makes a crew of so many workers, each place having most of them.
func newCrew(all, each int) *crew {
	return &crew{all: all, each: each, flying: map[int64]string{}, busy: map[string]int{}, sick: map[string]time.Time{}}
}

// full reports whether all workers are busy.
func (c *crew) full() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.flying) >= c.all
}

// take reserves an item if nobody has it and its place has a worker left.
func (c *crew) take(id int64, place string, now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	most := c.each
	until, sick := c.sick[place]
	if sick {
		most = 1
	}
	if _, taken := c.flying[id]; taken || len(c.flying) >= c.all || c.busy[place] >= most || now.Before(until) {
		return false
	}
	c.flying[id] = place
	c.busy[place]++
	return true
}

// free gives an item back.
func (c *crew) free(id int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	place, taken := c.flying[id]
	if !taken {
		return
	}
	delete(c.flying, id)
	if c.busy[place]--; c.busy[place] == 0 {
		delete(c.busy, place)
	}
}

// maxSick bounds how many places in trouble are remembered.
const maxSick = 1000

// note keeps account of how a place is: in trouble, perhaps resting so long, or
// well again.
func (c *crew) note(place string, trouble bool, rest time.Duration, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !trouble {
		delete(c.sick, place)
		return
	}
	if len(c.sick) >= maxSick {
		clear(c.sick)
	}
	c.sick[place] = now.Add(rest)
}
