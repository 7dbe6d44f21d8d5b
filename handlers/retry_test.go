package handlers

import (
	"testing"
	"time"
)

// TestRetryAfter: waits double up to the bound and carry jitter.
func TestRetryAfter(t *testing.T) {
	r := Retry{First: time.Second, Most: time.Minute}
	for tries, mid := range map[int]time.Duration{
		0: time.Second, 1: time.Second, 2: 2 * time.Second, 5: 16 * time.Second,
		7: time.Minute, 1000: time.Minute,
	} {
		different := map[time.Duration]bool{}
		for range 50 {
			got := r.After(tries)
			if got < mid/2-1 || got > mid*3/2+1 {
				t.Fatalf("After(%d) = %s, want within half of %s", tries, got, mid)
			}
			different[got] = true
		}
		if len(different) < 2 {
			t.Errorf("After(%d) has no jitter", tries)
		}
	}
}
