package zuul_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/recheckbot/recheckbot/internal/ci"
	fake "github.com/recheckbot/recheckbot/internal/fake/zuul"
	"github.com/recheckbot/recheckbot/internal/zuul"
)

const (
	setID   = "00000000000000000000000000000001"
	failed  = "0000000000000000000000000000000a"
	retried = "0000000000000000000000000000000b"
	passed  = "0000000000000000000000000000000c"
	skipped = "0000000000000000000000000000000d"
)

func begin() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }

// story is a buildset with a failure behind a retry, a success and a skipped build.
func story() fake.Buildset {
	return fake.Buildset{UUID: setID, Result: "FAILURE", Pipeline: "gate", Project: "openstack/nova",
		Branch: "master", Change: 4711, Patchset: 3, Builds: []fake.Build{
			{UUID: retried, Job: "tempest-full", Result: "RETRY", Retry: true, Start: begin(), End: begin().Add(time.Minute)},
			{UUID: failed, Job: "tempest-full", Result: "TIMED_OUT", LogURL: "https://logs.example.org/a/",
				Start: begin(), End: begin().Add(90 * time.Second), ErrorDetail: "too slow"},
			{UUID: passed, Job: "tox-py312", Result: "SUCCESS", LogURL: "https://logs.example.org/c", NonVoting: true,
				Start: begin(), End: begin().Add(time.Minute)},
			{UUID: skipped, Job: "publish", Result: "SKIPPED"},
		}}
}

func server(t *testing.T) *fake.Server {
	t.Helper()
	s, err := fake.Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	s.Add(story())
	return s
}

// want is what every shape must come to.
func want(web string) zuul.Buildset {
	place := func(b zuul.Build) zuul.Build {
		b.URL, b.Buildset, b.Pipeline = web+"build/"+b.UUID, setID, "gate"
		b.Project, b.Branch, b.Change, b.Patchset = "openstack/nova", "master", 4711, 3
		return b
	}
	return zuul.Buildset{UUID: setID, Result: "FAILURE", Pipeline: "gate", Builds: []zuul.Build{
		place(zuul.Build{UUID: retried, Job: "tempest-full", Result: ci.Retry, Voting: true,
			Start: begin(), End: begin().Add(time.Minute), Duration: time.Minute}),
		place(zuul.Build{UUID: failed, Job: "tempest-full", Result: ci.TimedOut, LogURL: "https://logs.example.org/a/", Voting: true,
			Final: true, Start: begin(), End: begin().Add(90 * time.Second), Duration: 90 * time.Second, ErrorDetail: "too slow"}),
		place(zuul.Build{UUID: passed, Job: "tox-py312", Result: ci.Success, LogURL: "https://logs.example.org/c/", Final: true,
			Start: begin(), End: begin().Add(time.Minute), Duration: time.Minute}),
		place(zuul.Build{UUID: skipped, Job: "publish", Result: ci.Skipped, Voting: true, Final: true}),
	}}
}

func TestEveryShapeWithAndWithoutTenant(t *testing.T) {
	for _, shape := range []fake.Shape{fake.Refs, fake.Flat, fake.FlatOld} {
		for _, tenant := range []string{"", "openstack"} {
			t.Run(fmt.Sprintf("shape %d tenant %q", shape, tenant), func(t *testing.T) {
				s := server(t)
				s.Speak(shape)
				c := zuul.New(zuul.Options{Root: s.URL() + "/", Tenant: tenant})
				web := strings.TrimSuffix(s.BuildURL(tenant, ""), "build/")
				got, err := c.Buildset(t.Context(), setID)
				if err != nil {
					t.Fatal(err)
				}
				expect := want(web)
				if shape == fake.Flat { // superseded builds stand apart, at the end
					expect.Builds = append(expect.Builds[1:], expect.Builds[0])
				}
				if d := cmp.Diff(expect, got); d != "" {
					t.Error(d)
				}
				one, err := c.Build(t.Context(), failed)
				if d := cmp.Diff(want(web).Builds[1], one); d != "" || err != nil {
					t.Error(d, err)
				}
				if c.PageURL(failed) != one.URL {
					t.Error(c.PageURL(failed))
				}
			})
		}
	}
}

func TestPathsAskedFor(t *testing.T) {
	s := server(t)
	zuul.New(zuul.Options{Root: s.URL(), Tenant: "a b"}).Build(t.Context(), failed)
	zuul.New(zuul.Options{Root: s.URL()}).Buildset(t.Context(), setID)
	expect := []string{"/api/tenant/a b/build/" + failed, "/api/buildset/" + setID}
	if d := cmp.Diff(expect, s.Requests()); d != "" {
		t.Error(d)
	}
}

