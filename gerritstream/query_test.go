package gerritstream_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/recheckbot/recheckbot/gerritstream"
	"github.com/recheckbot/recheckbot/internal/fake/gerrit"
)

func TestQueryBringsChangesAndComments(t *testing.T) {
	w := newWorld(t, gerrit.Options{})
	_, err := w.Post(w.Change, "zuul", gerrit.Comment{Message: "Build failed", Votes: map[string]int{"Verified": -1}})
	must(t, err)
	w.post(t, "alice", "recheck")
	w.SetPrivate(w.Change, true)
	_, err = w.NewPatchset(w.Change)
	must(t, err)
	p, err := w.client(t).Query(t.Context(), gerritstream.Query{Text: "change:1", Comments: true})
	must(t, err)
	c := p.Changes[0]
	if c.Number != 1 || !c.Private || c.Current != 2 || c.Project != "openstack/nova" || c.Owner.Username != "alice" || c.Updated.IsZero() {
		t.Errorf("%+v", c.Change)
	}
	var texts []string
	for _, m := range c.Comments {
		texts = append(texts, m.Author.Username+": "+m.Message)
	}
	want := []string{
		"alice: Uploaded patch set 1.", "zuul: Patch Set 1: Verified-1\n\nBuild failed",
		"alice: Patch Set 1:\n\nrecheck", "alice: Uploaded patch set 2.",
	}
	if d := cmp.Diff(want, texts); d != "" {
		t.Error(d)
	}
}

func TestQueryPages(t *testing.T) {
	w := newWorld(t, gerrit.Options{})
	for range 4 {
		w.NewChange(gerrit.ChangeSpec{Project: "openstack/nova", Owner: "alice"})
	}
	c := w.client(t)
	seen := map[int64]bool{}
	start, pages := 0, 0
	for more := true; more; pages++ {
		p, err := c.Query(t.Context(), gerritstream.Query{Text: "project:openstack/nova", Limit: 2, Start: start})
		must(t, err)
		for _, ch := range p.Changes {
			seen[ch.Number] = true
		}
		start, more = start+len(p.Changes), p.More
	}
	if len(seen) != 5 || pages != 3 {
		t.Errorf("%d changes on %d pages", len(seen), pages)
	}
}

func TestQueryTextIsNeverAnOptionNorAShellWord(t *testing.T) {
	w := newWorld(t, gerrit.Options{})
	c := w.client(t)
	for text, want := range map[string]int{
		"-is:private":                          1,
		"change:1":                             1,
		"change:1 OR change:2":                 1,
		`owner:"it's $(id)" OR change:1`:       1,
		"owner:a'b OR -owner:`x` OR project:x": 1,
	} {
		p, err := c.Query(t.Context(), gerritstream.Query{Text: text})
		if err != nil || len(p.Changes) != want {
			t.Errorf("%s: %d changes, %v", text, len(p.Changes), err)
		}
	}
	for _, text := range []string{"--comments", "--format=TEXT", "project:((", "nosuchoperator:x"} {
		if _, err := c.Query(t.Context(), gerritstream.Query{Text: text}); err == nil || !strings.Contains(err.Error(), "gerrit says") {
			t.Errorf("%s: %v, though it is an error that exits with 0", text, err)
		}
	}
	for _, q := range []gerritstream.Query{{}, {Text: " "}, {Text: "x", Start: -1}, {Text: strings.Repeat("x", 9000)}} {
		if _, err := c.Query(t.Context(), q); err == nil {
			t.Errorf("%.20q was asked", q.Text)
		}
	}
}

func TestASlowQueryEndsByItsContextAndDisturbsNobody(t *testing.T) {
	w := newWorld(t, gerrit.Options{})
	r, c := w.stream(t)
	w.Slow(time.Minute)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := c.Query(ctx, gerritstream.Query{Text: "change:1"}); err == nil {
		t.Fatal("no error")
	}
	w.Slow(0)
	w.post(t, "alice", "still heard")
	r.wait(t, 1)
	_, err := c.Query(t.Context(), gerritstream.Query{Text: "change:1"})
	must(t, err)
	// The connection on which it timed out is closed; stream and new one stay.
	eventually(t, "old connection closed", func() bool { return w.Connections() == 2 })
	if r.count(&r.lost) != 0 {
		t.Error("the stream was lost")
	}
}

