package handlers

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/recheckbot/recheckbot/internal/ci"
	"github.com/recheckbot/recheckbot/internal/fake/ircd"
	"github.com/recheckbot/recheckbot/internal/irc"
	"github.com/recheckbot/recheckbot/internal/store"
)

// hostile is a text for every field that strangers write: a second line, CTCP,
// colours, terminal codes, text that runs backwards, bytes that are not UTF-8.
const hostile = "evil\r\nQUIT :gone\x00\x01VERSION\x01 \x02\x0304,12red\x0f \x1b[2J\u202etxet\u202c\u2028\u0085\xff\xfe"

// TestHostileWordsOnIRC plays them through the whole way: the tables, the
// answers and announcements, the outbox, the step that delivers, the client and
// a server. Readers get clean lines from us and nothing else.
func TestHostileWordsOnIRC(t *testing.T) {
	w := newAsked(t, nil)
	server, err := ircd.Start("127.0.0.1:0", ircd.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	w.now = time.Now()
	reader := reads(t, server)
	w.speakOn(server)
	job := strings.NewReplacer("\r\n", " ", "\x00", "").Replace(hostile) // one build, one line
	w.hear(1, "p/"+job, "zuul", "Patch Set 1:\n\nBuild failed (gate pipeline).\n\n- "+job+" http://logs.example.org/1/ : FAILURE in 5m 00s")
	w.hear(1, "p/"+job, "alice", "Patch Set 1:\n\nrecheck bug 1234567")
	ref := ci.BugRef{Tracker: ci.Launchpad, Ref: "1234567"}
	if err := w.store.SaveTitle(t.Context(), ref, hostile, hostile, false, w.now); err != nil {
		t.Fatal(err)
	}
	evil := Text{Project: hostile, Pipeline: hostile, Change: 1, Patchset: 1, Unrecognized: []string{hostile},
		Recognized: []Job{{Name: hostile, Known: []Known{{Label: hostile, Bugs: []Bug{{Name: "x", URL: hostile, Title: hostile}}}}}}}
	announce := NewAnnounce(AnnounceOptions{})
	for i, body := range []string{
		recognizedLine(evil, hostile), unrecognizedLine(evil, hostile),
		announce.line(store.RecheckedBug{Bug: ci.BugRef{Tracker: hostile, Ref: hostile}, People: 1, Project: hostile}, store.BugView{Title: hostile}),
	} {
		w.tell(fmt.Sprintf("alarm:%d", i), body)
	}
	for _, ask := range []string{"queue", "bug 1234567", "unrecognized", "rates evil", "rates " + hostile, "queue evil", "help " + hostile, "bug " + hostile, "mute " + hostile, hostile} {
		w.commands.Handle(t.Context(), irc.Command{Nick: "alice", Target: "#ci", Host: ask, Text: strings.TrimSpace(irc.Clean(ask)), Operator: true})
	}
	w.tell("alarm:last", "the last one")
	said := upTo(t, reader, "the last one")
	if len(said) < 14 {
		t.Errorf("%d lines were read: %q", len(said), said)
	}
	for _, line := range said {
		if line != irc.Clean(line) || strings.ContainsAny(line, "\x00\x01\x03\x1b\u202e\u2028") {
			t.Errorf("read %q", line)
		}
	}
	for _, line := range server.Lines() {
		for _, word := range []string{"QUIT", "NOTICE", "PRIVMSG #other"} {
			if line.Nick == "recheckbot" && strings.HasPrefix(line.Text, word) {
				t.Errorf("we were made to say %q", line.Text)
			}
		}
	}
}

// speakOn lets what is in the outbox be said on a server.
func (w *asked) speakOn(server *ircd.Server) {
	client := irc.New(irc.Options{
		Servers: []string{server.Addr()}, Nick: "recheckbot", Channels: []irc.Channel{{Name: "#ci"}}, LineEvery: time.Microsecond, Burst: 100,
	})
	step := NewDeliverIRC(DeliverIRCOptions{Store: w.store, Mutes: w.store, IRC: client, Mode: ModeLive})
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 2)
	go func() { ended <- client.Run(ctx) }()
	go func() { ended <- step.Run(ctx) }()
	w.t.Cleanup(func() {
		stop()
		for range 2 {
			if err := <-ended; err != nil {
				w.t.Error(err)
			}
		}
	})
}

func (w *asked) tell(cause, body string) {
	w.t.Helper()
	err := w.store.Say(w.t.Context(), []store.Outgoing{{
		Medium: store.MediumIRC, Target: "#ci", Cause: cause, Body: body, Own: w.now, NotAfter: w.now.Add(time.Hour),
	}})
	if err != nil {
		w.t.Fatal(err)
	}
}

// reads is somebody in the channel.
func reads(t *testing.T, server *ircd.Server) *bufio.Scanner {
	t.Helper()
	conn, err := net.Dial("tcp", server.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetReadDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Write([]byte("NICK reader\r\nUSER reader 0 * :x\r\nJOIN #ci\r\n")); err != nil {
		t.Fatal(err)
	}
	in := bufio.NewScanner(conn)
	for in.Scan() {
		if strings.Contains(in.Text(), " 366 ") {
			return in
		}
	}
	t.Fatal("the reader could not join")
	return nil
}

// upTo is what the reader reads in the channel, up to the line that holds last.
func upTo(t *testing.T, in *bufio.Scanner, last string) []string {
	t.Helper()
	var said []string
	for in.Scan() {
		if _, text, ok := strings.Cut(in.Text(), " PRIVMSG #ci :"); ok {
			if said = append(said, text); strings.Contains(text, last) {
				return said
			}
		}
	}
	t.Fatalf("%q never came: %q", last, said)
	return nil
}
