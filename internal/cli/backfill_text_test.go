package cli

import (
	"strings"
	"testing"
	"time"

	"github.com/recheckbot/recheckbot/handlers"
)

// TestBackfillTells how far it is, how fast and how long it still takes, by what
// this run did: one that goes on where another was counts from there.
func TestBackfillTells(t *testing.T) {
	began := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	at := func(changes int, share float64) handlers.BackfillProgress {
		return handlers.BackfillProgress{Changes: changes, Comments: 2 * changes, Since: began, Until: began.Add(100 * time.Hour),
			Next: began.Add(time.Duration(share * float64(100*time.Hour)))}
	}
	for _, c := range []struct {
		first, now handlers.BackfillProgress
		want       string
	}{
		{at(0, 0), at(500, 0.25), "500 changes (50/s), 1000 comments, 25%, 30s left"},
		{at(400, 0.5), at(500, 0.75), "500 changes (10/s), 1000 comments, 75%, 10s left"},
		{at(0, 0), at(0, 0), "0 changes (0/s), 0 comments, 0%, ? left"},
	} {
		tell := &teller{first: c.first}
		if got := tell.text(c.now, 10*time.Second); !strings.HasSuffix(got, ": "+c.want) {
			t.Errorf("%s, want %s", got, c.want)
		}
	}
}
