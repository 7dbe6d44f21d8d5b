//go:build real

package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/recheckbot/recheckbot/internal/fake/loghost"
	"github.com/recheckbot/recheckbot/internal/fake/zuul"
	"github.com/recheckbot/recheckbot/test/real/gerrit"
)

const tenant = "openstack"

// patience is how long anything may take on a loaded machine.
const patience = 90 * time.Second

// world is a real Gerrit, and a Zuul and a log server that tell what they were
// given. Safe for concurrent use.
type world struct {
	*gerrit.Server
	zuul    *zuul.Server
	logs    *loghost.Server
	binary  string
	scratch int64 // a change for comments that only show who listens
	seq     atomic.Int64
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{Server: gerrit.Start(t), binary: filepath.Join(t.TempDir(), "recheckbot")}
	out, err := exec.Command("go", "build", "-o", w.binary, "../../..").CombinedOutput()
	if err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	w.zuul, err = zuul.Start("127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { w.zuul.Close() })
	w.logs, err = loghost.Start("127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { w.logs.Close() })
	w.letServiceUsersSeePrivateChanges(t)
	w.scratch = w.change(t, "openstack/nova")
	return w
}

// letServiceUsersSeePrivateChanges: a bot that cannot see a change proves
// nothing by its silence.
func (w *world) letServiceUsersSeePrivateChanges(t *testing.T) {
	t.Helper()
	var group struct{ ID string }
	w.get(t, "admin", "/groups/Service%20Users", &group)
	w.send(t, "admin", http.MethodPost, "/projects/All-Projects/access", fmt.Sprintf(
		`{"add":{"refs/*":{"permissions":{"viewPrivateChanges":{"rules":{%q:{"action":"ALLOW"}}}}}}}`, group.ID))
}

// uuid is a name as Zuul gives to builds.
func (w *world) uuid() string { return fmt.Sprintf("%016x%016x", time.Now().UnixNano(), w.seq.Add(1)) }

// send sends a request that must succeed.
func (w *world) send(t *testing.T, user, method, path, body string) []byte {
	t.Helper()
	b, err := w.REST(user, method, path, body)
	must(t, err)
	return b
}

func (w *world) get(t *testing.T, user, path string, into any) {
	t.Helper()
	must(t, json.Unmarshal(w.send(t, user, http.MethodGet, path, ""), into))
}

// project makes a project of the test's own.
func (w *world) project(t *testing.T, name string) string {
	t.Helper()
	path := "/projects/" + strings.ReplaceAll(name, "/", "%2F")
	w.send(t, "admin", http.MethodPut, path, `{"create_empty_commit":true,"branches":["master"]}`)
	return name
}

// change makes a change of alice's and returns its number.
func (w *world) change(t *testing.T, project string) int64 {
	t.Helper()
	b := w.send(t, "alice", http.MethodPost, "/changes/", fmt.Sprintf(`{"project":%q,"branch":"master","subject":"A change"}`, project))
	var c struct {
		Number int64 `json:"_number"`
	}
	must(t, json.Unmarshal(b, &c))
	return c.Number
}

// do does something to a change, such as "abandon".
func (w *world) do(t *testing.T, user string, change int64, what string) {
	t.Helper()
	w.send(t, user, http.MethodPost, fmt.Sprintf("/changes/%d/%s", change, what), "{}")
}

// review posts a ReviewInput on the newest patchset.
func (w *world) review(t *testing.T, user string, change int64, input string) {
	t.Helper()
	w.send(t, user, http.MethodPost, fmt.Sprintf("/changes/%d/revisions/current/review", change), input)
}

// comment posts words as they are.
func (w *world) comment(t *testing.T, user string, change int64, words string) {
	t.Helper()
	w.review(t, user, change, fmt.Sprintf(`{"message":%q}`, words))
}

// detail is a change as Gerrit's own API shows it to alice.
type detail struct {
	Messages  []message
	Attention map[string]struct {
		Account    struct{ Username string }
		LastUpdate string `json:"last_update"`
		Reason     string
	} `json:"attention_set"`
}

type message struct {
	ID, Message, Tag string
	Author           struct{ Username string }
}

func (w *world) detail(t *testing.T, change int64) detail {
	t.Helper()
	var d detail
	w.get(t, "alice", fmt.Sprintf("/changes/%d/detail", change), &d)
	return d
}

// said are the bot's comments on a change, as alice sees them.
func (w *world) said(t *testing.T, change int64) []message {
	t.Helper()
	var list []message
	for _, m := range w.detail(t, change).Messages {
		if m.Author.Username == "recheckbot" {
			list = append(list, m)
		}
	}
	return list
}

// oneReview waits for the bot's comment on a change: Gerrit's event of it, which
// proves it to the bot, may come some milliseconds before its pages show it.
func (w *world) oneReview(t *testing.T, change int64) message {
	t.Helper()
	eventually(t, fmt.Sprintf("a review of change %d", change), func() bool { return len(w.said(t, change)) > 0 })
	return w.stillOne(t, change)
}

// stillOne fails unless the bot has said exactly one thing on a change.
func (w *world) stillOne(t *testing.T, change int64) message {
	t.Helper()
	list := w.said(t, change)
	if len(list) != 1 {
		t.Fatalf("%d comments of ours on change %d: %+v", len(list), change, list)
	}
	return list[0]
}

func (w *world) silent(t *testing.T, change int64) {
	t.Helper()
	if list := w.said(t, change); len(list) != 0 {
		t.Errorf("comments of ours on change %d: %+v", change, list)
	}
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !ok(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s: did not happen", what)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
