package bot

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/recheckbot/recheckbot/internal/ci"
	"github.com/recheckbot/recheckbot/internal/cicomment"
	"github.com/recheckbot/recheckbot/internal/config"
	"github.com/recheckbot/recheckbot/internal/fake/gerrit"
	"github.com/recheckbot/recheckbot/internal/fake/ircd"
	"github.com/recheckbot/recheckbot/internal/store"
)

// heard stores what an earlier life heard and found: a failed build on a change
// that was not private then, which a fingerprint recognized. It is the report.
func heard(t *testing.T, b *Bot, change int64) int64 {
	t.Helper()
	now := time.Now()
	body := fmt.Sprintf("Patch Set 1: Verified-1\n\nBuild failed (check pipeline).\n\n- tempest https://logs.example.org/%d/ : FAILURE in 5m 00s\n", change)
	author := ci.Account{Username: "zuul"}
	parsed := Rules(b.cfg).Parse(cicomment.Input{Comment: body, Author: author})
	ok(t, b.store.Ingest(t.Context(), []store.Heard{{
		Via: store.ViaStream, Received: now, Change: ci.Change{Number: change, Project: "p", Branch: "master", Status: "NEW", Current: 1},
		Comment: &store.Comment{Author: author, EventTime: now, Own: now, FirstSeen: now, Body: body, Patchset: 1, Parsed: parsed},
	}}))
	set := b.sets.current.Current()
	due, err := b.store.DueBuilds(t.Context(), now.Add(time.Minute), 10)
	ok(t, err)
	ok(t, b.store.RecordVerdict(t.Context(), store.Verdict{
		Build: due[0].ID, FPSet: set.ID, Engine: set.Engine, Purpose: "report", State: store.BuildRecognized, At: now,
		Hits: []store.Hit{{Fingerprint: set.Fingerprints[0].Name, N: 1, Exact: true, Line: -1, Offset: -1, At: now}},
	}, time.Minute))
	reports, err := b.store.DueReports(t.Context(), now.Add(time.Minute), 10)
	ok(t, err)
	return reports[len(reports)-1]
}

// TestPrivateMeanwhile: a change that became private while the bot did not run
// is not spoken of, as Gerrit is asked before it is decided what to say.
func TestPrivateMeanwhile(t *testing.T) {
	b, g, _ := site(t)
	report := heard(t, b, 1)
	g.SetPrivate(1, true)
	running(t, b)
	eventually(t, "decided", func() bool {
		v, err := b.store.Report(t.Context(), report)
		ok(t, err)
		return v.State == store.ReportSilent && v.Why == "private change"
	})
}

// TestPrivateAfterItWasWritten: what waits in the outbox is looked at again before
// it is posted or said, and the other change's goes out.
func TestPrivateAfterItWasWritten(t *testing.T) {
	s, err := ircd.Start("127.0.0.1:0", ircd.Options{})
	ok(t, err)
	t.Cleanup(func() { _ = s.Close() })
	b, g, _ := site(t, onIRC(s), func(cfg *config.Config) { cfg.Us = []string{"recheckbot"} })
	g.NewChange(gerrit.ChangeSpec{Project: "p", Owner: "zuul", Subject: "Another change"})
	now := time.Now()
	for _, change := range []int64{1, 2} {
		report := heard(t, b, change)
		cause, ref := fmt.Sprintf("report:%d", report), fmt.Sprintf("rb-%012d", change)
		out := []store.Outgoing{
			{Medium: store.MediumGerrit, Target: fmt.Sprintf("%d,1", change), Body: "known\n\n(" + ref + ")", Ref: ref},
			{Medium: store.MediumIRC, Target: "#gate", Body: "known"},
		}
		for i := range out {
			out[i].Cause, out[i].Own, out[i].NotAfter = cause, now, now.Add(time.Hour)
		}
		ok(t, b.store.Decide(t.Context(), report, store.ReportSaid, "", out))
	}
	g.SetPrivate(1, true)
	running(t, b)
	count := func(state string) (n int) {
		rows, _, err := b.store.OutboxIn(t.Context(), state, 10)
		ok(t, err)
		for _, out := range rows {
			if state != store.OutWithheld || strings.HasSuffix(out.Why, "private change") {
				n++
			}
		}
		return n
	}
	eventually(t, "decided on all four", func() bool { return count(store.OutWithheld) == 2 && count(store.OutProven) == 2 })
	if len(g.Comments(1)) != 0 || len(g.Comments(2)) != 1 {
		t.Errorf("%d reviews on the private change, %d on the other", len(g.Comments(1)), len(g.Comments(2)))
	}
}

// onIRC lets the bot speak in #gate of a server.
func onIRC(s *ircd.Server) func(*config.Config) {
	return func(cfg *config.Config) {
		cfg.IRC.Servers, cfg.IRC.Nick, cfg.IRC.User, cfg.IRC.RealName = []string{s.Addr()}, "recheckbot", "recheckbot", "recheckbot"
		cfg.IRC.SASL = "none"
		cfg.IRC.LineEvery.Duration, cfg.IRC.Burst = time.Millisecond, 10
		cfg.Channels = []config.Channel{{Name: "#gate"}}
	}
}

// TestRepeatIsWired: a line that was being said when the program ended is said
// again where the configuration prefers repetition to loss, else not.
func TestRepeatIsWired(t *testing.T) {
	for repeat, want := range map[bool]string{true: store.OutProven, false: store.OutUnconfirmed} {
		s, err := ircd.Start("127.0.0.1:0", ircd.Options{})
		ok(t, err)
		t.Cleanup(func() { _ = s.Close() })
		b, _, _ := site(t, onIRC(s), func(cfg *config.Config) { cfg.IRC.Repeat = repeat })
		ok(t, b.store.Say(t.Context(), []store.Outgoing{{Medium: store.MediumIRC, Target: "#gate", Cause: "test:1", Body: "a line"}}))
		out, err := b.store.Outbox(t.Context(), "test:1")
		ok(t, err)
		ok(t, b.store.Sending(t.Context(), out[0].ID))
		running(t, b)
		eventually(t, want, func() bool {
			out, err := b.store.Outbox(t.Context(), "test:1")
			ok(t, err)
			return out[0].State == want
		})
	}
}
