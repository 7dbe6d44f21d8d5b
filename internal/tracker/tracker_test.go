package tracker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/recheckbot/recheckbot/internal/ci"
)

// fakeLP is a Launchpad: answers by path, an ETag with each, requests noted.
type fakeLP struct {
	bodies   map[string]string // path to body; a number alone is a status
	requests []string          // "PATH CODE"
	agents   []string
	url      string
}

func newFake(t *testing.T, bodies map[string]string) *fakeLP {
	t.Helper()
	f := &fakeLP{bodies: bodies}
	s := httptest.NewServer(f)
	t.Cleanup(s.Close)
	f.url = s.URL
	return f
}

func (f *fakeLP) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, ok := f.bodies[r.URL.Path]
	code, etag := 200, fmt.Sprintf("%q", fmt.Sprint(len(body)))
	if !ok {
		code = 404
	}
	if _, err := fmt.Sscanf(body, "%d", &code); err == nil {
		body = "an error page"
	} else if r.Header.Get("If-None-Match") == etag {
		code, body = 304, ""
	}
	f.requests = append(f.requests, fmt.Sprintf("%s %d", r.URL.Path, code))
	f.agents = append(f.agents, r.UserAgent())
	w.Header().Set("ETag", etag)
	w.Header().Set("Location", "https://elsewhere.example.org/")
	w.WriteHeader(code)
	io.WriteString(w, body)
}

func (f *fakeLP) tracker(o Options) *Tracker {
	o.Sites = append(o.Sites, Site{"launchpad", Launchpad, f.url + "/devel/", "https://bugs.launchpad.net/bugs/{ref}"},
		Site{"gh", Plain, "", "https://github.example.org/issues?q={ref}"})
	return New(o)
}

func tasks(states ...string) string {
	var entries []string
	for _, s := range states {
		entries = append(entries, fmt.Sprintf(`{"bug_target_name":"nova","status":%q,"importance":"High"}`, s))
	}
	return fmt.Sprintf(`{"start":0,"total_size":%d,"entries":[%s]}`, len(states), strings.Join(entries, ","))
}

func lp(ref string) ci.BugRef { return ci.BugRef{Tracker: "launchpad", Ref: ref} }

func TestClosedIsEveryTask(t *testing.T) {
	for _, c := range []struct {
		states []string
		closed bool
		status string
	}{
		{[]string{"Fix Released"}, true, "Fix Released"},
		{[]string{"Fix Committed", "Invalid", "Won't Fix", "Opinion", "Expired", "Fix Released"}, true, "Fix Committed"},
		{[]string{"Fix Released", "Confirmed"}, false, "Confirmed"},
		{[]string{"New"}, false, "New"},
		{[]string{"Incomplete", "Invalid"}, false, "Incomplete"},
		{[]string{"In Progress", "Triaged"}, false, "In Progress"},
		{[]string{"Something New", "Fix Released"}, false, "Something New"},
		{nil, false, ""},
	} {
		f := newFake(t, map[string]string{"/devel/bugs/1": `{"title":"x"}`, "/devel/bugs/1/bug_tasks": tasks(c.states...)})
		got, err := f.tracker(Options{}).Title(t.Context(), lp("1"))
		if err != nil || got.Closed != c.closed || got.Status != c.status {
			t.Errorf("%v: %+v, %v", c.states, got, err)
		}
	}
}

