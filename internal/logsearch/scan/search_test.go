package scan

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/recheckbot/recheckbot/internal/ci"
	"github.com/recheckbot/recheckbot/internal/fake/loghost"
	"github.com/recheckbot/recheckbot/internal/joblog"
	"github.com/recheckbot/recheckbot/internal/logsearch"
)

const stampLine = "2024-01-02 03:04:05.678 | "

// world is a log host with one build's folder b/ and a searcher that may use it.
func world(t *testing.T, o joblog.Options, queries ...string) (*loghost.Server, func(fields ci.Fields) (logsearch.Answer, error)) {
	t.Helper()
	h, err := loghost.Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.Close() })
	h.List("b/", loghost.Manifest)
	o.Hosts, o.AllowPrivate = []string{"127.0.0.1"}, true
	s := searcher(t, o, queries...)
	return h, func(fields ci.Fields) (logsearch.Answer, error) {
		return s.Search(t.Context(), logsearch.Build{LogURL: h.URL() + "b/", Fields: fields})
	}
}

// show is an answer in one line a match, for comparing.
func show(a logsearch.Answer) string {
	var b strings.Builder
	fmt.Fprint(&b, map[logsearch.Status]string{logsearch.Complete: "complete", logsearch.NotReady: "not ready",
		logsearch.Incomplete: "incomplete", logsearch.NoLogs: "no logs"}[a.Status])
	for _, m := range a.Matches {
		fmt.Fprintf(&b, "; %d: %d×", m.Fingerprint, m.Count)
		for _, h := range m.Sample {
			fmt.Fprintf(&b, " %s:%d", h.File, h.Line)
		}
		if m.If != "" {
			fmt.Fprintf(&b, " if %s", strings.ToLower(strings.ReplaceAll(m.If, `"`, "")))
		}
	}
	return b.String()
}

func want(t *testing.T, a logsearch.Answer, err error, want string) {
	t.Helper()
	if got := show(a); err != nil || got != want {
		t.Errorf("got  %s (%s) %v\nwant %s", got, a.Why, err, want)
	}
}

func TestSearch(t *testing.T) {
	h, search := world(t, joblog.Options{},
		`message:"boom" AND tags:console`, `message:boom AND tags:"screen-n-cpu.txt"`, `message:nowhere`,
		`message:boom AND build_name:x`, `message:boom AND voting:1 AND filename:"job-output.txt"`, `message:boom`)
	h.Put("b/job-output.txt", []byte(stampLine+"host | Boom\n"+stampLine+"x\n"+stampLine+"boom!"), loghost.Options{})
	h.Put("b/logs/screen-n-cpu.txt.gz", loghost.Pack("gzip", []byte("boom\n")), loghost.Options{})
	h.Put("b/logs/other.bin", []byte("boom"), loghost.Options{})
	a, err := search(ci.Fields{"build_name": {"y"}})
	want(t, a, err, "complete; 0: 2× job-output.txt:1 job-output.txt:3; 1: 1× logs/screen-n-cpu.txt.gz:1; "+
		`4: 2× job-output.txt:1 job-output.txt:3 if voting:1; `+
		"5: 3× job-output.txt:1 job-output.txt:3 logs/screen-n-cpu.txt.gz:1")
	hit := a.Matches[0].Sample[1]
	if hit.Text != "boom!" || hit.Offset != 66 || hit.URL != h.URL()+"b/job-output.txt" || !a.Matches[0].Exact ||
		!hit.Time.Equal(time.Date(2024, 1, 2, 3, 4, 5, 678_000_000, time.UTC)) {
		t.Errorf("%+v", hit)
	}
	if h.Asked("b/logs/other.bin") != 0 {
		t.Error("a file that is no log document was fetched")
	}
}

func TestFilesThatCannotMatchAreNotFetched(t *testing.T) {
	h, search := world(t, joblog.Options{}, `message:x AND tags:"screen-n-cpu.txt"`,
		`message:x AND tags:console AND build_name:other`, `message:x AND tags:"own.log"`)
	for _, n := range []string{"job-output.txt", "logs/screen-n-cpu.txt", "logs/screen-q-svc.txt", "own.log", "some.log"} {
		h.Put("b/"+n, []byte("x"), loghost.Options{})
	}
	a, err := search(ci.Fields{"build_name": {"this"}})
	want(t, a, err, "complete; 0: 1× logs/screen-n-cpu.txt:1; 2: 1× own.log:1")
	for n, times := range map[string]int{"job-output.txt": 0, "logs/screen-n-cpu.txt": 1, "logs/screen-q-svc.txt": 0, "own.log": 1, "some.log": 0} {
		if got := h.Asked("b/" + n); got != times {
			t.Errorf("%s was fetched %d times", n, got)
		}
	}
}

