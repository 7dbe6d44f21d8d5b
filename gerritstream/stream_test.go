package gerritstream_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/recheckbot/recheckbot/gerritstream"
	"github.com/recheckbot/recheckbot/internal/fake/gerrit"
)

func TestStreamBringsEventsInOrder(t *testing.T) {
	w := newWorld(t, gerrit.Options{})
	r, c := w.stream(t)
	w.post(t, "zuul", "one")
	w.post(t, "alice", "two")
	lines := r.wait(t, 2)
	for i, want := range []string{"Patch Set 1:\n\none", "Patch Set 1:\n\ntwo"} {
		e, err := gerritstream.Decode(lines[i].Body)
		must(t, err)
		if e.Comment != want || lines[i].Seq != int64(i+1) || lines[i].Session != r.connected[0] {
			t.Errorf("line %d: %q, seq %d, session %q", i, e.Comment, lines[i].Seq, lines[i].Session)
		}
	}
	if s := c.State(); !s.Connected || s.Session != r.connected[0] || s.LastByte.IsZero() || s.LastEvent.IsZero() {
		t.Errorf("state %+v", s)
	}
}

func TestStreamAsksForTheKindsThatAreUsed(t *testing.T) {
	w := newWorld(t, gerrit.Options{})
	r, _ := w.stream(t)
	w.post(t, "alice", "a comment") // with a ref-updated before it
	w.Abandon(w.Change, "alice")
	w.Restore(w.Change, "alice")
	w.SetPrivate(w.Change, true)
	w.SetWIP(w.Change, true)
	w.SetHashtags(w.Change, "gate")
	_, err := w.NewPatchset(w.Change)
	must(t, err)
	w.Merge(w.Change, "zuul")
	w.Delete(w.Change, "alice")
	seen := map[string]bool{}
	for _, l := range r.wait(t, 9) {
		e, err := gerritstream.Decode(l.Body)
		must(t, err)
		seen[e.Type] = true
	}
	for _, k := range gerritstream.DefaultKinds() {
		if !seen[k] {
			t.Errorf("no %s", k)
		}
	}
	if len(seen) != len(gerritstream.DefaultKinds()) {
		t.Errorf("seen %v", seen)
	}
}

func TestSeveralEventsInOnePacketAreOneBatch(t *testing.T) {
	w := newWorld(t, gerrit.Options{})
	r, _ := w.stream(t)
	w.Hold()
	for range 4 {
		w.post(t, "alice", "recheck")
	}
	w.Release()
	r.wait(t, 4)
	if len(r.batches) != 1 || len(r.batches[0]) != 4 {
		t.Errorf("%d batches", len(r.batches))
	}
}

func TestEqualLinesAreAllKept(t *testing.T) {
	w := newWorld(t, gerrit.Options{Now: func() time.Time { return time.Unix(1700000000, 0) }})
	r, _ := w.stream(t)
	w.post(t, "alice", "recheck")
	w.post(t, "alice", "recheck")
	lines := r.wait(t, 2)
	if string(lines[0].Body) != string(lines[1].Body) || lines[0].Seq == lines[1].Seq {
		t.Error("two equal posts must be two lines")
	}
}

func TestOddLinesAreSetAsideAndTheNextIsRead(t *testing.T) {
	const limit = 16 << 20
	for _, c := range []struct {
		name, why string
		send      func(w *world)
	}{
		{"garbage", "malformed JSON", func(w *world) { w.Raw([]byte("{\"type\":\x00 nonsense\n")) }},
		{"no object", "malformed JSON", func(w *world) { w.Raw([]byte("[1,2]\n")) }},
		{"no type", "without an event type", func(w *world) { w.Raw([]byte("{}\n")) }},
		{"dropped-output", "dropped-output", (*world).Drop},
		{"huge", "over the limit", func(w *world) { w.Huge(limit + 1) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, gerrit.Options{})
			r, _ := w.stream(t)
			c.send(w)
			w.post(t, "alice", "as if nothing had happened")
			lines := r.wait(t, 2)
			if !strings.Contains(lines[0].Aside, c.why) || len(lines[0].Body) == 0 || len(lines[0].Body) > 64<<10 {
				t.Errorf("aside %q, %d bytes kept", lines[0].Aside, len(lines[0].Body))
			}
			if lines[1].Aside != "" || !strings.Contains(string(lines[1].Body), "as if nothing") {
				t.Errorf("next line: aside %q", lines[1].Aside)
			}
			if r.count(&r.lost) != 0 {
				t.Error("the connection was lost")
			}
			if !strings.Contains(w.Log.String(), "set aside") || !strings.Contains(w.Log.String(), c.why) {
				t.Errorf("not said aloud: %s", w.Log)
			}
		})
	}
}

// TestManyOddLinesAreToldOnce: a server that sends nonsense does not fill the log.
func TestManyOddLinesAreToldOnce(t *testing.T) {
	w := newWorld(t, gerrit.Options{})
	r, _ := w.stream(t)
	for range 50 {
		w.Raw([]byte("nonsense\n"))
	}
	r.wait(t, 50)
	if n := strings.Count(w.Log.String(), "set aside"); n != 1 {
		t.Errorf("told %d times", n)
	}
}

func TestLongestLineIsAnEvent(t *testing.T) {
	w := newWorld(t, gerrit.Options{})
	r, _ := w.stream(t)
	w.Huge(16 << 20)
	if l := r.wait(t, 1)[0]; l.Aside != "" || len(l.Body) != 16<<20 {
		t.Errorf("aside %q, %d bytes", l.Aside, len(l.Body))
	}
}