func TestTasksThatWereNotSentAreNotClosed(t *testing.T) {
	cut := strings.Replace(tasks("Invalid"), `"total_size":1`, `"total_size":2`, 1)
	f := newFake(t, map[string]string{"/devel/bugs/1": `{"title":"x"}`, "/devel/bugs/1/bug_tasks": cut})
	if got, err := f.tracker(Options{}).Title(t.Context(), lp("1")); err != nil || got.Closed {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestTitle(t *testing.T) {
	f := newFake(t, map[string]string{
		"/devel/bugs/7":           `{"title":"  nova\r\nfails\u0000 \u202ehard ","private":false,"duplicate_of_link":"https://api.launchpad.net/devel/bugs/5"}`,
		"/devel/bugs/7/bug_tasks": tasks("New"),
		"/devel/bugs/8":           `{"title":"` + strings.Repeat("ä", 400) + `","duplicate_of_link":null}`,
		"/devel/bugs/8/bug_tasks": tasks("New"),
	})
	tr := f.tracker(Options{Contact: "qa@example.org"})
	got, err := tr.Title(t.Context(), lp("7"))
	if want := (Bug{Title: "nova fails hard", Status: "New", DupOf: "5"}); got != want || err != nil {
		t.Errorf("%+v, %v", got, err)
	}
	got, err = tr.Title(t.Context(), lp("8"))
	if n := len([]rune(got.Title)); n != 300 || got.DupOf != "" || err != nil {
		t.Errorf("%d characters, %+v, %v", n, got, err)
	}
	if a := f.agents[0]; !strings.HasPrefix(a, "recheckbot ") || !strings.HasSuffix(a, " qa@example.org") {
		t.Errorf("User-Agent %q", a)
	}
}

func TestOfAPrivateBugNothingIsTold(t *testing.T) {
	for name, bodies := range map[string]map[string]string{
		"by its own word":    {"/devel/bugs/1": `{"title":"hidden","private":true}`, "/devel/bugs/1/bug_tasks": tasks("New")},
		"not for anybody":    {"/devel/bugs/1": "401"},
		"forbidden":          {"/devel/bugs/1": "403"},
		"its tasks are away": {"/devel/bugs/1": `{"title":"hidden"}`, "/devel/bugs/1/bug_tasks": "401"},
	} {
		got, err := newFake(t, bodies).tracker(Options{}).Title(t.Context(), lp("1"))
		if want := (Bug{Private: true}); got != want || err != nil {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

func TestUnchangedIsNotSentAgain(t *testing.T) {
	f := newFake(t, map[string]string{"/devel/bugs/1": `{"title":"x"}`, "/devel/bugs/1/bug_tasks": tasks("New")})
	tr := f.tracker(Options{})
	first, err := tr.Title(t.Context(), lp("1"))
	if err != nil {
		t.Fatal(err)
	}
	again, err := tr.Title(t.Context(), lp("1"))
	if err != nil || again != first {
		t.Errorf("%+v, %v", again, err)
	}
	f.bodies["/devel/bugs/1/bug_tasks"] = tasks("Fix Released")
	changed, err := tr.Title(t.Context(), lp("1"))
	if err != nil || !changed.Closed {
		t.Errorf("%+v, %v", changed, err)
	}
	want := "/devel/bugs/1 200,/devel/bugs/1/bug_tasks 200,/devel/bugs/1 304,/devel/bugs/1/bug_tasks 304,/devel/bugs/1 304,/devel/bugs/1/bug_tasks 200"
	if got := strings.Join(f.requests, ","); got != want {
		t.Error(got)
	}
}

func TestMemoryIsBounded(t *testing.T) {
	l := newLaunchpad(Options{})
	for i := range maxAnswers + 10 {
		l.remember(fmt.Sprint(i), "e", wireBug{Title: "x"})
	}
	if n := len(l.answers); n != maxAnswers {
		t.Errorf("%d answers are kept", n)
	}
	l.remember("long", "e", wireBug{Title: strings.Repeat("x", maxAnswer)})
	if l.remembered("long").etag != "" {
		t.Error("a long answer is kept")
	}
}

func TestErrors(t *testing.T) {
	f := newFake(t, map[string]string{"/devel/bugs/2": "500", "/devel/bugs/3": "not JSON", "/devel/bugs/4": "302",
		"/devel/bugs/5": `{"title":"` + strings.Repeat("x", maxBody) + `"}`})
	tr := f.tracker(Options{})
	if _, err := tr.Title(t.Context(), lp("1")); !is[*NotFoundError](err) {
		t.Errorf("404: %v", err)
	}
	for _, ref := range []string{"2", "4"} { // an answer may not send us elsewhere
		if _, err := tr.Title(t.Context(), lp(ref)); !is[*StatusError](err) {
			t.Errorf("%s: %v", ref, err)
		}
	}
	for _, ref := range []string{"3", "5"} {
		if b, err := tr.Title(t.Context(), lp(ref)); err == nil || !strings.Contains(err.Error(), "launchpad:"+ref) {
			t.Errorf("%s: %+v, %v", ref, b, err)
		}
	}
	before := len(f.requests)
	for _, ref := range []string{"", "abc", "1/../2", "1234567890123", "-1", "%31"} {
		if _, err := tr.Title(t.Context(), lp(ref)); !is[*BadRefError](err) {
			t.Errorf("%q: %v", ref, err)
		}
	}
	for _, name := range []string{"gh", "unknown"} {
		if _, err := tr.Title(t.Context(), ci.BugRef{Tracker: name, Ref: "1"}); !is[*NoTitlesError](err) || tr.HasTitles(name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if len(f.requests) != before {
		t.Error("asked for what cannot be")
	}
}

func is[E error](err error) bool { _, ok := errors.AsType[E](err); return ok }

func TestPaceAndTimeout(t *testing.T) {
	f := newFake(t, map[string]string{"/devel/bugs/1": `{"title":"x","private":true}`})
	tr := f.tracker(Options{Every: time.Hour})
	if _, err := tr.Title(t.Context(), lp("1")); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	if _, err := tr.Title(ctx, lp("1")); err == nil || len(f.requests) != 1 {
		t.Errorf("%v, %v", err, f.requests)
	}
	stuck := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-stuck }))
	defer s.Close()
	defer close(stuck)
	tr = New(Options{Timeout: 20 * time.Millisecond, Sites: []Site{{Name: "launchpad", Kind: Launchpad, API: s.URL}}})
	if _, err := tr.Title(t.Context(), lp("1")); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
}

func TestURL(t *testing.T) {
	tr := newFake(t, nil).tracker(Options{})
	for bug, want := range map[ci.BugRef]string{
		lp("1234"):                       "https://bugs.launchpad.net/bugs/1234",
		lp("a/../b?c#d e"):               "https://bugs.launchpad.net/bugs/a%2F..%2Fb%3Fc%23d%20e",
		{Tracker: "gh", Ref: "x&y=1+\n"}: "https://github.example.org/issues?q=x%26y%3D1%2B%0A",
		lp(".."):                         "",
		lp(""):                           "",
		{Tracker: "none", Ref: "1"}:      "",
	} {
		if got := tr.URL(bug); got != want {
			t.Errorf("%v: %q, want %q", bug, got, want)
		}
	}
}

// TestRecordedAnswers reads what the real Launchpad says of its first bug.
func TestRecordedAnswers(t *testing.T) {
	corpus := os.Getenv("CORPUS")
	if corpus == "" {
		t.Skip("CORPUS is not set: no recorded answers to read")
	}
	bodies := map[string]string{}
	for path, file := range map[string]string{"/devel/bugs/1": "lp_bug.json", "/devel/bugs/1/bug_tasks": "lp_bug_tasks.json"} {
		body, err := os.ReadFile(filepath.Join(corpus, "launchpad", file))
		if err != nil {
			t.Fatal(err)
		}
		bodies[path] = string(body)
	}
	got, err := newFake(t, bodies).tracker(Options{}).Title(t.Context(), lp("1"))
	want := Bug{Title: "Microsoft has a majority market share", Status: "In Progress"}
	if got != want || err != nil {
		t.Errorf("%+v, %v", got, err)
	}
}