// TestFilesThatNobodyAskedFor: a host that lists nothing is asked for a few
// names only. Where a fingerprint speaks of other files alone, it was not looked
// for: the build is not complete.
func TestFilesThatNobodyAskedFor(t *testing.T) {
	const named = `message:boom AND tags:"screen-n-cpu.txt" AND build_name:mine`
	for _, c := range []struct {
		query, build, want string
	}{
		{named, "mine", "incomplete"},
		{named, "other", "complete"},
		{`message:boom AND filename:*n-cpu*`, "mine", "incomplete"},
		{`message:boom AND tags:("screen-n-cpu.txt" OR console)`, "mine", "complete"},
		{`message:boom AND NOT tags:"screen-n-cpu.txt"`, "mine", "complete"},
		{`message:boom AND tags:syslog`, "mine", "complete"}, // asked for, and not there
		{`message:boom`, "mine", "complete"},
	} {
		h, search := world(t, joblog.Options{}, c.query, `message:pass AND tags:console`)
		h.List("b/", loghost.None)
		h.Put("b/consoleText", []byte(stampLine+"pass\n"), loghost.Options{})
		h.Put("b/logs/screen-n-cpu.txt", []byte("boom\n"), loghost.Options{})
		a, err := search(ci.Fields{"build_name": {c.build}})
		want(t, a, err, c.want+"; 1: 1× consoleText:1")
		if (a.Why != "") != (c.want != "complete") || a.RetryAfter != 0 {
			t.Errorf("%s: %q, again after %v", c.query, a.Why, a.RetryAfter)
		}
	}
}

func TestStatus(t *testing.T) {
	boom := []byte(stampLine + "boom\n" + strings.Repeat(stampLine+"x\n", 10_000))
	for name, c := range map[string]struct {
		console loghost.Options
		other   loghost.Options
		want    string // "" for an outage
		again   bool
		more    bool // another console is whole
	}{
		"whole":                     {want: "complete; 0: 1× job-output.txt:1"},
		"cut in the middle":         {console: loghost.Options{CutAfter: 100_000}, want: "incomplete; 0: 1× job-output.txt:1", again: true},
		"bomb":                      {console: loghost.Options{Bomb: 4 << 20}, want: "incomplete"},
		"listed but not there":      {console: loghost.Options{Missing: 9}, want: "incomplete", again: true},
		"sent inside":               {console: loghost.Options{Redirect: "http://10.0.0.1/"}, want: "incomplete"},
		"500":                       {console: loghost.Options{Status: 500}},
		"500 of one of several":     {console: loghost.Options{Status: 500}, more: true, want: "incomplete; 0: 1× console.html:1", again: true},
		"a file that cannot matter": {other: loghost.Options{Status: 500}, want: "complete; 0: 1× job-output.txt:1"},
	} {
		t.Run(name, func(t *testing.T) {
			h, search := world(t, joblog.Options{MaxUnpacked: 2 << 20, MaxRedirects: 2}, `message:boom AND tags:console`)
			if c.console.Redirect != "" {
				c.console.Redirect = "http://other.example.org/"
			}
			h.Put("b/job-output.txt", boom, c.console)
			h.Put("b/syslog.txt", boom, c.other)
			if c.more {
				h.Put("b/console.html", boom, loghost.Options{})
			}
			a, err := search(nil)
			if c.want == "" {
				if err == nil {
					t.Error("an outage was taken for an answer:", show(a))
				}
				return
			}
			want(t, a, err, c.want)
			if (a.RetryAfter > 0) != c.again || (a.Status != logsearch.Complete) != (a.Why != "") {
				t.Error(a.RetryAfter, a.Why)
			}
		})
	}
}

func TestStatusOfListings(t *testing.T) {
	s := searcher(t, joblog.Options{Hosts: []string{"*"}}, `message:boom`)
	h, search := world(t, joblog.Options{}, `message:boom`)
	a, err := search(nil)
	want(t, a, err, "not ready")
	a, err = s.Search(t.Context(), logsearch.Build{LogURL: h.URL() + "b/"})
	want(t, a, err, "incomplete") // loopback is refused: final, and no verdict
	a, err = s.Search(t.Context(), logsearch.Build{})
	want(t, a, err, "no logs")
	o := joblog.Options{Hosts: []string{"127.0.0.1"}, AllowPrivate: true}
	a, err = searcher(t, o, `message:boom`).Search(t.Context(), logsearch.Build{LogURL: h.URL() + "b/console.html"})
	want(t, a, err, "not ready")
	h.Put("b/zuul-manifest.json", []byte(`{"tree":[]}`), loghost.Options{})
	a, err = search(nil)
	want(t, a, err, "no logs")
	h.Put("b/zuul-manifest.json", nil, loghost.Options{Status: 503})
	if a, err = search(nil); err == nil {
		t.Error("an outage was taken for an answer:", show(a))
	}
}

