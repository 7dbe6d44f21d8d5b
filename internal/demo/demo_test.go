package demo

import (
	"bytes"
	"context"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/recheckbot/recheckbot/internal/fake/gerrit"
)

// slack is how long a step may take on a loaded machine.
const slack = 40 * time.Second

// newWorld starts a world that ends with the test.
func newWorld(t *testing.T) *World {
	t.Helper()
	w, err := NewWorld(WorldOptions{Dir: t.TempDir(), Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

// startBot starts the bot, waits until it listens, and stops it with the test.
func startBot(t *testing.T, w *World, v *Witness) *Running {
	t.Helper()
	r, err := w.StartBot(t.Context(), "test", v.Logger(nil))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Stop(); err != nil {
			t.Error(err)
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), slack)
	defer cancel()
	if err := w.Ready(ctx); err != nil {
		t.Fatalf("the bot does not listen: %v", err)
	}
	return r
}

func meet(t *testing.T, w *World) *Person {
	t.Helper()
	p, err := w.Meet(t.Context(), "watcher", nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Leave() })
	return p
}

// TestStory is the main loop end to end, seen from outside.
func TestStory(t *testing.T) {
	w := newWorld(t)
	v := w.Watch(func(kind, text string) { t.Logf("%-6s %s", kind, text) })
	startBot(t, w, v)
	for _, s := range v.Play(t.Context(), meet(t, w), Once(), Pace{Step: slack}) {
		if s.Err != nil {
			t.Errorf("line %d: %s: %v", s.Line, s.Text, s.Err)
		}
	}
}

// TestMissingStepsAreTold: a story that expects what does not happen fails, and
// goes on after it.
func TestMissingStepsAreTold(t *testing.T) {
	w := newWorld(t)
	v := w.Watch(nil)
	story := "scene one\nchange a openstack/nova alice A\nexpect review a Known\nexpect trigger a alice\nscene two\n" +
		"comment a alice recheck\nexpect trigger a alice\nexpect reviews 1 a\nexpect wonders\ndance"
	steps := v.Play(t.Context(), meet(t, w), story, Pace{Step: 50 * time.Millisecond})
	want := []bool{true, false, false, true, true, false, false, false}
	for i, s := range steps {
		if (s.Err == nil) != want[i] {
			t.Errorf("%s: %v", s.Text, s.Err)
		}
	}
	var out bytes.Buffer
	err := newTeller(&out).summary(steps, time.Second)
	if err == nil || !strings.Contains(out.String(), "3 of 8 steps happened") || strings.Count(out.String(), "FAILED") != 2 {
		t.Errorf("%v\n%s", err, &out)
	}
}

// TestBotThatSpeaksATriggerIsSeen: the check that no text of the bot starts
// tests could fail.
func TestBotThatSpeaksATriggerIsSeen(t *testing.T) {
	w := newWorld(t)
	v := w.Watch(nil)
	n := w.NewChange(gerrit.ChangeSpec{Project: "openstack/nova", Owner: "alice"})
	if _, err := w.Gerrit.Post(n, BotUser, gerrit.Comment{Message: "Rechecking does not help"}); err != nil {
		t.Fatal(err)
	}
	if !v.Triggered(0, BotUser) {
		t.Error("not seen")
	}
}

// TestKilled stops the bot in the middle, at different moments, and starts
// another on the same database: nothing is lost and nothing is said twice.
func TestKilled(t *testing.T) {
	for _, moment := range []string{"event", "zuul", "logs", "hit", "review"} {
		t.Run("at "+moment, func(t *testing.T) {
			t.Parallel()
			killed(t, moment)
		})
	}
}

func killed(t *testing.T, moment string) {
	w := newWorld(t)
	var kill sync.Once
	dead := make(chan struct{})
	var first *Running
	v := w.Watch(func(kind, text string) {
		t.Logf("%-6s %s", kind, text)
		if kind == moment {
			kill.Do(func() { first.Kill(); close(dead) })
		}
	})
	first = startBot(t, w, v)
	n := w.NewChange(gerrit.ChangeSpec{Project: "openstack/nova", Owner: "alice", Subject: "Try"})
	post := func() {
		_, err := w.Post(Report{Change: n, Project: "openstack/nova", Pipeline: "gate", Builds: []Build{{Job: "tempest", Cause: "mirror"}}})
		if err != nil {
			t.Error(err)
		}
	}
	go post()
	wait(t, "the moment", func() bool {
		v.look()
		select {
		case <-dead:
			return true
		default:
			return false
		}
	})
	<-first.Done()
	startBot(t, w, v)
	p := meet(t, w)
	wait(t, "a review that is proven", func() bool { return len(w.Reviews(n)) > 0 && provenTo(t, p) })
	if list := w.Reviews(n); len(list) != 1 {
		t.Errorf("%d reviews: %v", len(list), list)
	}
}

// provenTo asks the bot whether all that it said is proven.
func provenTo(t *testing.T, p *Person) bool {
	from := len(p.Heard())
	if err := p.Say(Channel, "!status"); err != nil {
		t.Fatal(err)
	}
	pause(t.Context(), 300*time.Millisecond)
	for _, h := range p.Heard()[from:] {
		_, outbox, ok := strings.Cut(h.Text, "outbox: ")
		if ok && !strings.Contains(outbox, "ready") && !strings.Contains(outbox, "sending") && !strings.Contains(outbox, "sent ") {
			return true
		}
	}
	return false
}

func wait(t *testing.T, what string, done func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), slack)
	defer cancel()
	if err := until(ctx, done); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

