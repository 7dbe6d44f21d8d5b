//go:build real

package e2e

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"testing"
)

// What starts a recheck: on many sites with Zuul, and on those with Jenkins,
// where the word alone does.
const (
	zuulTrigger         = `(?i)^(Patch Set [0-9]+:)?( [\w\\+-]*)*(\n\n)?\s*recheck`
	experimentalTrigger = `(?i)^(Patch Set [0-9]+:)?( [\w\\+-]*)*(\n\n)?\s*check experimental`
	jenkinsTrigger      = `(?i)recheck`
)

// triggers: our comment as stream, query and REST show it starts nothing, even
// where the very log line that was found would.
func triggers(t *testing.T, w *world) {
	events := w.listen(t)
	const line = "recheck: Timed out waiting for a reply to message ID 7, please recheck"
	for _, site := range []struct {
		name     string
		triggers []string // nil: those that the bot knows by itself
		must     []string // do not fire
	}{
		{"zuul", nil, []string{zuulTrigger, experimentalTrigger}},
		{"configured", []string{zuulTrigger, experimentalTrigger}, []string{zuulTrigger, experimentalTrigger}},
		{"jenkins", []string{jenkinsTrigger}, []string{zuulTrigger, jenkinsTrigger}},
	} {
		t.Run(site.name, func(t *testing.T) {
			b := w.bot(t, setup{triggers: site.triggers})
			b.start()
			n := w.change(t, "openstack/nova")
			w.report(t, "openstack/nova", n, build{job: "tempest-full-py3", result: "FAILURE", line: line})
			m := w.oneReview(t, n)
			b.proven(n)
			b.stop()
			shown := append([]string{m.Message}, w.queried(t, n)...)
			eventually(t, "the stream shows it", func() bool { return len(events.of(n, "recheckbot")) > 0 })
			shown = append(shown, events.of(n, "recheckbot")...)
			if len(shown) != 3 {
				t.Fatalf("REST, query and stream show %d: %q", len(shown), shown)
			}
			for _, text := range shown {
				if !strings.Contains(text, "9000017") {
					t.Errorf("not our review: %q", text)
				}
				for _, expr := range site.must {
					if regexp.MustCompile(expr).MatchString(text) {
						t.Errorf("%s fires on %q", expr, text)
					}
				}
			}
			// The same words by alice do: the way in which they are shown hides nothing.
			w.comment(t, "alice", n, "recheck")
			eventually(t, "the stream shows alice's", func() bool { return len(events.of(n, "alice")) > 0 })
			for _, text := range events.of(n, "alice") {
				if !regexp.MustCompile(site.must[0]).MatchString(text) {
					t.Errorf("%s does not fire on %q", site.must[0], text)
				}
			}
		})
	}
}

// ssh runs a command of Gerrit's as zuul, by OpenSSH.
func (w *world) ssh(t *testing.T, command string) *exec.Cmd {
	host, port, err := net.SplitHostPort(w.SSHAddr)
	must(t, err)
	return exec.CommandContext(t.Context(), "ssh", "-F", "none", "-i", w.KeyFile("zuul"), "-p", port, "-o", "BatchMode=yes",
		"-o", "IdentitiesOnly=yes", "-o", "UserKnownHostsFile="+w.KnownHosts, "zuul@"+host, command)
}

// queried are the bot's comments as a query shows them.
func (w *world) queried(t *testing.T, change int64) []string {
	t.Helper()
	out, err := w.ssh(t, fmt.Sprintf("gerrit query --format=JSON --comments change:%d", change)).Output()
	must(t, err)
	var c struct {
		Comments []struct {
			Reviewer struct{ Username string }
			Message  string
		}
	}
	first, _, _ := strings.Cut(string(out), "\n")
	must(t, json.Unmarshal([]byte(first), &c))
	var list []string
	for _, m := range c.Comments {
		if m.Reviewer.Username == "recheckbot" {
			list = append(list, m.Message)
		}
	}
	return list
}

// ear reads Gerrit's stream as another service user does.
type ear struct {
	mu    sync.Mutex
	heard []event
}

type event struct {
	Comment string
	Author  struct{ Username string }
	Change  struct{ Number int64 }
}

func (w *world) listen(t *testing.T) *ear {
	t.Helper()
	cmd := w.ssh(t, "gerrit stream-events -s comment-added")
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	e := &ear{}
	go func() {
		for in := bufio.NewReader(out); ; {
			line, err := in.ReadBytes('\n')
			var ev event
			if err != nil || json.Unmarshal(line, &ev) != nil {
				return
			}
			e.mu.Lock()
			e.heard = append(e.heard, ev)
			e.mu.Unlock()
		}
	}()
	eventually(t, "the ear hears", func() bool {
		w.comment(t, "alice", w.scratch, "is anybody there?")
		return len(e.of(w.scratch, "alice")) > 0
	})
	return e
}

// of are somebody's comments on a change.
func (e *ear) of(change int64, author string) []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	var list []string
	for _, ev := range e.heard {
		if ev.Change.Number == change && ev.Author.Username == author {
			list = append(list, ev.Comment)
		}
	}
	return list
}