func TestATooLongEventIsSaidAloud(t *testing.T) {
	h, err := loghost.Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	h.Put("job-output.txt", []byte(stampLine+strings.Repeat("long ", 1000)+"boom\n"), loghost.Options{})
	s := compiled(t, Options{MaxEvent: 1000, Source: joblog.New(joblog.Options{Hosts: []string{"127.0.0.1"}, AllowPrivate: true})}, `message:boom`)
	a, err := s.Search(t.Context(), logsearch.Build{LogURL: h.URL() + "job-output.txt"})
	want(t, a, err, "incomplete; 0: 1× job-output.txt:1")
	if !strings.Contains(a.Why, "line 1") {
		t.Error(a.Why)
	}
}

func TestRefusedFingerprintsAreToldInEachAnswer(t *testing.T) {
	set := setOf(t, `message:boom`)
	set.Items = append(set.Items, logsearch.Fingerprint{Name: "broken"})
	s, problems, err := New(Options{}).Compile(t.Context(), set)
	if err != nil || len(problems) != 1 || problems[0].Fingerprint != 1 {
		t.Fatal(err, problems)
	}
	a, err := s.SearchLocal(t.Context(), t.TempDir(), nil)
	want(t, a, err, "no logs")
	if len(a.Refused) != 1 {
		t.Error(err, a)
	}
}

func TestSamplesAreTheFirstHitsAndBounded(t *testing.T) {
	dir := t.TempDir()
	line := stampLine + "boom " + strings.Repeat("é", 5000) + "\xff\n"
	for i := range 4 {
		write(t, dir, fmt.Sprintf("n%d/job-output.txt", i), strings.Repeat(line, 2))
	}
	s := compiled(t, Options{}, `message:boom`)
	for range 5 {
		a, err := s.SearchLocal(t.Context(), dir, nil)
		want(t, a, err, "complete; 0: 8× n0/job-output.txt:1 n0/job-output.txt:2 n1/job-output.txt:1")
		if text := a.Matches[0].Sample[0].Text; len(text) > 4096 || strings.ToValidUTF8(text, "") != text {
			t.Error(len(text))
		}
	}
}

func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestSearchLocal(t *testing.T) {
	dir := t.TempDir()
	console := write(t, dir, "job-output.txt.gz", string(loghost.Pack("gzip", []byte(stampLine+"boom"))))
	mine := write(t, dir, "failed.log", "boom")
	write(t, t.TempDir(), "secret.txt", "boom")
	if err := os.Symlink("/etc", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	s := compiled(t, Options{}, `message:boom AND tags:console`, `message:boom AND build_name:x`)
	for where, wanted := range map[string]string{
		dir:             "complete; 0: 1× job-output.txt.gz:1; 1: 1× job-output.txt.gz:1 if build_name:x",
		console:         "complete; 0: 1× job-output.txt.gz:1; 1: 1× job-output.txt.gz:1 if build_name:x",
		"file://" + dir: "complete; 0: 1× job-output.txt.gz:1; 1: 1× job-output.txt.gz:1 if build_name:x",
		mine:            "complete; 0: 1× failed.log:1 if tags:console; 1: 1× failed.log:1 if build_name:x",
	} {
		a, err := s.SearchLocal(t.Context(), where, nil)
		want(t, a, err, wanted)
	}
	a, err := s.SearchLocal(t.Context(), mine, ci.Fields{"build_name": {"x"}, "tags": {"console"}})
	want(t, a, err, "complete; 0: 1× failed.log:1; 1: 1× failed.log:1")
	for _, where := range []string{filepath.Join(dir, "none"), "file://elsewhere/x", "file:"} {
		if _, err := s.SearchLocal(t.Context(), where, nil); err == nil {
			t.Error(where)
		}
	}
}

func TestEventFields(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "screen-n-cpu.txt", "2024-01-02 03:04:05.678 12 WARNING nova.compute [-] boom\nmore\n"+
		"2024-01-02 03:04:06.678 13 INFO nova.api [-] boom\n")
	s := compiled(t, Options{}, `loglevel:WARNING AND message:boom`, `module:"nova.api"`, `pid:12`,
		`message:boom AND NOT other:thing`, `message:boom AND _exists_:nothing`, `message:"boom more"`,
		`message:boom AND NOT build_queue:gate`)
	a, err := s.SearchLocal(t.Context(), dir, nil)
	f := " screen-n-cpu.txt"
	want(t, a, err, "complete; 0: 1×"+f+":1; 1: 1×"+f+":3; 2: 1×"+f+":1; 3: 2×"+f+":1"+f+":3; 5: 1×"+f+":1; "+
		"6: 2×"+f+":1"+f+":3 if not build_queue:gate")
}

func TestFieldsThatFollow(t *testing.T) {
	known := buildFields(logsearch.Build{UUID: "0123456789abcdef", Fields: ci.Fields{"project": {"p"}}})
	if !slices.Equal(known["build_short_uuid"], []string{"0123456"}) || !slices.Equal(known["build_uuid"], []string{"0123456789abcdef"}) {
		t.Error(known)
	}
}
