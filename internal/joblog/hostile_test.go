package joblog_test

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/recheckbot/recheckbot/internal/fake/loghost"
	"github.com/recheckbot/recheckbot/internal/joblog"
)

// Of a name that the host could not be asked for nobody knows whether it is
// there: the listing would be a confident wrong one.
func TestAnOutageAmongWellKnownNamesIsAnOutage(t *testing.T) {
	h := start(t)
	h.Put("b/console.html", []byte("x"), loghost.Options{})
	h.Put("b/job-output.txt", nil, loghost.Options{Status: 503})
	if l, err := source(t, joblog.Options{}).List(t.Context(), h.URL()+"b/"); kind(err) != "outage" {
		t.Errorf("%+v, %v", l, err)
	}
	h.Put("b/job-output.txt", nil, loghost.Options{Redirect: "http://10.0.0.1/"})
	l, err := source(t, joblog.Options{}).List(t.Context(), h.URL()+"b/")
	if err != nil || !slices.Equal(names(l), []string{"console.html"}) || l.Short == "" {
		t.Errorf("a name that is refused: %+v, %v", l, err)
	}
}

// A web application answers each address with its one page; a login page too.
func TestAHostThatHasEveryNameHasNone(t *testing.T) {
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, "<!doctype html><div id=root></div>")
	}))
	defer web.Close()
	if l, err := source(t, joblog.Options{}).List(t.Context(), web.URL+"/b/"); kind(err) != "not there" {
		t.Errorf("%+v, %v", l, err)
	}
}

// A manifest that was cut when it was stored may have named more than any other
// way of listing shows.
func TestABrokenManifestLeavesTheListingShort(t *testing.T) {
	h := start(t)
	h.Put("b/zuul-manifest.json", []byte(`{"tree":[{"name":"job-output.txt"},{"na`), loghost.Options{})
	h.Put("b/job-output.txt", []byte("x"), loghost.Options{})
	s := source(t, joblog.Options{})
	for _, kind := range []loghost.Listing{loghost.None, loghost.Nginx} {
		h.List("b/", kind)
		l, err := s.List(t.Context(), h.URL()+"b/")
		if err != nil || !slices.Contains(names(l), "job-output.txt") || l.Short == "" {
			t.Errorf("%+v, %v", l, err)
		}
	}
}

// What begins like gzip is gzip: the name after a redirect, or a store that lost
// the coding, says nothing.
func TestPackedUnderAPlainName(t *testing.T) {
	h := start(t)
	text := strings.Repeat("a line\n", 100)
	h.Put("lost.txt", loghost.Pack("gzip", []byte(text)), loghost.Options{})
	h.Put("moved.txt.gz", nil, loghost.Options{Redirect: "/blob/0123"})
	h.Put("blob/0123", loghost.Pack("gzip", []byte(text)), loghost.Options{})
	h.Put("one", []byte("x"), loghost.Options{})
	s := source(t, joblog.Options{})
	for _, n := range []string{"lost.txt", "moved.txt.gz"} {
		if got := read(t, s, joblog.FileInfo{Name: n, URL: h.URL() + n}); got != text {
			t.Errorf("%s: %.20q", n, got)
		}
	}
	if got := read(t, s, joblog.FileInfo{URL: h.URL() + "one"}); got != "x" {
		t.Error(got)
	}
}

// Object stores take "+" for a space, and units of systemd have backslashes.
func TestNamesThatServersReadDifferently(t *testing.T) {
	asked := ""
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "manifest.json") {
			fmt.Fprint(w, `{"tree":[{"name":"libstdc++.txt"},{"name":"dev-disk\\x2d1.txt"}]}`)
			return
		}
		asked += " " + r.RequestURI
	}))
	defer web.Close()
	s := source(t, joblog.Options{})
	l, err := s.List(t.Context(), web.URL+"/b/")
	if err != nil || l.Short != "" || len(l.Files) != 2 {
		t.Fatalf("%+v, %v", l, err)
	}
	for _, f := range l.Files {
		read(t, s, f)
	}
	if asked != " /b/libstdc%2B%2B.txt /b/dev-disk%5Cx2d1.txt" {
		t.Error(asked)
	}
}

// HTTP/1.0 without a length: only the listing knows that the body was cut.
func TestCutBodyWithoutALength(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = c.Read(make([]byte, 4096))
			_, _ = c.Write([]byte("HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nhalf a "))
			c.Close()
		}
	}()
	s := source(t, joblog.Options{})
	for size, want := range map[int64]string{11: "broken", 7: "", -1: ""} {
		f := joblog.FileInfo{URL: "http://" + l.Addr().String() + "/x.txt", Size: size}
		if err := fetch(t.Context(), s, f); kind(err) != want {
			t.Errorf("size %d: %v", size, err)
		}
	}
}

func TestRetryAfterAsADate(t *testing.T) {
	h := start(t)
	when := time.Now().Add(10 * time.Minute).UTC().Format(http.TimeFormat)
	h.Put("x.txt", nil, loghost.Options{Status: 429, Header: http.Header{"Retry-After": {when}}})
	err := fetch(t.Context(), source(t, joblog.Options{}), joblog.FileInfo{URL: h.URL() + "x.txt"})
	var o *joblog.OutageError
	if !errors.As(err, &o) || o.RetryAfter < 8*time.Minute || o.RetryAfter > 10*time.Minute {
		t.Errorf("%+v", err)
	}
}

// A host that sends folder after folder, each slowly, holds nobody for longer
// than one file may.
func TestAListingHasABoundInTime(t *testing.T) {
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, "/") {
			http.NotFound(w, r)
			return
		}
		time.Sleep(100 * time.Millisecond)
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, `<a href="a/">a</a><a href="b/">b</a>`)
	}))
	defer web.Close()
	began := time.Now()
	_, err := source(t, joblog.Options{Timeout: time.Second, MaxFolders: 1 << 20}).List(t.Context(), web.URL+"/x/")
	if err == nil || kind(err) == "not there" || time.Since(began) > 20*time.Second {
		t.Errorf("%v after %s", err, time.Since(began))
	}
}

// A host that forbids its listing may have more than the names that are known.
func TestAForbiddenListingIsShort(t *testing.T) {
	h := start(t)
	h.Put("b/zuul-manifest.json", nil, loghost.Options{Status: 403})
	h.Put("b/job-output.txt", []byte("x"), loghost.Options{})
	s := source(t, joblog.Options{})
	if l, err := s.List(t.Context(), h.URL()+"b/"); err != nil || len(l.Files) != 1 || l.Short == "" {
		t.Errorf("%+v, %v", l, err)
	}
	h.Delete("b/zuul-manifest.json")
	if l, err := s.List(t.Context(), h.URL()+"b/"); err != nil || len(l.Files) != 1 || l.Short != "" {
		t.Errorf("%+v, %v", l, err)
	}
}
