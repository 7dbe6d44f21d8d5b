package joblog_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/recheckbot/recheckbot/internal/fake/loghost"
	"github.com/recheckbot/recheckbot/internal/joblog"
)

func start(t *testing.T) *loghost.Server {
	t.Helper()
	h, err := loghost.Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.Close() })
	return h
}

func source(t *testing.T, o joblog.Options) *joblog.Source {
	t.Helper()
	if o.Hosts == nil {
		o.Hosts, o.AllowPrivate = []string{"127.0.0.1"}, true
	}
	s := joblog.New(o)
	t.Cleanup(s.Close)
	return s
}

func names(l joblog.Listing) []string {
	var all []string
	for _, f := range l.Files {
		all = append(all, f.Name)
	}
	slices.Sort(all)
	return all
}

func TestListByManifestIndexAndWellKnownNames(t *testing.T) {
	all := []string{"job-output.txt", "logs/a b%?#.txt", "logs/deep/screen-n-cpu.txt.gz"}
	for _, c := range []struct {
		kind loghost.Listing
		how  joblog.How
		want []string
	}{
		{loghost.Manifest, joblog.HowManifest, all},
		{loghost.Apache, joblog.HowIndex, all},
		{loghost.Nginx, joblog.HowIndex, all},
		{loghost.None, joblog.HowWellKnown, []string{"job-output.txt"}},
	} {
		t.Run(string(c.how), func(t *testing.T) {
			h := start(t)
			h.List("b/", c.kind)
			for _, n := range all {
				h.Put("b/"+n, []byte("text of "+n), loghost.Options{})
			}
			s := source(t, joblog.Options{})
			l, err := s.List(t.Context(), h.URL()+"b") // the last slash may be absent
			if err != nil || l.How != c.how || l.Short != "" || !slices.Equal(names(l), c.want) {
				t.Fatalf("got %v %+v", err, l)
			}
			for _, f := range l.Files {
				if got := read(t, s, f); got != "text of "+f.Name {
					t.Errorf("%s: %q", f.URL, got)
				}
			}
		})
	}
}

