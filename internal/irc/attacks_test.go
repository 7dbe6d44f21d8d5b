package irc

import (
	"errors"
	"strings"
	"testing"

	"github.com/recheckbot/recheckbot/internal/fake/ircd"
)

// TestAttacksInTextStayText: whatever a title, a job or a log line holds, the
// server gets PRIVMSGs to the channel and nothing else, and readers get no
// control code.
func TestAttacksInTextStayText(t *testing.T) {
	s := server(t, ircd.Options{})
	reader := arrive(t, s.Addr(), "ann")
	b := launch(t, options(s.Addr()), hurried())
	b.joined()
	before := len(s.Lines())
	for _, text := range attacks() {
		var refused *RefusedError
		if err := b.Say(t.Context(), "#ci", text); err != nil && !errors.As(err, &refused) {
			t.Fatalf("%q: %v", text, err)
		}
	}
	reader.sync()
	for _, line := range s.Lines()[before:] {
		if line.Nick == "recheckbot" && !strings.HasPrefix(line.Text, "PRIVMSG #ci :") && !strings.HasPrefix(line.Text, "PING recheckbot-") {
			t.Errorf("the bot was made to say %q", line.Text)
		}
	}
	heard := 0
	for _, line := range reader.lines() {
		if _, said, ok := strings.Cut(line, " PRIVMSG #ci :"); ok {
			heard++
			if said != Clean(said) || strings.ContainsRune(said, '\u202e') {
				t.Errorf("read %q", said)
			}
		}
	}
	if want := len(attacks()); heard < want {
		t.Errorf("%d lines of %d texts were read", heard, want)
	}
}

// TestAttacksInTargets: an answer goes where the question came from; a target
// that is no single channel or nick is refused before the wire.
func TestAttacksInTargets(t *testing.T) {
	s := server(t, ircd.Options{})
	b := launch(t, options(s.Addr()), hurried())
	b.joined()
	for _, target := range []string{"", "#ci\r\nQUIT :x", "#ci x", "#ci,#other", "$*", "$$*.net", ":x", "x\x00y", "\x01", strings.Repeat("#", 300)} {
		var refused *RefusedError
		if err := b.Say(t.Context(), target, "x"); !errors.As(err, &refused) {
			t.Errorf("%q: %v", target, err)
		}
	}
	if got := sent(s, "PRIVMSG"); len(got) != 0 {
		t.Errorf("sent %q", got)
	}
}
