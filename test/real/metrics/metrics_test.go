//go:build real

package metrics

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/recheckbot/recheckbot/bot"
	"github.com/recheckbot/recheckbot/internal/demo"
	"github.com/recheckbot/recheckbot/internal/fake/gerrit"
)

// promtool is Prometheus's checker: in PROMTOOL, in the path, or where .ci/run
// unpacks it.
func promtool(t *testing.T) string {
	t.Helper()
	unpacked := filepath.Join(fmt.Sprintf("/var/tmp/recheckbot-prometheus-%d", os.Getuid()), "usr/bin/promtool")
	for _, name := range []string{cmp.Or(os.Getenv("PROMTOOL"), "promtool"), unpacked} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skip("no promtool (Debian: prometheus): nobody has looked at the page of metrics")
	return ""
}

// check is what promtool has to say about a page: nothing, if it is well.
func check(t *testing.T, tool, page string) (said string, well bool) {
	t.Helper()
	c := exec.CommandContext(t.Context(), tool, "check", "metrics")
	c.Stdin = strings.NewReader(page)
	out, err := c.CombinedOutput()
	return string(bytes.TrimSpace(out)), err == nil && len(bytes.TrimSpace(out)) == 0
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// within a minute it must be so.
func eventually(t *testing.T, what string, so func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !so(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within a minute: %s", what)
		}
	}
}

// TestPromtool: the page of a bot that has answered a failure has nothing that
// promtool does not like, with an alarm raised and without Gerrit, too.
func TestPromtool(t *testing.T) {
	tool := promtool(t)
	w, err := demo.NewWorld(demo.WorldOptions{Dir: t.TempDir()})
	ok(t, err)
	t.Cleanup(func() { ok(t, w.Close()) })
	answered := make(chan struct{}, 9)
	w.Gerrit.OnPost(func(p gerrit.Posted) {
		if p.Author == demo.BotUser {
			answered <- struct{}{}
		}
	})
	cfg, err := w.Config()
	ok(t, err)
	cfg.Web.Listen = "127.0.0.1:0"
	b, err := bot.New(t.Context(), cfg, bot.Options{Version: "test"})
	ok(t, err)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- b.Run(ctx) }()
	t.Cleanup(func() { stop(); ok(t, <-ended) })
	ok(t, w.Ready(t.Context()))
	change := w.NewChange(gerrit.ChangeSpec{Project: "openstack/nova", Owner: "alice", Subject: "A change"})
	_, err = w.Post(demo.Report{Change: change, Project: "openstack/nova", Pipeline: "gate", Builds: []demo.Build{{Job: "tempest-full-py3", Cause: "mirror"}}})
	ok(t, err)
	<-answered
	page := func() string {
		resp, err := http.Get("http://" + b.WebAddr() + "/metrics")
		ok(t, err)
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		ok(t, err)
		return string(body)
	}
	eventually(t, "the review is counted", func() bool { return strings.Contains(page(), `recheckbot_outbox_rows{state="proven"}`) })
	if said, well := check(t, tool, page()); !well {
		t.Errorf("promtool: %s", said)
	}
	w.Gerrit.Down()
	eventually(t, "an alarm is raised", func() bool { return strings.Contains(page(), `recheckbot_alarm{`) })
	if said, well := check(t, tool, page()); !well {
		t.Errorf("promtool, with an alarm: %s", said)
	}
	if _, well := check(t, tool, page()+"recheckbot_x 1\n"); well {
		t.Error("promtool likes a page without help")
	}
}