func TestCommandsShareOneConnectionAndSurviveItsLoss(t *testing.T) {
	w := newWorld(t, gerrit.Options{})
	c := w.client(t)
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if _, err := c.Query(t.Context(), gerritstream.Query{Text: "change:1"}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := w.Connections(); n != 1 {
		t.Errorf("%d connections", n)
	}
	for range 5 {
		w.Cut()
		_, err := c.Version(t.Context())
		must(t, err)
	}
	must(t, c.Close())
	eventually(t, "closed", func() bool { return w.Connections() == 0 })
	if _, err := c.Version(t.Context()); err == nil {
		t.Error("a closed client connects")
	}
}

func TestAnAnswerThatIsCutOffIsAnError(t *testing.T) {
	w := newWorld(t, gerrit.Options{})
	w.Slow(time.Minute)
	c := w.client(t)
	done := make(chan error, 1)
	go func() {
		_, err := c.Query(t.Context(), gerritstream.Query{Text: "change:1"})
		done <- err
	}()
	eventually(t, "asking", func() bool { return w.Connections() == 1 })
	time.Sleep(50 * time.Millisecond)
	w.Cut()
	select {
	case err := <-done:
		if err == nil {
			t.Error("no error")
		}
	case <-time.After(patience):
		t.Error("hangs")
	}
}

// forms are the seven ways in which people reply, as the web page posts them.
func forms() []gerrit.Comment {
	return []gerrit.Comment{
		{PatchsetLevel: []string{"recheck A"}},
		{Message: "recheck B", PatchsetLevel: []string{"B2"}},
		{PatchsetLevel: []string{"recheck C"}, Inline: 1, Votes: map[string]int{"Code-Review": -1}},
		{Message: "recheck D"},
		{PatchsetLevel: []string{"recheck E1", "E2"}},
		{PatchsetLevel: []string{"recheck bug 1234567"}},
		{Inline: 1},
	}
}

func (w *world) postForms(t *testing.T) {
	for _, f := range forms() {
		_, err := w.Post(w.Change, "alice", f)
		must(t, err)
	}
}

func TestSevenFormsByREST(t *testing.T) {
	now := time.Unix(1700000000, 0)
	w := newWorld(t, gerrit.Options{REST: true, Now: func() time.Time { now = now.Add(2 * time.Second); return now }})
	w.postForms(t)
	w.SetPassword("recheckbot", "hunter2")
	w.Opt.HTTPURL, w.Opt.HTTPUser, w.Opt.HTTPPassword = w.URL()+"/", "recheckbot", "hunter2"
	list, err := w.client(t).Messages(t.Context(), w.Change)
	must(t, err)
	list = list[1:] // the upload
	var got []string
	for i, m := range list {
		got = append(got, fmt.Sprintf("%q %q", m.Message, m.PatchsetLevel))
		if m.MessageID == "" || m.Patchset != 1 || m.Unsure || m.Author.GerritID == 0 || i > 0 && m.Time.Before(list[i-1].Time) {
			t.Errorf("%+v", m)
		}
	}
	want := []string{
		`"Patch Set 1:\n\n(1 comment)" ["recheck A"]`,
		`"Patch Set 1:\n\n(1 comment)\n\nrecheck B" ["B2"]`,
		`"Patch Set 1: Code-Review-1\n\n(2 comments)" ["recheck C"]`,
		`"Patch Set 1:\n\nrecheck D" []`,
		`"Patch Set 1:\n\n(2 comments)" ["E2" "recheck E1"]`,
		`"Patch Set 1:\n\n(1 comment)" ["recheck bug 1234567"]`,
		`"Patch Set 1:\n\n(1 comment)" []`,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestSevenFormsByQueryEachTextOnce(t *testing.T) {
	w := newWorld(t, gerrit.Options{})
	w.postForms(t)
	list, err := w.client(t).Messages(t.Context(), w.Change)
	must(t, err)
	var texts []string
	for _, m := range list {
		texts = append(texts, m.PatchsetLevel...)
	}
	want := []string{"recheck A", "B2", "recheck C", "recheck E1", "E2", "recheck bug 1234567"}
	if d := cmp.Diff(want, texts); d != "" {
		t.Error(d)
	}
	if len(list) != 8 || list[3].PatchsetLevel[0] != "recheck C" || !list[3].Unsure {
		t.Errorf("%+v", list)
	}
}

func TestSevenFormsByStream(t *testing.T) {
	w := newWorld(t, gerrit.Options{})
	r, _ := w.stream(t)
	w.postForms(t)
	want := []string{"recheck A", "B2", "recheck C", "recheck D", "recheck E1\nE2", "recheck bug 1234567", "(1 comment)"}
	for i, l := range r.wait(t, 7) {
		e, err := gerritstream.Decode(l.Body)
		must(t, err)
		if e.Comment != "Patch Set 1:\n\n"+want[i] || e.Author.Username != "alice" || e.Patchset != 1 {
			t.Errorf("%d: %+v", i, e)
		}
	}
}

func TestEqualPostsInOneSecondShareTheFirstOnesID(t *testing.T) {
	w := newWorld(t, gerrit.Options{REST: true, Now: func() time.Time { return time.Unix(1700000000, 0) }})
	for range 2 {
		_, err := w.Post(w.Change, "alice", gerrit.Comment{PatchsetLevel: []string{"recheck"}})
		must(t, err)
	}
	w.Opt.HTTPURL = w.URL() // without a user: what anyone may read
	list, err := w.client(t).Messages(t.Context(), w.Change)
	must(t, err)
	for _, m := range list[1:] {
		if d := cmp.Diff([]string{"recheck"}, m.PatchsetLevel); d != "" {
			t.Error(d)
		}
	}
	if list[1].MessageID == list[2].MessageID {
		t.Error("two posts with one id")
	}
}

func TestRESTThatFailsIsReplacedByAQueryAndKeepsThePassword(t *testing.T) {
	w := newWorld(t, gerrit.Options{REST: true})
	w.post(t, "alice", "recheck")
	w.Opt.HTTPURL, w.Opt.HTTPUser, w.Opt.HTTPPassword = w.URL(), "recheckbot", "hunter2" // wrong
	list, err := w.client(t).Messages(t.Context(), w.Change)
	must(t, err)
	if len(list) != 2 || list[1].MessageID != "" {
		t.Errorf("%+v", list)
	}
	if log := w.Log.String(); !strings.Contains(log, "401") || strings.Contains(log, "hunter2") {
		t.Errorf("log: %s", log)
	}
}

func TestMessagesOfAChangeThatIsNotThere(t *testing.T) {
	w := newWorld(t, gerrit.Options{})
	hidden := w.NewChange(gerrit.ChangeSpec{Project: "secret", Owner: "alice", Hidden: true})
	for _, n := range []int64{hidden, 999} {
		if _, err := w.client(t).Messages(t.Context(), n); err == nil || !strings.Contains(err.Error(), "not found") {
			t.Errorf("%d: %v", n, err)
		}
	}
}
