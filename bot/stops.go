package bot

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// stopWithin bounds all stops together: what hangs must not keep the program.
const stopWithin = 8 * time.Second

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
