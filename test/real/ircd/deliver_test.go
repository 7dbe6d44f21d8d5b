//go:build real

package ircd

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/recheckbot/recheckbot/handlers"
	"github.com/recheckbot/recheckbot/internal/irc"
	"github.com/recheckbot/recheckbot/internal/store"
)

// delivery is the real outbox, the real step that delivers and the real client,
// on a real daemon.
type delivery struct {
	t      *testing.T
	d      *Daemon
	proxy  *proxy
	bot    *bot
	store  *store.Store
	path   string
	people []*person // all who ever read in #ci
}

const announcements = 40

func newDelivery(t *testing.T, d *Daemon) *delivery {
	t.Helper()
	dl := &delivery{t: t, d: d, proxy: newProxy(t, d.Addr), path: filepath.Join(t.TempDir(), "bot.db")}
	var err error
	if dl.store, err = store.Open(t.Context(), dl.path, store.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { dl.store.Close() })
	return dl
}

// start lets the bot in and puts the announcements into the outbox.
func (dl *delivery) start() {
	dl.t.Helper()
	dl.bot = launch(dl.t, dl.d, func(o *irc.Options) {
		o.Servers, o.LineEvery = []string{dl.proxy.ln.Addr().String()}, 200*time.Millisecond
	})
	dl.bot.joined()
	wake := handlers.NewWake()
	step := handlers.NewDeliverIRC(handlers.DeliverIRCOptions{
		Store: dl.store, Mutes: dl.store, IRC: dl.bot, Mode: handlers.ModeLive, Wake: wake,
	})
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- step.Run(ctx) }()
	dl.t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			dl.t.Error(err)
		}
	})
	now := time.Now()
	for i := range announcements {
		err := dl.store.Say(dl.t.Context(), []store.Outgoing{{
			Medium: store.MediumIRC, Target: "#ci", Cause: fmt.Sprintf("alarm:%d", i), Body: text(i), Own: now, NotAfter: now.Add(time.Hour),
		}})
		if err != nil {
			dl.t.Fatal(err)
		}
	}
	wake.Now()
}

func text(i int) string { return fmt.Sprintf("announcement %d.", i) }

func (dl *delivery) reader() *person {
	p := arrive(dl.t, dl.d, fmt.Sprintf("reader%d", len(dl.people)))
	dl.people = append(dl.people, p)
	return p
}

// states is how many announcements are in which state.
func (dl *delivery) states() map[string]int {
	st, err := dl.store.Status(dl.t.Context())
	if err != nil {
		dl.t.Fatal(err)
	}
	return st.Outbox
}

// after waits until so many are decided.
func (dl *delivery) after(n int) {
	dl.t.Helper()
	for end := time.Now().Add(3 * time.Minute); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if st := dl.states(); st[store.OutProven]+st[store.OutUnconfirmed] >= n {
			return
		}
	}
	dl.t.Fatalf("outbox: %v; irc: %+v", dl.states(), dl.bot.State())
}

// arrived is how often each announcement was read; nobody was in the channel
// twice at once.
func (dl *delivery) arrived() map[string]int {
	times := map[string]int{}
	for _, p := range dl.people {
		p.mu.Lock()
		for _, line := range p.read {
			if _, said, ok := strings.Cut(line, " PRIVMSG #ci :"); ok && strings.HasPrefix(line, ":rbot") {
				times[said]++
			}
		}
		p.mu.Unlock()
	}
	return times
}

// check: what is proven was read once, what is unconfirmed at most once, and no
// more are unconfirmed than were in flight at a cut: one each.
func (dl *delivery) check(cuts int) {
	dl.t.Helper()
	dl.after(announcements)
	db, err := sql.Open("sqlite", "file:"+dl.path+"?mode=ro")
	if err != nil {
		dl.t.Fatal(err)
	}
	defer db.Close()
	wrong, unconfirmed := dl.compare(db)
	for end := time.Now().Add(10 * time.Second); len(wrong) > 0 && time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		wrong, unconfirmed = dl.compare(db) // a reader may still have to read
	}
	dl.t.Logf("unconfirmed: %q", unconfirmed)
	for _, line := range wrong {
		dl.t.Error(line)
	}
	if len(unconfirmed) > cuts {
		dl.t.Errorf("%d are unconfirmed after %d cuts", len(unconfirmed), cuts)
	}
}

