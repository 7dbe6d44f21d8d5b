//go:build real

package gerrit_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/crypto/ssh"

	"github.com/recheckbot/recheckbot/gerritstream"
	"github.com/recheckbot/recheckbot/internal/ci"
	"github.com/recheckbot/recheckbot/test/real/gerrit"
)

// TestRealGerrit runs on one server, as its start takes seconds: the parts that
// end it come last.
func TestRealGerrit(t *testing.T) {
	s := gerrit.Start(t)
	for _, part := range []struct {
		name string
		run  func(*testing.T, *gerrit.Server)
	}{
		{"host key", hostKey}, {"query", query}, {"forms", forms}, {"twins", twins}, {"review errors", reviewErrors}, {"events", events},
		{"restart", restart},
	} {
		t.Run(part.name, func(t *testing.T) { part.run(t, s) })
	}
}

func hostKey(t *testing.T, s *gerrit.Server) {
	o := options(t, s)
	o.KnownHosts = filepath.Join(t.TempDir(), "none")
	must(t, os.WriteFile(o.KnownHosts, nil, 0o600))
	_, err := open(t, o).Version(t.Context())
	he, ok := errors.AsType[*gerritstream.HostKeyError](err)
	if !ok || he.Changed() || !strings.Contains(err.Error(), he.Line) {
		t.Fatalf("unknown key: %v", err)
	}
	must(t, os.WriteFile(o.KnownHosts, []byte(he.Line+"\n"), 0o600))
	v, err := open(t, o).Version(t.Context())
	if err != nil || v != "3.9.1" {
		t.Errorf("with the line added: %q, %v", v, err)
	}
	// Every key that a real server has can be pinned, whichever it shows first.
	keys, err := filepath.Glob(filepath.Join(s.Dir, "site/etc/ssh_host_*_key.pub"))
	must(t, err)
	if len(keys) < 3 {
		t.Fatalf("%d host keys", len(keys))
	}
	o.KnownHosts = ""
	for _, k := range keys {
		o.HostKey = fingerprint(t, k)
		if _, err := open(t, o).Version(t.Context()); err != nil {
			t.Errorf("%s: %v", k, err)
		}
	}
	o.HostKey = "SHA256:" + strings.Repeat("A", 43)
	if _, err := open(t, o).Version(t.Context()); err == nil || !strings.Contains(err.Error(), "possibly an attack") {
		t.Errorf("wrong pin: %v", err)
	}
}

func query(t *testing.T, s *gerrit.Server) {
	c := open(t, options(t, s))
	n := newChange(t, s, "openstack/nova")
	for _, text := range []string{fmt.Sprintf("change:%d", n), "-is:private", "-change:999999 project:openstack/nova", `owner:"it's $(id)" OR is:open`} {
		p, err := c.Query(t.Context(), gerritstream.Query{Text: text, Comments: true, Limit: 1})
		if err != nil || len(p.Changes) != 1 || len(p.Changes[0].Comments) == 0 || p.Changes[0].Current != 1 {
			t.Errorf("%s: %+v, %v", text, p, err)
		}
	}
	for _, text := range []string{"project:((", "nosuchoperator:x", "--format=TEXT"} {
		if p, err := c.Query(t.Context(), gerritstream.Query{Text: text}); err == nil || !strings.Contains(err.Error(), "gerrit says") {
			t.Errorf("%s: %+v, %v", text, p, err)
		}
	}
	newChange(t, s, "openstack/nova")
	p, err := c.Query(t.Context(), gerritstream.Query{Text: "project:openstack/nova", Limit: 1})
	if err != nil || !p.More {
		t.Errorf("%+v, %v", p, err)
	}
	p, err = c.Query(t.Context(), gerritstream.Query{Text: "project:openstack/nova", Limit: 1, Start: 1})
	if err != nil || p.More || len(p.Changes) != 1 {
		t.Errorf("%+v, %v", p, err)
	}
}

