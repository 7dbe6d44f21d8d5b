package handlers

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"time"
)

// StuckAfter is how long a step that works may neither end its round nor get on
// with an item before it is stuck. It is longer than anything that a step waits
// for: a command to Gerrit, a look-up.
const StuckAfter = 10 * time.Minute

// Vitals knows whether the steps move. Its times are the machine's own, whatever
// the wall clock does.
type Vitals struct {
	after time.Duration
	mu    sync.Mutex
	steps map[string]*StepState
}

// StepState is how a step is.
type StepState struct {
	Name     string    `json:"name"`
	Moved    time.Time `json:"moved"`
	Stuck    bool      `json:"stuck"`
	Failures int       `json:"failures"` // rounds in a row that failed
	Error    string    `json:"error,omitempty"`
	within   time.Duration
	idle     bool // between two rounds, which no step can hang in
}

// NewVitals makes a Vitals that knows of no step yet. A step is stuck after so
// long; 0: StuckAfter.
func NewVitals(after time.Duration) *Vitals {
	return &Vitals{after: cmp.Or(after, StuckAfter), steps: map[string]*StepState{}}
}

// After is after how long a step is stuck.
func (v *Vitals) After() time.Duration { return v.after }

// Steps are the steps that run, by name.
func (v *Vitals) Steps() []StepState {
	v.mu.Lock()
	defer v.mu.Unlock()
	list := make([]StepState, 0, len(v.steps))
	for _, s := range v.steps {
		state := *s
		state.Stuck = !s.idle && time.Since(s.Moved) > s.within
		list = append(list, state)
	}
	slices.SortFunc(list, func(a, b StepState) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// Stuck are the names of the steps that do not move any more.
func (v *Vitals) Stuck() []string {
	var names []string
	for _, s := range v.Steps() {
		if s.Stuck {
			names = append(names, s.Name)
		}
	}
	return names
}

// pulse is one step's way to show that it moves; nil shows nothing.
type pulse struct {
	of     *Vitals
	name   string
	within time.Duration
}

type pulseKey struct{}

// Context lets the step that runs under it be watched.
func (v *Vitals) Context(ctx context.Context) context.Context {
	return context.WithValue(ctx, pulseKey{}, &pulse{of: v})
}

// watched names what runs under ctx from now on: it is stuck when it does not
// get on within the usual time and so much more.
func watched(ctx context.Context, name string, more time.Duration) context.Context {
	p, _ := ctx.Value(pulseKey{}).(*pulse)
	if p == nil {
		return ctx
	}
	ctx = context.WithValue(ctx, pulseKey{}, &pulse{of: p.of, name: name, within: p.of.after + more})
	beat(ctx)
	return ctx
}

// Watched names a step that is no loop of this package and works only now and
// then, between Work and its end: it can hang there, and is idle else.
func Watched(ctx context.Context, name string) context.Context {
	ctx = watched(ctx, name, 0)
	round(ctx, nil)
	return ctx
}

// Work says that the step under ctx begins to work; the function that it returns
// says how that ended.
func Work(ctx context.Context) (end func(error)) {
	beat(ctx)
	return func(err error) { round(ctx, err) }
}

// beat says that the step under ctx gets on. A step calls it for each item, so
// that many items are not taken for one that hangs.
func beat(ctx context.Context) { mark(ctx, func(*StepState) {}) }

// round notes how one round of the step under ctx ended; it is idle until the
// next beat.
func round(ctx context.Context, err error) {
	mark(ctx, func(s *StepState) {
		s.idle = true
		if err == nil {
			s.Failures, s.Error = 0, ""
			return
		}
		s.Failures++
		s.Error = cutBytes(oneLine(err.Error()), 300)
	})
}

func mark(ctx context.Context, change func(*StepState)) {
	p, _ := ctx.Value(pulseKey{}).(*pulse)
	if p == nil || p.name == "" {
		return
	}
	p.of.mu.Lock()
	defer p.of.mu.Unlock()
	s := p.of.steps[p.name]
	if s == nil {
		s = &StepState{Name: p.name, within: p.within}
		p.of.steps[p.name] = s
	}
	s.Moved, s.idle = time.Now(), false
	change(s)
}

// retire forgets a step that has ended.
func retire(ctx context.Context) {
	p, _ := ctx.Value(pulseKey{}).(*pulse)
	if p == nil {
		return
	}
	p.of.mu.Lock()
	defer p.of.mu.Unlock()
	delete(p.of.steps, p.name)
}
