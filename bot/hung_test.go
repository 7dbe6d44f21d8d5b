package bot

import (
	"context"
	"log/slog"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/recheckbot/recheckbot/handlers"
	"github.com/recheckbot/recheckbot/internal/logsearch/scan"
	"github.com/recheckbot/recheckbot/internal/store"
	"github.com/recheckbot/recheckbot/queries"
)

// deadStore takes sets of fingerprints and never answers.
type deadStore struct{ gone chan struct{} }

func (d deadStore) SaveSet(context.Context, [32]byte, []store.FingerprintRow) (int64, error) {
	<-d.gone
	return 0, nil
}

// TestHungReloadIsSeen: fingerprints that are never put in use are a stuck step;
// a folder in which nothing happens is none.
func TestHungReloadIsSeen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := handlers.NewVitals(0)
		ctx := handlers.Watched(v.Context(t.Context()), "fingerprints")
		d := deadStore{gone: make(chan struct{})}
		f := &fingerprints{store: d, engine: scan.New(scan.Options{}), current: &handlers.Sets{}, log: slog.New(slog.DiscardHandler)}
		f.begin = func() func(error) { return handlers.Work(ctx) }
		time.Sleep(time.Hour)
		if got := v.Stuck(); len(got) != 0 {
			t.Errorf("stuck before: %q", got)
		}
		go f.replace(queries.Set{SHA: [32]byte{1}}, nil)
		time.Sleep(handlers.StuckAfter + time.Minute)
		synctest.Wait()
		if got := v.Stuck(); !slices.Equal(got, []string{"fingerprints"}) {
			t.Errorf("stuck: %q", got)
		}
		close(d.gone)
		synctest.Wait()
		if got := v.Stuck(); len(got) != 0 {
			t.Errorf("still stuck: %q", got)
		}
	})
}