func TestFinishedIsAskedForOnce(t *testing.T) {
	s := server(t)
	c := zuul.New(zuul.Options{Root: s.URL()})
	for range 3 {
		if _, err := c.Buildset(t.Context(), setID); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.Buildset(t.Context(), strings.ToUpper(setID)); err != nil {
		t.Fatal(err)
	}
	if n := len(s.Requests()); n != 1 {
		t.Errorf("%d requests, want 1", n)
	}
}

// A try that the CI gave up may have been lost with its executor.
func TestALostTryKeepsNothingOpen(t *testing.T) {
	s := server(t)
	set := story()
	set.Builds[0].Result = ""
	s.Add(set)
	c := zuul.New(zuul.Options{Root: s.URL()})
	for range 2 {
		if _, err := c.Buildset(t.Context(), setID); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(s.Requests()); n != 1 {
		t.Errorf("%d requests, want 1", n)
	}
}

func TestUnfinishedIsAskedForAgain(t *testing.T) {
	s := server(t)
	for name, change := range map[string]func(*fake.Buildset){
		"no result yet":    func(b *fake.Buildset) { b.Result = "" },
		"a build runs":     func(b *fake.Buildset) { b.Builds[1].Result = "" },
		"no build started": func(b *fake.Buildset) { b.Builds = nil },
	} {
		set := story()
		change(&set)
		s.Add(set)
		c := zuul.New(zuul.Options{Root: s.URL()})
		before := len(s.Requests())
		for range 2 {
			if _, err := c.Buildset(t.Context(), setID); err != nil {
				t.Fatal(err)
			}
		}
		if n := len(s.Requests()) - before; n != 2 {
			t.Errorf("%s: %d requests, want 2", name, n)
		}
	}
}

func TestErrors(t *testing.T) {
	s := server(t)
	c := zuul.New(zuul.Options{Root: s.URL()})
	s.Hide(setID, 1)
	_, err := c.Buildset(t.Context(), setID)
	if e, ok := errors.AsType[*zuul.NotFoundError](err); !ok || e.UUID != setID {
		t.Errorf("404: %v", err)
	}
	s.Fail(500)
	_, err = c.Buildset(t.Context(), setID)
	if e, ok := errors.AsType[*zuul.StatusError](err); !ok || e.Code != 500 {
		t.Errorf("500: %v", err)
	}
	if _, err = c.Buildset(t.Context(), setID); err != nil {
		t.Errorf("an error was remembered: %v", err)
	}
	s.Close()
	if _, err = c.Build(t.Context(), failed); err == nil || !strings.Contains(err.Error(), failed) {
		t.Errorf("no server: %v", err)
	}
}

func TestOnlyUUIDsGetIntoAddresses(t *testing.T) {
	s := server(t)
	c := zuul.New(zuul.Options{Root: s.URL()})
	for _, bad := range []string{"", "../../etc/passwd", setID + "0", setID[1:], strings.Repeat("g", 32), setID[2:] + "%2"} {
		_, err := c.Build(t.Context(), bad)
		if _, ok := errors.AsType[*zuul.BadUUIDError](err); !ok {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if n := len(s.Requests()); n != 0 {
		t.Errorf("%d requests were made", n)
	}
}

func TestRedirectToAnotherHostIsRefused(t *testing.T) {
	s, other := server(t), server(t)
	s.Redirect(other.URL())
	_, err := zuul.New(zuul.Options{Root: s.URL()}).Build(t.Context(), failed)
	if err == nil || len(other.Requests()) != 0 {
		t.Errorf("followed to another host: %v, %v", err, other.Requests())
	}
}

func TestTheSameQuestionsAreJoined(t *testing.T) {
	s := server(t)
	s.Slow(200 * time.Millisecond)
	c := zuul.New(zuul.Options{Root: s.URL()})
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if _, err := c.Buildset(t.Context(), setID); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := len(s.Requests()); n != 1 {
		t.Errorf("%d requests, want 1", n)
	}
}

func TestOneWhoGivesUpDoesNotFailTheOthers(t *testing.T) {
	arrived, open := make(chan struct{}, 9), make(chan struct{})
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		arrived <- struct{}{}
		select {
		case <-open:
			fmt.Fprintf(w, `{"uuid":%q,"result":"SUCCESS"}`, failed)
		case <-r.Context().Done():
		}
	}))
	defer web.Close()
	c := zuul.New(zuul.Options{Root: web.URL})
	first, giveUp := context.WithCancel(t.Context())
	errs := make(chan error, 2)
	ask := func(ctx context.Context) {
		_, err := c.Build(ctx, failed)
		errs <- err
	}
	go ask(first)
	<-arrived
	go ask(t.Context())
	giveUp()
	if err := <-errs; !errors.Is(err, context.Canceled) {
		t.Fatalf("the first: %v", err)
	}
	<-arrived // the second asks anew
	close(open)
	if err := <-errs; err != nil {
		t.Fatalf("the second: %v", err)
	}
}

func TestPace(t *testing.T) {
	s := server(t)
	c := zuul.New(zuul.Options{Root: s.URL(), Every: time.Hour})
	if _, err := c.Build(t.Context(), failed); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := c.Build(ctx, passed); err == nil {
		t.Error("a second request within the hour")
	}
	if n := len(s.Requests()); n != 1 {
		t.Errorf("%d requests, want 1", n)
	}
}

func TestTimeout(t *testing.T) {
	s := server(t)
	s.Slow(time.Hour)
	c := zuul.New(zuul.Options{Root: s.URL(), Timeout: 20 * time.Millisecond})
	if _, err := c.Build(t.Context(), failed); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
}

func TestUserAgentNamesTheContact(t *testing.T) {
	got := ""
	web := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.UserAgent() }))
	defer web.Close()
	zuul.New(zuul.Options{Root: web.URL, Contact: "qa@example.org"}).Build(t.Context(), failed)
	if !strings.HasPrefix(got, "recheckbot ") || !strings.HasSuffix(got, " qa@example.org") {
		t.Errorf("%q", got)
	}
}

func TestRetryAfter(t *testing.T) {
	text := ""
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", text)
		w.WriteHeader(http.StatusTooManyRequests)
	}))
	defer web.Close()
	for header, want := range map[string]time.Duration{"90": 90 * time.Second, "-1": 0, "soon": 0, "999999": time.Hour,
		time.Now().Add(24 * time.Hour).UTC().Format(http.TimeFormat): time.Hour} {
		text = header
		_, err := zuul.New(zuul.Options{Root: web.URL}).Build(t.Context(), failed)
		if e, ok := errors.AsType[*zuul.StatusError](err); !ok || e.RetryAfter != want {
			t.Errorf("%q: %+v", header, err)
		}
	}
}