func TestReconnectsAfterACutAndClosesTheOldConnection(t *testing.T) {
	w := newWorld(t, gerrit.Options{})
	r, c := w.stream(t)
	for i := range 3 {
		w.Cut()
		eventually(t, "reconnect", func() bool { return r.count(&r.connected) == i+2 && w.Streams() == 1 })
	}
	if n := w.Connections(); n != 1 {
		t.Errorf("%d connections open", n)
	}
	if r.count(&r.lost) != 3 || !strings.Contains(r.lost[0], "closed the connection") || r.lastByte[0].IsZero() {
		t.Errorf("lost: %q %v", r.lost, r.lastByte)
	}
	if r.connected[0] == r.connected[1] {
		t.Error("two connections with one session name")
	}
	w.post(t, "alice", "after")
	if l := r.wait(t, 1); l[0].Session != r.connected[3] || l[0].Seq != 1 {
		t.Errorf("line %+v", l[0])
	}
	if s := c.State(); !s.Connected {
		t.Errorf("state %+v", s)
	}
}

func TestReconnectsWhenTheServerIsBack(t *testing.T) {
	w := newWorld(t, gerrit.Options{})
	r, c := w.stream(t)
	w.Down()
	eventually(t, "noticed", func() bool { return strings.Contains(c.State().LastError, "refused") && !c.State().Connected })
	must(t, w.Up())
	eventually(t, "reconnect", func() bool { return r.count(&r.connected) == 2 })
	if n := strings.Count(w.Log.String(), "connection refused"); n > 2 {
		t.Errorf("the same failure was logged %d times", n)
	}
}

func TestASilentPeerIsGivenUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t, gerrit.Options{})
	w.Opt.Keepalive, w.Opt.Silence, w.Opt.ConnectTimeout = 100*time.Millisecond, 3*time.Second, 3*time.Second
	r, c := w.stream(t)
	began := time.Now()
	w.Freeze()
	eventually(t, "silence noticed", func() bool { return r.count(&r.lost) == 1 })
	if !strings.Contains(r.lost[0], "no keepalive answer") || r.lastByte[0].After(began.Add(2*time.Second)) {
		t.Errorf("lost: %q, last byte %v after the freeze", r.lost, r.lastByte[0].Sub(began))
	}
	// The new connection is taken by the kernel and then nothing comes: the
	// handshake must end too.
	eventually(t, "handshake given up", func() bool { return strings.Contains(c.State().LastError, "no SSH handshake within") })
	w.Thaw()
	eventually(t, "reconnect", func() bool { return r.count(&r.connected) == 2 })
}

func TestAQuietPeerThatAnswersIsKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t, gerrit.Options{})
	w.Opt.Keepalive, w.Opt.Silence = 100*time.Millisecond, 3*time.Second
	r, c := w.stream(t)
	first := c.State().LastByte
	time.Sleep(4 * time.Second) // longer than Silence: only answers keep it alive
	if r.count(&r.lost) != 0 {
		t.Errorf("lost: %q", r.lost)
	}
	if !c.State().LastByte.After(first) {
		t.Error("keepalive answers do not count as bytes")
	}
}

func TestAFailingSinkEndsTheConnection(t *testing.T) {
	w := newWorld(t, gerrit.Options{})
	r, _ := w.stream(t)
	r.mu.Lock()
	r.fail = errors.New("disk full")
	r.mu.Unlock()
	w.post(t, "alice", "lost")
	eventually(t, "reconnect", func() bool { return r.count(&r.connected) == 2 && w.Streams() == 1 })
	if r.count(&r.lost) != 1 || !strings.Contains(r.lost[0], "disk full") {
		t.Errorf("lost: %q", r.lost)
	}
}

func TestStreamWithoutThePermissionSaysSo(t *testing.T) {
	w := newWorld(t, gerrit.Options{})
	key := write(t, "k", "")
	pub, err := gerrit.WriteKey(key)
	must(t, err)
	must(t, w.AddAccount("guest", "Guest", "", pub, false))
	w.Opt.User, w.Opt.KeyFile = "guest", key
	c, r := w.client(t), &recorder{}
	go func() { _ = c.Stream(t.Context(), r) }()
	eventually(t, "refused", func() bool { return strings.Contains(c.State().LastError, "stream events not permitted") })
}

func TestASlowReaderHearsOfDroppedOutput(t *testing.T) {
	w := newWorld(t, gerrit.Options{})
	r, _ := w.stream(t)
	r.mu.Lock() // the sink hangs
	for range 600 {
		w.post(t, "alice", strings.Repeat("x", 16<<10))
	}
	r.mu.Unlock()
	eventually(t, "dropped-output", func() bool {
		for _, l := range r.lines() {
			if strings.Contains(l.Aside, "dropped-output") {
				return true
			}
		}
		return false
	})
}

// TestReconnect: a stream that lives and is not trusted is ended, with the
// reason, and comes back by itself.
func TestReconnect(t *testing.T) {
	w := newWorld(t, gerrit.Options{})
	r, c := w.stream(t)
	before := c.State().Session
	c.Reconnect("it was deaf")
	eventually(t, "connected again", func() bool { return r.count(&r.connected) == 2 })
	eventually(t, "another session", func() bool { s := c.State(); return s.Connected && s.Session != before })
	if r.lost[0] != "it was deaf" {
		t.Errorf("lost: %q", r.lost)
	}
}

// TestReconnectWithoutStream has nothing to end.
func TestReconnectWithoutStream(t *testing.T) {
	w := newWorld(t, gerrit.Options{})
	c := w.client(t)
	c.Reconnect("x")
	if _, err := c.Version(t.Context()); err != nil {
		t.Error(err)
	}
}
