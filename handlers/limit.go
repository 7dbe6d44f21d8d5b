package handlers

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// maxPeople bounds how many people's limits are remembered.
const maxPeople = 1000

// perPerson limits how often each person may ask.
type perPerson struct {
	every time.Duration
	burst int
	mu    sync.Mutex
	of    map[string]*rate.Limiter
}

func newPerPerson(every time.Duration, burst int) *perPerson {
	return &perPerson{every: every, burst: burst, of: map[string]*rate.Limiter{}}
}

// allow reports whether who may ask now. When too many people are remembered
// those who have been quiet are forgotten, and if all are busy nobody new may.
func (p *perPerson) allow(who string, now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	l := p.of[who]
	if l == nil {
		if len(p.of) >= maxPeople && !p.forget(now) {
			return false
		}
		l = rate.NewLimiter(rate.Every(p.every), p.burst)
		p.of[who] = l
	}
	return l.AllowN(now, 1)
}

// forget drops the limits that are full again, and reports whether there were any.
func (p *perPerson) forget(now time.Time) bool {
	before := len(p.of)
	for who, l := range p.of {
		if l.TokensAt(now) >= float64(p.burst) {
			delete(p.of, who)
		}
	}
	return len(p.of) < before
}
