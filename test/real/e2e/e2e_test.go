//go:build real

package e2e

import "testing"

// TestRealBot runs on one Gerrit, as its start takes seconds: the parts that
// end it come last.
func TestRealBot(t *testing.T) {
	w := newWorld(t)
	for _, part := range []struct {
		name string
		run  func(*testing.T, *world)
	}{
		{"one review", oneReview}, {"dry run", dryRun}, {"irc", onIRC}, {"patchset-level forms", forms},
		{"private change", private}, {"triggers", triggers}, {"stale", stale},
		{"bot killed", botKilled}, {"connection cut", connectionCut},
		{"gerrit killed", gerritKilled},
	} {
		t.Run(part.name, func(t *testing.T) { part.run(t, w) })
	}
}
