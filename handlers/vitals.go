package handlers

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"
)

// StuckAfter is how long a step may neither end a round nor get on with an item
// before it is stuck. It is longer than anything that a step waits for: a
// command to Gerrit, a look-up.
const StuckAfter = 10 * time.Minute

// Vitals knows whether the steps move. Its times are the machine's own, whatever
// the wall clock does.
type Vitals struct {
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
}

// NewVitals makes a Vitals that knows of no step yet.
func NewVitals() *Vitals { return &Vitals{steps: map[string]*StepState{}} }

// Steps are the steps that run, by name.
func (v *Vitals) Steps() []StepState {
	v.mu.Lock()
	defer v.mu.Unlock()
	list := make([]StepState, 0, len(v.steps))
	for _, s := range v.steps {
		state := *s
		state.Stuck = time.Since(s.Moved) > s.within
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
// get on within that time.
func watched(ctx context.Context, name string, within time.Duration) context.Context {
	p, _ := ctx.Value(pulseKey{}).(*pulse)
	if p == nil {
		return ctx
	}
	ctx = context.WithValue(ctx, pulseKey{}, &pulse{of: p.of, name: name, within: within})
	beat(ctx)
	return ctx
}

// beat says that the step under ctx gets on. A step calls it for each item, so
// that many items are not taken for one that hangs.
func beat(ctx context.Context) { mark(ctx, func(*StepState) {}) }

// round notes how one round of the step under ctx ended.
func round(ctx context.Context, err error) {
	mark(ctx, func(s *StepState) {
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
	s.Moved = time.Now()
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
