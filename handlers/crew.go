package handlers

import (
	"fmt"
	"sync"
	"time"

	"github.com/recheckbot/recheckbot/internal/store"
)

// crew shares a step's workers among places (log hosts, CIs), so that one that
// hangs delays no other: no place has all workers, one that was in trouble last
// has a single one, and one that asked for a rest has none until it is over.
type crew struct {
	all  int // items in hand
	each int // of one place

	mu     sync.Mutex
	flying map[int64]string
	landed map[int64]bool // given back since the look began
	busy   map[string]int
	sick   map[string]*illness
}

// newCrew makes a crew of so many workers, each place having most of them.
func newCrew(all, each int) *crew {
	return &crew{all: all, each: each, flying: map[int64]string{}, landed: map[int64]bool{}, busy: map[string]int{}, sick: map[string]*illness{}}
}

// full reports whether all workers are busy.
func (c *crew) full() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.flying) >= c.all
}

// look begins a look at what is due. What is given back while it goes on is not
// had again in it: its row may have been read before the outcome was written, and
// would be worked on twice and its tries counted wrong.
func (c *crew) look() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.landed)
}

// had reports whether somebody has the item, or had it during this look.
func (c *crew) had(id int64) bool {
	_, taken := c.flying[id]
	return taken || c.landed[id]
}

// take reserves an item if nobody has it and its place has a worker left.
func (c *crew) take(id int64, place string, now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	most := c.each
	ill := c.sick[place]
	if ill != nil {
		most = 1
	}
	if c.had(id) || len(c.flying) >= c.all || c.busy[place] >= most || ill != nil && now.Before(ill.rest) {
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
	c.landed[id] = true
	if c.busy[place]--; c.busy[place] == 0 {
		delete(c.busy, place)
	}
}

// maxSick bounds how many places in trouble are remembered.
const maxSick = 1000

// downFor is how long after its last failure a place is down for all: what one
// item found out need not be found out by each of the others.
const downFor = 30 * time.Second

// illness is how a place is that was in trouble last. Until two items in a row
// have failed there the trouble may be the item's own.
type illness struct {
	first  int64 // the item that failed first
	others bool  // another one failed too
	rest   time.Time
	last   time.Time
	err    error
}

// note keeps account of how a place is: in trouble, perhaps asking for a rest of
// so long, or well again.
func (c *crew) note(id int64, place string, trouble error, rest time.Duration, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	ill := c.sick[place]
	switch {
	case trouble == nil:
		delete(c.sick, place)
		return
	case ill == nil && len(c.sick) >= maxSick:
		clear(c.sick)
	}
	if ill == nil {
		ill = &illness{first: id}
		c.sick[place] = ill
	}
	ill.others = ill.others || ill.first != id
	ill.rest, ill.last, ill.err = now.Add(min(rest, maxAgain)), now, trouble
}

// down is why a place need not be asked for an item just now: others have found
// it out of reach a moment ago. Nil: ask, or wait for a worker.
func (c *crew) down(id int64, place string, now time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	ill := c.sick[place]
	if c.had(id) || ill == nil || !ill.others || now.Sub(ill.last) > downFor {
		return nil
	}
	return ill.err
}

// tooMany says that not all that is due was looked at: the rest waits until some
// of the places that are in trouble are well.
func tooMany(offered int) error {
	if offered < store.MaxOffered {
		return nil
	}
	return fmt.Errorf("more than %d, those that wait longest only are looked at", store.MaxOffered)
}
