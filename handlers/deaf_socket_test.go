package handlers

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/recheckbot/recheckbot/gerritstream"
	"github.com/recheckbot/recheckbot/internal/fake/gerrit"
)

// TestDeafOnRealSockets: a Gerrit whose connection lives, answers keepalives and
// questions, and brings no events any more: found, cut, and heard again.
func TestDeafOnRealSockets(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g, err := gerrit.Start(gerrit.Options{Now: w.clock.now})
	w.ok(err)
	t.Cleanup(func() { _ = g.Close() })
	key := filepath.Join(t.TempDir(), "key")
	pub, err := gerrit.WriteKey(key)
	w.ok(err)
	w.ok(g.AddAccount("recheckbot", "Recheck Bot", "recheckbot@example.org", pub, true))
	w.ok(g.AddAccount("zuul", "Zuul", "zuul@example.org", "", true))
	change := g.NewChange(gerrit.ChangeSpec{Project: "p", Owner: "zuul", Subject: "A change"})
	c, err := gerritstream.New(gerritstream.Options{
		Addr: g.Addr(), User: "recheckbot", KeyFile: key, HostKey: g.HostKeySHA256(), Now: w.clock.now, RetryMin: 10 * time.Millisecond,
	})
	w.ok(err)
	t.Cleanup(func() { _ = c.Close() })
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- c.Stream(ctx, w.sink) }()
	defer func() {
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("stream ended with %v", err)
		}
	}()
	d := NewDeaf(DeafOptions{Gerrit: c, Store: w.store, Offset: w.offset, Now: w.clock.now, Alarms: NewAlarms(AlarmsOptions{
		Store: w.store, Now: w.clock.now, Channels: []Channel{{Name: "#ops", Kinds: []string{KindAlarms}}},
	})})
	step := func() { t.Helper(); _, err := d.step(t.Context()); w.ok(err) }
	post := func(text string) {
		t.Helper()
		_, err := g.Post(change, "zuul", gerrit.Comment{Message: text})
		w.ok(err)
	}
	wait := func(what string, so func() bool) {
		t.Helper()
		for end := time.Now().Add(20 * time.Second); !so(); time.Sleep(5 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("%s: did not happen", what)
			}
		}
	}
	wait("connected", func() bool { return c.State().Connected && g.Streams() == 1 })
	first := c.State().Session
	post("one")
	wait("understood", func() bool {
		_, err := w.ingest.step(t.Context())
		w.ok(err)
		_, known := w.offset.Last()
		return known
	})
	step()
	g.Hold()
	w.clock.move(time.Minute)
	post("Build failed.")
	w.clock.move(15 * time.Minute)
	step()
	wait("connected again", func() bool { s := c.State(); return s.Connected && s.Session != first })
	if got := w.alarmLines("deaf"); len(got) != 1 || !strings.Contains(got[0], "did not bring 1 comment that Gerrit has") {
		t.Errorf("said %q", got)
	}
	if gaps, err := w.store.Gaps(t.Context()); err != nil || len(gaps) == 0 || !gaps[0].From.Equal(noon()) {
		t.Errorf("gaps %+v %v", gaps, err)
	}
	g.Release()
	before := c.State().Events
	post("two")
	wait("heard again", func() bool { return c.State().Events > before })
	for range 2 {
		step()
		w.clock.move(61 * time.Second)
	}
	step()
	if got := w.alarmLines("deaf"); len(got) != 2 {
		t.Errorf("said %q", got)
	}
}
