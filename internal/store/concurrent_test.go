package store

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/recheckbot/recheckbot/internal/ci"
)

// TestManyAtOnce: steps write and others read at the same time; no one meets
// "database is locked", and nothing is lost. A reader of another process is
// there too.
func TestManyAtOnce(t *testing.T) {
	s := fresh(t)
	other, err := OpenReadOnly(t.Context(), s.path)
	ok(t, err)
	defer other.Close()
	const steps, rounds = 4, 10
	var wg sync.WaitGroup
	for step := range steps {
		wg.Go(func() {
			for i := range rounds {
				n := step*rounds + i + 1
				if err := s.AppendRaw(t.Context(), []Raw{{Session: fmt.Sprint(step), Seq: int64(i), Source: ViaStream, Received: noon}}); err != nil {
					t.Error(err)
				}
				h := Heard{Via: ViaStream, Change: aChange(int64(n)), Comment: &Comment{Author: zuul, EventTime: noon, Own: noon, FirstSeen: noon,
					Body: "Build failed", Patchset: 1, Parsed: aReport(n, zuulBuild(n, "a", ci.Failure))}}
				if err := s.Ingest(t.Context(), []Heard{h}); err != nil {
					t.Error(err)
				}
			}
		})
		wg.Go(func() {
			for range rounds {
				for _, r := range []*Store{s, other} {
					if _, err := r.Status(t.Context()); err != nil {
						t.Error(err)
					}
					if _, err := r.DueLookups(t.Context(), noon, 5); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	wg.Wait()
	st, err := other.Status(t.Context())
	ok(t, err)
	if st.PendingRaw != steps*rounds || st.PendingLookups != steps*rounds || st.OpenReports != steps*rounds {
		t.Errorf("status = %+v", st)
	}
}

// TestEndedByItsContext: a transaction that its context ended says so, and not
// that it was over already.
func TestEndedByItsContext(t *testing.T) {
	s := fresh(t)
	ctx, cancel := context.WithCancel(t.Context())
	err := s.update(ctx, "test", "", func(tx *txn) error {
		cancel()
		for {
			if _, err := exec(context.Background(), tx, `DELETE FROM dead`); err != nil {
				return err
			}
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
