package handlers

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// Wake tells a step that its inbox may have something. It never blocks and
// holds at most one call: a step that is woken looks at everything.
type Wake chan struct{}

// NewWake makes a Wake.
func NewWake() Wake { return make(Wake, 1) }

// Now wakes the step. The nil Wake wakes nobody.
func (w Wake) Now() {
	select {
	case w <- struct{}{}:
	default: // nil, or woken already
	}
}

// wakeAll wakes several steps.
func wakeAll(wakes []Wake) {
	for _, w := range wakes {
		w.Now()
	}
}

// Every is how often a step looks at its inbox without being woken: the other
// process may have written to it, or a row may have become due.
const Every = 5 * time.Second

// loop is how every step runs.
type loop struct {
	name  string
	wake  Wake
	every time.Duration // 0: Every
	log   *slog.Logger
}

// run calls work at once, when woken and with every tick, until ctx ends: then
// it returns nil. While work says that there is more it is called again at
// once; after an error or a panic it is called again after a growing wait.
func (l loop) run(ctx context.Context, work func(context.Context) (more bool, err error)) error {
	every := l.every
	if every <= 0 {
		every = Every
	}
	retry, failures := Retry{First: 200 * time.Millisecond, Most: time.Minute}, 0
	trouble := newTrouble(l.log)
	ctx = watched(ctx, l.name, 0)
	defer retire(ctx)
	for ctx.Err() == nil {
		more := false
		beat(ctx)
		err := safely(ctx, func(ctx context.Context) (err error) {
			more, err = work(ctx)
			return err
		})
		if ctx.Err() != nil {
			break
		}
		round(ctx, err)
		trouble.note(l.name, err)
		switch {
		case err != nil:
			failures++
			pause(ctx, nil, retry.After(failures))
		case !more:
			failures = 0
			pause(ctx, l.wake, every)
		default:
			failures = 0
		}
	}
	return nil
}

// pause waits for d, for wake or for the end of ctx, whichever is first.
func pause(ctx context.Context, wake Wake, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-wake:
	case <-timer.C:
	}
}

// maxTroubles bounds how many different items' errors are remembered.
const maxTroubles = 1000

// trouble logs a repeating failure when its text changes, not each time.
type trouble struct {
	log  *slog.Logger
	mu   sync.Mutex
	last map[string]string
}

// newTrouble makes a trouble that logs to log; nil discards.
func newTrouble(log *slog.Logger) *trouble {
	return &trouble{log: logger(log), last: map[string]string{}}
}

// note tells how what went this time; a nil error after others is told once.
func (t *trouble) note(what string, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err == nil {
		if t.last[what] != "" {
			t.log.Info("works again", "what", what)
			delete(t.last, what)
		}
		return
	}
	if t.last[what] == err.Error() {
		return
	}
	if len(t.last) >= maxTroubles {
		clear(t.last)
	}
	t.last[what] = err.Error()
	t.log.Warn("failed, will be tried again", "what", what, "error", err)
}

// forget drops what is remembered of an item that is done with.
func (t *trouble) forget(what string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.last, what)
}

// logger is log, or one that discards.
func logger(log *slog.Logger) *slog.Logger {
	if log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return log
}

// clock is now, or the machine's.
func clock(now func() time.Time) func() time.Time {
	if now == nil {
		return time.Now
	}
	return now
}
