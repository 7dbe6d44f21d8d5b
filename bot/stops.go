package bot

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// stopWithin bounds all stops together: what hangs must not keep the program. With
// stepsWithin it is less than the ten seconds in which a told program ends.
const stopWithin = 5 * time.Second

// stepsWithin bounds the wait for steps that were told to end.
const stepsWithin = 4 * time.Second

// wait waits for all steps; for those that hang, when they were told to end, not
// for ever: what they were doing goes on after the next start.
func wait(ctx context.Context, all func() error, running *names) error {
	ended := make(chan error, 1)
	go func() { ended <- all() }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	late := time.NewTimer(stepsWithin)
	defer late.Stop()
	select {
	case err := <-ended:
		return err
	case <-late.C:
		return fmt.Errorf("these steps do not end: %s", running)
	}
}

// names are the steps that run.
type names struct {
	mu   sync.Mutex
	list map[string]bool
}

func (n *names) add(name string)    { n.mu.Lock(); defer n.mu.Unlock(); n.list[name] = true }
func (n *names) remove(name string) { n.mu.Lock(); defer n.mu.Unlock(); delete(n.list, name) }

// String lists them.
func (n *names) String() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return strings.Join(slices.Sorted(maps.Keys(n.list)), ", ")
}

// stops are what has to be undone, each named, last in, first out.
type stops struct {
	log  *slog.Logger
	list []stop
}

type stop struct {
	name string
	do   func() error
}

// add registers how what was just opened is closed.
func (s *stops) add(name string, do func() error) { s.list = append(s.list, stop{name, do}) }

// run runs them all, and tells which failed or hang.
func (s *stops) run() error {
	ctx, cancel := context.WithTimeout(context.Background(), stopWithin)
	defer cancel()
	var errs []error
	for i := len(s.list) - 1; i >= 0; i-- {
		errs = append(errs, s.one(ctx, s.list[i]))
	}
	s.list = nil
	return errors.Join(errs...)
}

func (s *stops) one(ctx context.Context, st stop) error {
	done := make(chan error, 1)
	go func() { done <- st.do() }()
	select {
	case err := <-done:
		if err != nil {
			return fmt.Errorf("stop %s: %w", st.name, err)
		}
		s.log.Debug("stopped", "what", st.name)
		return nil
	case <-ctx.Done():
		return fmt.Errorf("stop %s: hangs", st.name)
	}
}
