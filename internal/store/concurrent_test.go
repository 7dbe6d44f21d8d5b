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

// TestLinesOfTheStreamGoFirst: a long batch that is ingested lets those lines
// through that wait to be stored, over and over, and is whole in the end.
func TestLinesOfTheStreamGoFirst(t *testing.T) {
	s := fresh(t)
	var batch []Heard
	for i := range 20 * ingestTurn {
		batch = append(batch, Heard{Via: ViaStream, Change: aChange(int64(1 + i)), Comment: &Comment{Author: alice, EventTime: noon, Own: noon, FirstSeen: noon, Body: "words"}})
	}
	ended := make(chan error, 1)
	go func() { ended <- s.Ingest(t.Context(), batch) }()
	stored := 0
	for running := true; running; stored++ {
		ok(t, s.AppendRaw(t.Context(), []Raw{{Session: "s", Seq: int64(stored), Source: ViaStream, Received: noon}}))
		select {
		case err := <-ended:
			ok(t, err)
			running = false
		default:
		}
	}
	if stored < 5 {
		t.Errorf("only %d batches of lines were stored while one was ingested", stored)
	}
	if n := count(t, s, `SELECT count(*) FROM comment`); n != len(batch) {
		t.Errorf("%d comments of %d", n, len(batch))
	}
}