// TestLive plays the demo that goes on, without a terminal: what is typed is
// answered, and the end of what is typed does not end it.
func TestLive(t *testing.T) {
	var out screen
	in, typing := io.Pipe()
	ended := make(chan error, 1)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() { ended <- Run(ctx, Options{In: in, Out: &out, IRCAddr: anyPort}) }()
	defer func() {
		if t.Failed() {
			t.Log(out.String())
		}
	}()
	wait(t, "begin", func() bool { return strings.Contains(out.String(), "Any IRC client can join") })
	for _, line := range []string{"help", "fail", "recheck bug 9000121", "/msg help", "/msg", "!status"} {
		if _, err := io.WriteString(typing, line+"\n"); err != nil {
			t.Fatal(err)
		}
	}
	typing.Close()
	for _, want := range []string{
		"review  recheckbot on", "you <recheckbot> I can answer !help", "#openstack-qa <recheckbot> you: waiting: ingest",
		"untracked bug 9000121",
	} {
		wait(t, want, func() bool { return strings.Contains(out.String(), want) })
	}
	if said := out.String(); strings.Count(said, "What can be typed") != 2 || strings.Contains(said, BotUser+" <you> \n") {
		t.Error("an empty /msg is not answered with what can be typed")
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// TestQuit: a person ends it.
func TestQuit(t *testing.T) {
	var out screen
	if err := Run(t.Context(), Options{In: strings.NewReader("\nquit\n"), Out: &out, IRCAddr: anyPort}); err != nil {
		t.Error(err)
	}
}

// screen is a buffer that may be read while it is written.
type screen struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buf.Write(p)
}

func (s *screen) String() string { s.mu.Lock(); defer s.mu.Unlock(); return s.buf.String() }

// TestWrap: long lines break between words, further in; words stay whole.
func TestWrap(t *testing.T) {
	const line = "  - job: a title that is long enough http://logs.example.org/a/folder/that/is/longer/than/the/line end"
	want := []string{
		"  - job: a title that is long enough",
		"    http://logs.example.org/a/folder/that/is/longer/than/the/line",
		"    end",
	}
	if got := wrap(line, 40); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	for width, n := range map[int]int{0: 1, 39: 1, len(line): 1, len(line) - 1: 2} {
		if got := wrap(line, width); len(got) != n {
			t.Errorf("width %d: %q", width, got)
		}
	}
}