// forms are people's replies, as the web page posts them: what stream, query
// and REST show of each.
func forms(t *testing.T, s *gerrit.Server) {
	r := stream(t, s)
	n := newChange(t, s, "openstack/nova")
	for _, form := range []string{
		`{"comments":{"/PATCHSET_LEVEL":[{"message":"recheck A"}]}}`,
		`{"message":"recheck B","comments":{"/PATCHSET_LEVEL":[{"message":"B2"}]}}`,
		`{"labels":{"Code-Review":-1},"comments":{"/PATCHSET_LEVEL":[{"message":"recheck C"}],"/COMMIT_MSG":[{"line":1,"message":"inline"}]}}`,
		`{"message":"recheck D"}`,
		`{"comments":{"/PATCHSET_LEVEL":[{"message":"recheck E1"},{"message":"E2"}]}}`,
		`{"comments":{"/PATCHSET_LEVEL":[{"message":"recheck bug 1234567"}]}}`,
		`{"comments":{"/COMMIT_MSG":[{"line":1,"message":"only inline: recheck"}]}}`,
	} {
		post(t, s, "alice", n, form)
		time.Sleep(1100 * time.Millisecond) // Gerrit keeps whole seconds; order within one is another test
	}
	var streamed []string
	for _, e := range r.comments(t, n, 7) {
		streamed = append(streamed, strings.TrimPrefix(e.Comment, "Patch Set 1:\n\n"))
	}
	diff(t, "stream", []string{"recheck A", "B2", "recheck C", "recheck D", "recheck E1\nE2", "recheck bug 1234567", "(1 comment)"}, streamed)

	const one, two = "Patch Set 1:\n\n(1 comment)", "Patch Set 1:\n\n(2 comments)"
	shown := []string{"Uploaded patch set 1.", one, one + "\n\nrecheck B", "Patch Set 1: Code-Review-1\n\n(2 comments)",
		"Patch Set 1:\n\nrecheck D", two, one, one}
	o := options(t, s)
	list, err := open(t, o).Messages(t.Context(), n)
	must(t, err)
	messages, texts, _ := show(list)
	diff(t, "query", shown, messages)
	// Which came with which is a guess with inline comments about, but each is there once, in the
	// order of their seconds: those of one post come in any order.
	if len(texts) == 6 {
		slices.Sort(texts[3:5])
	}
	diff(t, "query", []string{"recheck A", "B2", "recheck C", "E2", "recheck E1", "recheck bug 1234567"}, texts)

	o.HTTPURL, o.HTTPUser, o.HTTPPassword = s.URL, "recheckbot", gerrit.Password
	list, err = open(t, o).Messages(t.Context(), n)
	must(t, err)
	messages, _, byMessage := show(list)
	diff(t, "REST", shown, messages)
	diff(t, "REST", []string{"", "recheck A", "B2", "recheck C", "", "E2|recheck E1", "recheck bug 1234567", ""}, byMessage)
	if list[1].MessageID == "" || list[0].Tag != "autogenerated:gerrit:newPatchSet" || list[1].Author.GerritID == 0 {
		t.Errorf("%+v", list[1])
	}
}

// twins: equal posts in one second, of which both texts carry the first one's id.
func twins(t *testing.T, s *gerrit.Server) {
	o := options(t, s)
	o.HTTPURL, o.HTTPUser, o.HTTPPassword = s.URL, "recheckbot", gerrit.Password
	n := newChange(t, s, "openstack/nova")
	for range 4 {
		post(t, s, "alice", n, `{"comments":{"/PATCHSET_LEVEL":[{"message":"recheck"}]}}`)
	}
	list, err := open(t, o).Messages(t.Context(), n)
	must(t, err)
	_, _, byMessage := show(list)
	diff(t, "REST", []string{"", "recheck", "recheck", "recheck", "recheck"}, byMessage)
}