func read(t *testing.T, s *joblog.Source, f joblog.FileInfo) string {
	t.Helper()
	r, err := s.Open(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestWellKnownNamesArePackedToo(t *testing.T) {
	h := start(t)
	h.Put("b/job-output.txt.gz", loghost.Pack("gzip", []byte("hello")), loghost.Options{})
	h.Put("b/consoleText", []byte("jenkins"), loghost.Options{})
	s := source(t, joblog.Options{})
	l, err := s.List(t.Context(), h.URL()+"b/")
	if err != nil || !slices.Equal(names(l), []string{"consoleText", "job-output.txt.gz"}) {
		t.Fatal(err, l)
	}
	if got := read(t, s, l.Files[0]); got != "hello" {
		t.Error(got)
	}
}

func TestJenkinsPageIsNoIndex(t *testing.T) {
	h := start(t)
	jenkins := loghost.Options{Type: "text/html", Header: http.Header{"X-Jenkins": {"2.4"}}}
	h.Put("job/x/1/", []byte(`<a href="changes">c</a><a href="configure">d</a>`), jenkins)
	h.Put("job/x/1/consoleText", []byte("text"), loghost.Options{})
	l, err := source(t, joblog.Options{}).List(t.Context(), h.URL()+"job/x/1/")
	if err != nil || l.How != joblog.HowWellKnown || !slices.Equal(names(l), []string{"consoleText"}) || !slices.Equal(l.Asked, joblog.WellKnown()) {
		t.Fatal(err, l)
	}
}

func TestIndexTakesOnlyLinksBelowTheFolder(t *testing.T) {
	h := start(t)
	h.Put("b/", []byte(`<a href="/etc/x.txt">1</a><a href="../up.txt">2</a><a href="http://other.example.org/b/y.txt">3</a>
<a href="?C=N">4</a><a href="good.txt">5</a><a href="/b/also.txt">6</a><a href="..%2f..%2fz.txt">7</a><a href="good.txt">8</a><a href="//[">9</a>`),
		loghost.Options{Type: "text/html"})
	l, err := source(t, joblog.Options{}).List(t.Context(), h.URL()+"b/")
	if err != nil || !slices.Equal(names(l), []string{"also.txt", "good.txt"}) {
		t.Fatal(err, l)
	}
}

func TestHostileManifest(t *testing.T) {
	h := start(t)
	h.Put("b/zuul-manifest.json", []byte(`{"tree":[{"name":"../x","mimetype":"text/plain"},{"name":"a","size":-5},
{"name":"d","children":[{"name":"e/f"}]}]}`), loghost.Options{})
	l, err := source(t, joblog.Options{}).List(t.Context(), h.URL()+"b/")
	if err != nil || !slices.Equal(names(l), []string{"a"}) || l.Short == "" || l.Files[0].Size != -1 {
		t.Fatal(err, l)
	}
	many := `{"tree":[` + strings.TrimSuffix(strings.Repeat(`{"name":"a"},`, 50), ",") + `]}`
	h.Put("b/zuul-manifest.json", []byte(many), loghost.Options{})
	l, err = source(t, joblog.Options{MaxFiles: 10}).List(t.Context(), h.URL()+"b/")
	if err != nil || len(l.Files) != 10 || l.Short == "" {
		t.Fatal(err, len(l.Files), l.Short)
	}
}

func TestPackings(t *testing.T) {
	h := start(t)
	text := []byte(strings.Repeat("a line of text\n", 10_000))
	h.Put("gzip.txt", text, loghost.Options{Encoding: "gzip"})
	h.Put("deflate.txt", text, loghost.Options{Encoding: "deflate"})
	h.Put("raw.txt", text, loghost.Options{Encoding: "raw-deflate"})
	h.Put("plain.txt", text, loghost.Options{})
	h.Put("file.txt.gz", loghost.Pack("gzip", text), loghost.Options{Type: "application/gzip"})
	h.Put("both.txt.gz", loghost.Pack("gzip", text), loghost.Options{Encoding: "gzip"})
	h.Put("once.txt.gz", text, loghost.Options{Encoding: "gzip"}) // the host unpacks on the way
	h.Put("empty.txt", nil, loghost.Options{})
	s := source(t, joblog.Options{Contact: "ops@example.org"})
	for _, n := range []string{"gzip.txt", "deflate.txt", "raw.txt", "plain.txt", "file.txt.gz", "both.txt.gz", "once.txt.gz"} {
		if got := read(t, s, joblog.FileInfo{Name: n, URL: h.URL() + n}); got != string(text) {
			t.Errorf("%s: %d bytes, want %d", n, len(got), len(text))
		}
	}
	if got := read(t, s, joblog.FileInfo{URL: h.URL() + "empty.txt"}); got != "" {
		t.Error(got)
	}
	r := h.Requests()[0]
	if !strings.Contains(r.UserAgent, "ops@example.org") || r.AcceptEncoding != "gzip, deflate" {
		t.Error(r)
	}
}

// kind is the type of error that err is, for tables.
func kind(err error) string {
	if err == nil {
		return ""
	}
	if _, ok := errors.AsType[*joblog.NotThereError](err); ok {
		return "not there"
	}
	if _, ok := errors.AsType[*joblog.RefusedError](err); ok {
		return "refused"
	}
	if _, ok := errors.AsType[*joblog.OutageError](err); ok {
		return "outage"
	}
	if i, ok := errors.AsType[*joblog.IncompleteError](err); ok {
		if i.Again {
			return "broken"
		}
		return "over"
	}
	return err.Error()
}

func fetch(ctx context.Context, s *joblog.Source, f joblog.FileInfo) error {
	r, err := s.Open(ctx, f)
	if err != nil {
		return err
	}
	defer r.Close()
	_, err = io.Copy(io.Discard, r)
	return err
}

func TestFaultsAreToldApart(t *testing.T) {
	text := bytes.Repeat([]byte("0123456789abcdef"), 4096)
	for name, c := range map[string]struct {
		o    loghost.Options
		want string
	}{
		"404":                {loghost.Options{Missing: 1}, "not there"},
		"410":                {loghost.Options{Status: 410}, "not there"},
		"403":                {loghost.Options{Status: 403}, "outage"},
		"429":                {loghost.Options{Status: 429}, "outage"},
		"500":                {loghost.Options{Status: 500}, "outage"},
		"204":                {loghost.Options{Status: 204}, "outage"},
		"cut":                {loghost.Options{CutAfter: 100}, "broken"},
		"cut gzip":           {loghost.Options{CutAfter: 100, Encoding: "gzip"}, "broken"},
		"slow":               {loghost.Options{Slow: time.Minute}, "outage"},
		"bomb":               {loghost.Options{Bomb: 8 << 20}, "over"},
		"over on the wire":   {loghost.Options{Header: http.Header{"X": {"y"}}}, "over"},
		"unknown coding":     {loghost.Options{Header: http.Header{"Content-Encoding": {"br"}}}, "over"},
		"coding that is not": {loghost.Options{Header: http.Header{"Content-Encoding": {"deflate"}}}, "broken"},
		"inside":             {loghost.Options{Redirect: "http://10.1.2.3/x"}, "refused"},
		"other scheme":       {loghost.Options{Redirect: "file:///etc/passwd"}, "refused"},
		"other host":         {loghost.Options{Redirect: "http://other.example.org/"}, "refused"},
		"round and round":    {loghost.Options{Redirect: "/x.txt"}, "refused"},
	} {
		t.Run(name, func(t *testing.T) {
			h := start(t)
			h.Put("x.txt", text, c.o)
			o := joblog.Options{MaxFetched: 50_000, MaxUnpacked: 1 << 20, Timeout: time.Minute}
			if name == "slow" {
				o.Timeout = 100 * time.Millisecond
			}
			s := source(t, o)
			err := fetch(t.Context(), s, joblog.FileInfo{Name: "x.txt", URL: h.URL() + "x.txt?sig=secret"})
			if kind(err) != c.want {
				t.Errorf("%s: %v", kind(err), err)
			}
			if err != nil && strings.Contains(err.Error(), "secret") {
				t.Error("the error holds a secret:", err)
			}
		})
	}
}

func TestRedirectWithinTheRulesIsFollowed(t *testing.T) {
	h := start(t)
	h.Put("a.txt", nil, loghost.Options{Redirect: "/b.txt"})
	h.Put("b.txt", []byte("b"), loghost.Options{})
	if got := read(t, source(t, joblog.Options{}), joblog.FileInfo{URL: h.URL() + "a.txt"}); got != "b" {
		t.Error(got)
	}
	err := fetch(t.Context(), source(t, joblog.Options{MaxRedirects: -1}), joblog.FileInfo{URL: h.URL() + "a.txt"})
	if kind(err) != "refused" {
		t.Error(err)
	}
}

func TestOneBudgetForAllFilesOfAListing(t *testing.T) {
	h := start(t)
	h.List("b/", loghost.Manifest)
	for _, n := range []string{"b/1.txt", "b/2.txt", "b/3.txt"} {
		h.Put(n, make([]byte, 400), loghost.Options{})
	}
	s := source(t, joblog.Options{MaxTotal: 1000})
	l, err := s.List(t.Context(), h.URL()+"b/")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range l.Files {
		got = append(got, kind(fetch(t.Context(), s, f)))
	}
	if !slices.Equal(got, []string{"", "", "over"}) {
		t.Error(got)
	}
}

func TestListErrors(t *testing.T) {
	h := start(t)
	h.Put("down/zuul-manifest.json", nil, loghost.Options{Status: 503, Header: http.Header{"Retry-After": {"7"}}})
	h.Put("closed/zuul-manifest.json", nil, loghost.Options{Status: 403})
	h.Put("store/zuul-manifest.json", nil, loghost.Options{Status: 403})
	h.Put("store/job-output.txt", []byte("x"), loghost.Options{})
	s := source(t, joblog.Options{})
	for url, want := range map[string]string{
		h.URL() + "never/":                 "not there",
		h.URL() + "down/":                  "outage",
		h.URL() + "closed/":                "outage", // forbidden is not "not there"
		h.URL() + "store/":                 "",       // object stores forbid what does not exist
		"http://10.0.0.1/x/":               "refused",
		"http://u:secret@127.0.0.1/x/":     "refused",
		"http://127.0.0.1:1/x/":            "outage",
		"javascript:alert(1)":              "refused",
		"http://%zz/?secret":               "refused",
		"http://elsewhere.example.org/a/b": "refused",
	} {
		_, err := s.List(t.Context(), url)
		if kind(err) != want || (err != nil && strings.Contains(err.Error(), "secret")) {
			t.Errorf("%s: %q, %v", url, kind(err), err)
		}
		if o, ok := errors.AsType[*joblog.OutageError](err); ok && o.Status == 503 && o.RetryAfter != 7*time.Second {
			t.Error(o.RetryAfter)
		}
	}
}

func TestLogsThatComeLater(t *testing.T) {
	h := start(t)
	h.Put("b/job-output.txt", []byte("x"), loghost.Options{Missing: 1})
	s := source(t, joblog.Options{})
	if _, err := s.List(t.Context(), h.URL()+"b/"); kind(err) != "not there" {
		t.Fatal(err)
	}
	if l, err := s.List(t.Context(), h.URL()+"b/"); err != nil || len(l.Files) != 1 {
		t.Fatal(err, l)
	}
}

func TestTheCallersEndIsNoOutage(t *testing.T) {
	h := start(t)
	h.Put("x.txt", make([]byte, 1<<20), loghost.Options{Slow: 20 * time.Millisecond})
	ctx, cancel := context.WithCancel(t.Context())
	r, err := source(t, joblog.Options{}).Open(ctx, joblog.FileInfo{URL: h.URL() + "x.txt"})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	cancel()
	if _, err = io.Copy(io.Discard, r); !errors.Is(err, context.Canceled) || strings.Contains(kind(err), "broken") {
		t.Error(err)
	}
}
