package handlers

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// TestLoop: at once, when woken, with every tick, again at once while there is
// more, and with growing waits after errors; it ends with its context.
func TestLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		start, wake := time.Now(), NewWake()
		var mu sync.Mutex
		var called []time.Duration
		more, fail := 2, error(nil)
		ended := make(chan error)
		go func() {
			ended <- loop{name: "x", wake: wake}.run(ctx, func(context.Context) (bool, error) {
				mu.Lock()
				defer mu.Unlock()
				called = append(called, time.Since(start))
				more--
				return more > 0, fail
			})
		}()
		calls := func() []time.Duration {
			synctest.Wait()
			mu.Lock()
			defer mu.Unlock()
			return slices.Clone(called)
		}
		at := calls()
		if len(at) != 2 || at[1] != 0 {
			t.Errorf("at the start: %v", at)
		}
		time.Sleep(time.Second)
		wake.Now()
		if at = calls(); len(at) != 3 || at[2] != time.Second {
			t.Errorf("woken: %v", at)
		}
		time.Sleep(Every)
		if at = calls(); len(at) != 4 || at[3] != time.Second+Every {
			t.Errorf("by its ticker: %v", at)
		}
		mu.Lock()
		fail = errors.New("x")
		mu.Unlock()
		wake.Now()
		time.Sleep(10 * time.Minute)
		if n := len(calls()) - 4; n < 8 || n > 40 {
			t.Errorf("%d tries in 10 minutes of errors", n)
		}
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("ended with %v", err)
		}
	})
}

// TestTrouble is logged when its text changes, not each time.
func TestTrouble(t *testing.T) {
	var b bytes.Buffer
	tr := newTrouble(slog.New(slog.NewTextHandler(&b, nil)))
	for _, err := range []error{nil, errors.New("a"), errors.New("a"), errors.New("b"), nil, nil, errors.New("b")} {
		tr.note("x", err)
	}
	if got := strings.Count(b.String(), "\n"); got != 4 {
		t.Errorf("%d lines:\n%s", got, b.String())
	}
}

// TestNilWake wakes nobody and blocks nobody.
func TestNilWake(t *testing.T) {
	var w Wake
	w.Now()
	wakeAll([]Wake{w, NewWake()})
}
