package scan

import (
	"testing"

	"github.com/recheckbot/recheckbot/internal/lucene"
)

// TestQuoteShowsTheLineThatMatched: an event's first line may be an unrelated
// one that a traceback was folded into.
func TestQuoteShowsTheLineThatMatched(t *testing.T) {
	const event = "INFO claim: memory 128 MB\nTraceback (most recent call last):\nMessagingTimeout: Timed out waiting for a reply\nMessagingTimeout again"
	for query, want := range map[string]string{
		`message:"Timed out waiting" AND message:"MessagingTimeout"`: "MessagingTimeout: Timed out waiting for a reply",
		`message:"claim" AND tags:"screen-n-cpu.txt"`:                "INFO claim: memory 128 MB",
		`message:"Traceback" AND NOT message:"again"`:                "Traceback (most recent call last):",
		`message:"reply MessagingTimeout"`:                           "INFO claim: memory 128 MB", // over a line's end: no line shows it alone
		`(message:"again" OR message:"nothing") AND build_name:"x"`:  "MessagingTimeout again",
	} {
		tree, err := lucene.Parse(query, lucene.Historical())
		if err != nil {
			t.Fatal(err)
		}
		if got := quote(tree, lucene.Historical(), event); got != want {
			t.Errorf("%s: quoted %q, want %q", query, got, want)
		}
	}
}