func reviewErrors(t *testing.T, s *gerrit.Server) {
	c := open(t, options(t, s))
	n := newChange(t, s, "openstack/nova")
	hidden := newChange(t, s, "openstack/secret")
	gone := newChange(t, s, "openstack/nova")
	_, err := s.REST("admin", "DELETE", fmt.Sprintf("/changes/%d", gone), "")
	must(t, err)
	closed := newChange(t, s, "openstack/nova")
	_, err = s.REST("alice", "POST", fmt.Sprintf("/changes/%d/abandon", closed), "{}")
	must(t, err)
	for _, tc := range []struct {
		ps   ci.Patchset
		msg  string
		want gerritstream.Reason
	}{
		{ci.Patchset{Change: 999999, Number: 1}, "x", gerritstream.NoSuchChange},
		{ci.Patchset{Change: gone, Number: 1}, "x", gerritstream.NoSuchChange},
		{ci.Patchset{Change: n, Number: 99}, "x", gerritstream.NoSuchPatchset},
		{ci.Patchset{Change: hidden, Number: 1}, "x", gerritstream.NotFound},
		{ci.Patchset{Change: n, Number: 1}, strings.Repeat("é", gerritstream.MaxMessage), ""},
		{ci.Patchset{Change: n, Number: 1}, strings.Repeat("é", gerritstream.MaxMessage+1), gerritstream.TooLong},
		{ci.Patchset{Change: n, Number: 1}, strings.Repeat("🐛", gerritstream.MaxMessage/2), ""},
		{ci.Patchset{Change: closed, Number: 1}, "late", ""},
	} {
		err := c.Review(t.Context(), tc.ps, gerritstream.Review{Message: tc.msg, Tag: "autogenerated:recheckbot:check", Notify: "OWNER"})
		fe, final := errors.AsType[*gerritstream.FinalError](err)
		if (err == nil) != (tc.want == "") || final && fe.Reason != tc.want {
			t.Errorf("%v: %v", tc.ps, err)
		}
	}
}

func events(t *testing.T, s *gerrit.Server) {
	r := stream(t, s)
	n := newChange(t, s, "openstack/nova")
	const text = "it's \"so\" `b` $(x) \\ %s\r\n– é 日本語 🐛 \u202e \u2028 <b> 'q'\n- end"
	c := open(t, options(t, s))
	must(t, c.Review(t.Context(), ci.Patchset{Change: n, Number: 1}, gerritstream.Review{Message: text, Tag: "autogenerated:recheckbot:check", Notify: "NONE"}))
	e := r.comments(t, n, 1)[0]
	if e.Comment != "Patch Set 1:\n\n"+text || e.Author.Username != "recheckbot" || e.Change.Project != "openstack/nova" || e.Patchset != 1 {
		t.Errorf("%+v", e)
	}
	var detail struct {
		Attention map[string]any `json:"attention_set"`
	}
	b, err := s.REST("alice", "GET", fmt.Sprintf("/changes/%d/detail", n), "")
	must(t, err)
	must(t, json.Unmarshal(b, &detail))
	if len(detail.Attention) != 0 {
		t.Errorf("the attention set was changed: %v", detail.Attention)
	}
	_, err = s.REST("alice", "POST", fmt.Sprintf("/changes/%d/private", n), "{}")
	must(t, err)
	p := r.wait(t, func(e gerritstream.Event) bool { return e.Type == "private-state-changed" && e.Change.Number == n }, 1)[0]
	if !p.Change.Private {
		t.Errorf("%+v", p)
	}
}

// restart: a frozen server is noticed, one that was killed is found again, and
// what it says then is heard.
func restart(t *testing.T, s *gerrit.Server) {
	r := stream(t, s, func(o *gerritstream.Options) { o.Keepalive, o.Silence = 300*time.Millisecond, 3*time.Second })
	n := newChange(t, s, "openstack/nova")
	must(t, s.Freeze())
	eventually(t, "the silence is noticed", func() bool { return strings.Contains(strings.Join(r.causes(), " "), "no keepalive answer") })
	must(t, s.Kill())
	before := r.connections()
	must(t, s.Start())
	eventually(t, "connected again", func() bool { return r.connections() > before })
	// The stream is subscribed an instant after Connected: post until it is heard.
	eventually(t, "heard again", func() bool {
		post(t, s, "alice", n, `{"message":"recheck after the restart"}`)
		return len(r.events(func(e gerritstream.Event) bool { return strings.Contains(e.Comment, "after the restart") })) > 0
	})
	_, err := open(t, options(t, s)).Messages(t.Context(), n)
	must(t, err)
}

// --- helpers