// compare holds what the outbox says against what was read.
func (dl *delivery) compare(db *sql.DB) (wrong, unconfirmed []string) {
	dl.t.Helper()
	times := dl.arrived()
	for i := range announcements {
		var state, why string
		if err := db.QueryRow(`SELECT state, why FROM outbox WHERE cause = ?`, fmt.Sprintf("alarm:%d", i)).Scan(&state, &why); err != nil {
			dl.t.Fatal(err)
		}
		n := times[text(i)]
		line := fmt.Sprintf("%s %s, read %d times: %s", text(i), state, n, why)
		switch {
		case state == store.OutProven && n == 1:
		case state == store.OutUnconfirmed && n <= 1 && why != "":
			unconfirmed = append(unconfirmed, line)
		default:
			wrong = append(wrong, line)
		}
	}
	return wrong, unconfirmed
}

// TestAnnouncementsThroughKills: the daemon is killed three times.
func TestAnnouncementsThroughKills(t *testing.T) {
	each(t, Options{}, func(t *testing.T, d *Daemon) {
		dl := newDelivery(t, d)
		dl.reader()
		dl.start()
		for _, n := range []int{5, 15, 30} {
			dl.after(n)
			dl.proxy.admit(false)
			if err := d.Kill(); err != nil {
				t.Fatal(err)
			}
			dl.bot.until("loss noticed", func(st irc.State) bool { return !st.Connected })
			if err := d.Launch(t.Context()); err != nil {
				t.Fatal(err)
			}
			dl.reader()
			dl.proxy.admit(true)
		}
		dl.check(3)
	})
}

// TestAnnouncementsThroughSilence: what is on the way vanishes and nothing comes
// back, on a connection that stands.
func TestAnnouncementsThroughSilence(t *testing.T) {
	each(t, Options{}, func(t *testing.T, d *Daemon) {
		dl := newDelivery(t, d)
		dl.reader()
		dl.start()
		dl.after(10)
		began := time.Now()
		dl.proxy.silence()
		dl.untilNoticed(began)
		dl.proxy.speak()
		dl.proxy.cut()
		dl.check(1)
	})
}

// TestAnnouncementsThroughSIGSTOP: the kernel takes connections and bytes for a
// daemon that does not run; it reads them when it runs again.
func TestAnnouncementsThroughSIGSTOP(t *testing.T) {
	each(t, Options{}, func(t *testing.T, d *Daemon) {
		dl := newDelivery(t, d)
		dl.reader()
		dl.start()
		dl.after(10)
		began := time.Now()
		if err := d.Freeze(); err != nil {
			t.Fatal(err)
		}
		dl.untilNoticed(began)
		if err := d.Thaw(); err != nil {
			t.Fatal(err)
		}
		dl.check(1)
	})
}

func (dl *delivery) untilNoticed(began time.Time) {
	dl.t.Helper()
	for dl.bot.State().Connected {
		if time.Since(began) > 2*time.Minute {
			dl.t.Fatalf("not noticed: %+v", dl.bot.State())
		}
		time.Sleep(20 * time.Millisecond)
	}
	dl.t.Logf("noticed after %s", time.Since(began).Round(time.Second))
}

// TestAnnouncementsWhileTheNickIsTaken: under another name, and under ours from
// the moment that it is free.
func TestAnnouncementsWhileTheNickIsTaken(t *testing.T) {
	each(t, Options{}, func(t *testing.T, d *Daemon) {
		dl := newDelivery(t, d)
		dl.reader()
		holder := arrive(t, d, "rbot")
		dl.start()
		dl.after(10)
		if st := dl.bot.State(); st.Nick != "rbot_" {
			t.Errorf("called %s", st.Nick)
		}
		holder.say("QUIT :bye")
		dl.bot.until("nick regained", func(st irc.State) bool { return st.Nick == "rbot" })
		dl.check(0)
	})
}
