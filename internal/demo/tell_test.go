package demo

import (
	"bytes"
	"strings"
	"testing"
)

// TestTerminalIsNotObeyed: whoever speaks in the demo's world cannot colour,
// clear or turn the terminal of who watches it.
func TestTerminalIsNotObeyed(t *testing.T) {
	var out bytes.Buffer
	newTeller(&out).tell("irc", "#qa <mallory> \x1b[2J\x1b]0;x\x07\u009b31m \u202eevil\u2066 \xff\r\nsecond\x1b[31m line")
	text := out.String()
	if strings.ContainsAny(text, "\x1b\x07\r\u009b\u202e\u2066") || !strings.Contains(text, "evil") || !strings.Contains(text, "second") {
		t.Errorf("%q", text)
	}
}
