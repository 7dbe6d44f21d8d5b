//go:build real

package e2e

import "testing"

// part is one thing to show.
type part struct {
	name string
	run  func(*testing.T, *world)
}

// TestRealBot runs on one Gerrit, as its start takes seconds: what ends it comes
// last. Parts run together when no bot of one speaks on the changes of another.
func TestRealBot(t *testing.T) {
	w := newWorld(t)
	for _, parts := range [][]part{
		{{"one review", oneReview}},
		{{"dry run", dryRun}, {"ngircd", onNgIRCd}, {"inspircd", onInspIRCd}, {"patchset-level forms", forms}},
		{{"private change", private}},
		{{"triggers", triggers}},
		{{"stale", stale}},
		{{"bot killed", botKilled}, {"connection cut", connectionCut}},
		{{"gerrit killed", gerritKilled}},
	} {
		t.Run("with "+parts[0].name, func(t *testing.T) {
			for _, p := range parts {
				t.Run(p.name, func(t *testing.T) {
					t.Parallel()
					p.run(t, w)
				})
			}
		})
	}
}
