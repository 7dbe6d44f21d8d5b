package bot

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/recheckbot/recheckbot/handlers"
	"github.com/recheckbot/recheckbot/internal/config"
	"github.com/recheckbot/recheckbot/internal/fake/gerrit"
	"github.com/recheckbot/recheckbot/internal/irc"
	"github.com/recheckbot/recheckbot/internal/store"
	"github.com/recheckbot/recheckbot/internal/web"
)

// site is a bot on a fake Gerrit, with pages and a supervisor.
func site(t *testing.T, more ...func(*config.Config)) (b *Bot, g *gerrit.Server, told func() []string) {
	t.Helper()
	g, err := gerrit.Start(gerrit.Options{REST: true})
	ok(t, err)
	t.Cleanup(func() { _ = g.Close() })
	dir := t.TempDir()
	pub, err := gerrit.WriteKey(filepath.Join(dir, "key"))
	ok(t, err)
	ok(t, g.AddAccount("recheckbot", "Recheck Bot", "recheckbot@example.org", pub, true))
	ok(t, g.AddAccount("zuul", "Zuul", "zuul@example.org", "", true))
	g.NewChange(gerrit.ChangeSpec{Project: "p", Owner: "zuul", Subject: "A change"})
	var cfg config.Config
	cfg.Gerrit.Addr, cfg.Gerrit.User, cfg.Gerrit.KeyFile, cfg.Gerrit.HostKey = g.Addr(), "recheckbot", filepath.Join(dir, "key"), g.HostKeySHA256()
	cfg.CI = []config.CI{{Name: "zuul", Dialect: "zuul", Accounts: []string{"zuul"}}}
	cfg.Report.Mode, cfg.Store.Path, cfg.Web.Listen = "live", filepath.Join(dir, "bot.db"), "127.0.0.1:0"
	for _, f := range more {
		f(&cfg)
	}
	var mu sync.Mutex
	var list []string
	b, err = New(t.Context(), cfg, Options{Version: "test", WatchdogEvery: 10 * time.Millisecond, Notify: func(s string) error {
		mu.Lock()
		defer mu.Unlock()
		list = append(list, s)
		return nil
	}})
	ok(t, err)
	return b, g, func() []string {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(list)
	}
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func eventually(t *testing.T, what string, so func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !so(); {
		if time.Now().After(end) {
			t.Fatalf("%s: did not happen", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func page(t *testing.T, url string) (int, string) {
	t.Helper()
	resp, err := http.Get(url)
	ok(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	ok(t, err)
	return resp.StatusCode, string(body)
}

// TestPagesOfARunningBot: it is ready when it hears, tells its numbers and its
// supervisor, and is not ready without Gerrit.
func TestPagesOfARunningBot(t *testing.T) {
	b, g, told := site(t)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- b.Run(ctx) }()
	url := "http://" + b.WebAddr()
	eventually(t, "ready", func() bool { code, _ := page(t, url+"/readyz"); return code == 200 && g.Streams() > 0 })
	_, err := g.Post(1, "zuul", gerrit.Comment{Message: "hello"})
	ok(t, err)
	var text string
	eventually(t, "heard", func() bool {
		_, text = page(t, url+"/metrics")
		return !strings.Contains(text, "\nrecheckbot_stream_events_total 0\n")
	})
	for _, line := range []string{"recheckbot_stream_connected 1", `recheckbot_build_info{version="test"} 1`, `recheckbot_step_stuck{step="ingest"} 0`, "recheckbot_store_readable 1"} {
		if !strings.Contains(text, "\n"+line+"\n") {
			t.Errorf("no line %s", line)
		}
	}
	if code, body := page(t, url+"/healthz"); code != 200 || !strings.Contains(body, `"deliver to gerrit"`) {
		t.Errorf("%d %s", code, body)
	}
	g.Down()
	eventually(t, "not ready", func() bool {
		code, body := page(t, url+"/readyz")
		return code == 503 && strings.Contains(body, "event stream not connected")
	})
	cancel()
	ok(t, <-ended)
	if list := told(); list[0] != "READY=1" || list[1] != "WATCHDOG=1" || list[len(list)-1] != "STOPPING=1" {
		t.Errorf("told %q", list)
	}
}

// TestMergedSteps: a label of a metric is a step, never a build; the worst of the
// merged ones counts.
func TestMergedSteps(t *testing.T) {
	at := time.Unix(1000, 0)
	got := merged([]web.Step{
		{Name: "ingest", Moved: at}, {Name: "search of build 1", Moved: at.Add(time.Second)}, {Name: "search of build 2", Moved: at, Stuck: true, Failures: 2},
		{Name: "search of build 3", Moved: at.Add(time.Minute), Failures: 1},
	})
	want := []web.Step{{Name: "ingest", Moved: at}, {Name: "search", Moved: at, Stuck: true, Failures: 2}}
	if !slices.Equal(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// hush is an alarm store that hangs, as a locked database does, and keeps what
// was raised.
type hush struct {
	hang   bool
	raised []string
}

func (h *hush) SetAlarm(ctx context.Context, name string, raised bool, why string, _ func(was, is store.Alarm) []store.Outgoing) (bool, error) {
	if h.hang {
		<-ctx.Done()
		return false, ctx.Err()
	}
	if raised {
		h.raised = append(h.raised, name+": "+why)
	}
	return true, nil
}

// TestWatchdogStopsForAStuckStep: a step that hangs ends the word to the
// supervisor, also when the database hangs with it; /healthz names it.
func TestWatchdogStopsForAStuckStep(t *testing.T) {
	for _, hang := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			var last time.Time
			h := &hush{hang: hang}
			b := &Bot{vitals: handlers.NewVitals(0), log: slog.New(slog.DiscardHandler), alarms: handlers.NewAlarms(handlers.AlarmsOptions{Store: h})}
			b.o = Options{Now: time.Now, WatchdogEvery: time.Minute, Notify: func(s string) error {
				if s == "WATCHDOG=1" {
					last = time.Now()
				}
				return nil
			}}
			ctx, cancel := context.WithCancel(b.vitals.Context(t.Context()))
			stop := make(chan struct{})
			hangs := handlers.NewAnnounce(handlers.AnnounceOptions{Store: hanging{stop: stop}})
			go func() { _ = hangs.Run(ctx) }()
			ended := make(chan error, 1)
			go func() { ended <- b.watch(ctx) }()
			began := time.Now()
			time.Sleep(time.Hour)
			synctest.Wait()
			if d := last.Sub(began); d < handlers.StuckAfter-2*time.Minute || d > handlers.StuckAfter+time.Minute {
				t.Errorf("hang %t: the supervisor heard for %s", hang, d)
			}
			if steps := b.health(); len(steps) != 1 || !steps[0].Stuck || steps[0].Name != "announce" {
				t.Errorf("health %+v", steps)
			}
			if !hang && (len(h.raised) != 1 || h.raised[0] != "stuck: step announce has not moved for 10m0s") {
				t.Errorf("raised %q", h.raised)
			}
			close(stop)
			cancel()
			if err := <-ended; !errors.Is(err, context.Canceled) {
				t.Errorf("ended with %v", err)
			}
		})
	}
}

// hanging is a store whose inbox never answers.
type hanging struct {
	handlers.RecheckStore
	stop chan struct{}
}

func (h hanging) DueRechecks(context.Context, time.Time, int) ([]store.RecheckedBug, error) {
	<-h.stop
	return nil, nil
}

// TestAlarmsOfWhatIsGone: an alarm about a channel that the configuration does not
// name any more is over; the others stay.
func TestAlarmsOfWhatIsGone(t *testing.T) {
	b, _, _ := site(t)
	defer func() { ok(t, b.Close()) }()
	for _, name := range []string{"irc", "irc #old", "irc #kept", "irc NickServ", "deaf"} {
		ok(t, b.alarms.SetNow(t.Context(), name, true, "bad"))
	}
	raised := func() (names []string) {
		t.Helper()
		ok(t, b.endAlarms(t.Context()))
		list, err := b.store.Alarms(t.Context())
		ok(t, err)
		for _, alarm := range list {
			names = append(names, alarm.Name)
		}
		slices.Sort(names)
		return names
	}
	b.irc, b.cfg.Channels = irc.New(irc.Options{}), []config.Channel{{Name: "#kept"}}
	if got := raised(); !slices.Equal(got, []string{"deaf", "irc", "irc #kept", "irc NickServ"}) {
		t.Errorf("still raised: %q", got)
	}
	b.irc = nil
	if got := raised(); !slices.Equal(got, []string{"deaf"}) {
		t.Errorf("without IRC still raised: %q", got)
	}
}

// TestTroubleIsToldOnce: not each time that the supervisor is not there.
func TestTroubleIsToldOnce(t *testing.T) {
	var r repeated
	for i, c := range []struct {
		err  error
		news bool
	}{{nil, false}, {io.EOF, true}, {io.EOF, false}, {io.ErrShortWrite, true}, {nil, false}, {io.ErrShortWrite, true}} {
		if got := r.news(c.err); got != c.news {
			t.Errorf("%d: %v is news: %t", i, c.err, got)
		}
	}
}