func options(t *testing.T, s *gerrit.Server) gerritstream.Options {
	return gerritstream.Options{
		Addr: s.SSHAddr, User: "recheckbot", KeyFile: s.KeyFile("recheckbot"), KnownHosts: s.KnownHosts,
		RetryMin: 200 * time.Millisecond, RetryMax: time.Second, ConnectTimeout: 10 * time.Second,
		Logger: slog.New(slog.NewTextHandler(t.Output(), nil)),
	}
}

func open(t *testing.T, o gerritstream.Options) *gerritstream.Client {
	t.Helper()
	c, err := gerritstream.New(o)
	must(t, err)
	t.Cleanup(func() { c.Close() })
	return c
}

func newChange(t *testing.T, s *gerrit.Server, project string) int64 {
	t.Helper()
	b, err := s.REST("alice", "POST", "/changes/", fmt.Sprintf(`{"project":%q,"branch":"master","subject":"A change"}`, project))
	must(t, err)
	var c struct {
		Number int64 `json:"_number"`
	}
	must(t, json.Unmarshal(b, &c))
	return c.Number
}

func post(t *testing.T, s *gerrit.Server, user string, n int64, review string) {
	t.Helper()
	_, err := s.REST(user, "POST", fmt.Sprintf("/changes/%d/revisions/current/review", n), review)
	must(t, err)
}

func show(list []gerritstream.Comment) (messages, texts, byMessage []string) {
	for _, m := range list {
		messages = append(messages, m.Message)
		texts = append(texts, m.PatchsetLevel...)
		byMessage = append(byMessage, strings.Join(m.PatchsetLevel, "|"))
	}
	return messages, texts, byMessage
}

// sink keeps what the stream brings.
type sink struct {
	mu   sync.Mutex
	got  []gerritstream.Event
	on   int
	lost []string
}

func stream(t *testing.T, s *gerrit.Server, change ...func(*gerritstream.Options)) *sink {
	t.Helper()
	o := options(t, s)
	for _, f := range change {
		f(&o)
	}
	c, r := open(t, o), &sink{}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { _ = c.Stream(ctx, r); close(done) }()
	t.Cleanup(func() { cancel(); <-done })
	eventually(t, "connected", func() bool { return r.connections() > 0 })
	time.Sleep(500 * time.Millisecond) // Gerrit subscribes an instant after it has taken the command
	return r
}

func (r *sink) Lines(_ context.Context, lines []gerritstream.Line) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, l := range lines {
		e, err := gerritstream.Decode(l.Body)
		if err != nil || l.Aside != "" {
			return fmt.Errorf("%q: %q, %w", l.Body, l.Aside, err)
		}
		r.got = append(r.got, e)
	}
	return nil
}

func (r *sink) Connected(context.Context, string, time.Time) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.on++
	return nil
}

func (r *sink) Lost(_ context.Context, _ string, _, _ time.Time, cause string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lost = append(r.lost, cause)
	return nil
}

func (r *sink) connections() int { r.mu.Lock(); defer r.mu.Unlock(); return r.on }

func (r *sink) causes() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string(nil), r.lost...)
}

func (r *sink) events(want func(gerritstream.Event) bool) []gerritstream.Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []gerritstream.Event
	for _, e := range r.got {
		if want(e) {
			out = append(out, e)
		}
	}
	return out
}

func (r *sink) wait(t *testing.T, want func(gerritstream.Event) bool, n int) []gerritstream.Event {
	t.Helper()
	eventually(t, "events", func() bool { return len(r.events(want)) >= n })
	return r.events(want)
}

func (r *sink) comments(t *testing.T, change int64, n int) []gerritstream.Event {
	t.Helper()
	return r.wait(t, func(e gerritstream.Event) bool { return e.Type == "comment-added" && e.Change.Number == change }, n)
}

func fingerprint(t *testing.T, pub string) string {
	t.Helper()
	b, err := os.ReadFile(pub)
	must(t, err)
	key, _, _, _, err := ssh.ParseAuthorizedKey(b)
	must(t, err)
	return ssh.FingerprintSHA256(key)
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(90 * time.Second); !ok(); time.Sleep(50 * time.Millisecond) {
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

func diff(t *testing.T, what string, want, got []string) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s: %s", what, d)
	}
}
