package web

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

func noon() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }

func numbers() Numbers {
	return Numbers{
		Version: `v1 "dirty"` + "\n", Stream: true, Events: 42, LastEvent: noon(), LastByte: noon(), Fresh: noon(), Lag: 1500 * time.Millisecond,
		Gaps: 1, Waiting: map[string]int{"ingest": 3, "search": 4}, Outbox: map[string]int{"proven": 7, "unconfirmed": 1}, Dead: 2, Aside: 1,
		Alarms: []string{"deaf"}, Hits: 9, Misses: 1, IRC: &IRC{Connected: true, Channels: 2, Joined: 1, Dropped: 5, Ping: 20 * time.Millisecond},
		Steps: []Step{{Name: "ingest", Moved: noon()}, {Name: "classify", Stuck: true, Moved: noon(), Failures: 3, Error: "x"}},
	}
}

// serve runs a server until the test ends and returns its address.
func serve(t *testing.T, o Options) string {
	t.Helper()
	o.Listen = "127.0.0.1:0"
	s, err := Listen(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("ended with %v", err)
		}
	})
	return "http://" + s.Addr()
}

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

// TestHealth: well while all steps move, whatever else; 503 with the name of the
// one that is stuck.
func TestHealth(t *testing.T) {
	steps := []Step{{Name: "ingest", Moved: noon(), Failures: 9, Error: "disk full"}}
	url := serve(t, Options{Health: func() []Step { return steps }})
	if code, body := get(t, url+"/healthz"); code != 200 || !strings.Contains(body, `"ok":true`) || !strings.Contains(body, "disk full") {
		t.Errorf("%d %s", code, body)
	}
	steps = append(steps, Step{Name: "classify", Stuck: true})
	if code, body := get(t, url+"/healthz"); code != 503 || !strings.Contains(body, `"stuck":["classify"]`) {
		t.Errorf("%d %s", code, body)
	}
}

// TestReady: 503 with the reasons.
func TestReady(t *testing.T) {
	var why []string
	url := serve(t, Options{Trouble: func(context.Context) []string { return why }})
	if code, body := get(t, url+"/readyz"); code != 200 || body != `{"ready":true,"why":[]}`+"\n" {
		t.Errorf("%d %s", code, body)
	}
	why = []string{"event stream not connected"}
	if code, body := get(t, url+"/readyz"); code != 503 || !strings.Contains(body, "event stream not connected") {
		t.Errorf("%d %s", code, body)
	}
}

// TestMetrics: every number is there, in a form that Prometheus' own parser
// takes, and its linter has nothing to say.
func TestMetrics(t *testing.T) {
	url := serve(t, Options{Numbers: func(context.Context) (Numbers, error) { return numbers(), nil }})
	code, body := get(t, url+"/metrics")
	for _, line := range []string{
		`recheckbot_build_info{version="v1 \"dirty\"\n"} 1`, "recheckbot_stream_connected 1", "recheckbot_stream_events_total 42",
		"recheckbot_stream_last_event_timestamp_seconds 1.7723664e+09", "recheckbot_stream_lag_seconds 1.5", "recheckbot_gaps_open 1",
		`recheckbot_waiting{step="search"} 4`, `recheckbot_outbox_rows{state="unconfirmed"} 1`, "recheckbot_dead_letters 2",
		"recheckbot_lines_set_aside 1", `recheckbot_alarm{alarm="deaf"} 1`, `recheckbot_step_stuck{step="classify"} 1`,
		`recheckbot_step_failures{step="classify"} 3`, "recheckbot_gerrit_cache_hits_total 9", "recheckbot_gerrit_cache_misses_total 1",
		"recheckbot_irc_connected 1", "recheckbot_irc_channels_joined 1", "recheckbot_irc_commands_dropped_total 5",
		"recheckbot_fresh_timestamp_seconds 1.7723664e+09", "recheckbot_store_readable 1", "go_goroutines ",
	} {
		if !strings.Contains(body, "\n"+line) {
			t.Errorf("%d: no line %q", code, line)
		}
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	if families, err := parser.TextToMetricFamilies(strings.NewReader(body)); err != nil || len(families) < 30 {
		t.Errorf("%d families, %v", len(families), err)
	}
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		t.Skip("promtool is missing (Debian package prometheus): the exposition was parsed, not linted")
	}
	cmd := exec.CommandContext(t.Context(), promtool, "check", "metrics")
	cmd.Stdin = strings.NewReader(body)
	if out, err := cmd.CombinedOutput(); err != nil || len(bytes.TrimSpace(out)) > 0 {
		t.Errorf("promtool: %v\n%s", err, out)
	}
}

// TestMetricsWithoutDatabase: what memory knows is told all the same.
func TestMetricsWithoutDatabase(t *testing.T) {
	url := serve(t, Options{Numbers: func(context.Context) (Numbers, error) {
		return Numbers{Stream: true}, errors.New("database is locked")
	}})
	code, body := get(t, url+"/metrics")
	if code != 200 || !strings.Contains(body, "recheckbot_store_readable 0") || !strings.Contains(body, "recheckbot_stream_connected 1") ||
		strings.Contains(body, "recheckbot_dead_letters") {
		t.Errorf("%d %s", code, body)
	}
}

// TestTroubleOfScrapesIsToldOnce: not at each scrape, and again when it comes back.
func TestTroubleOfScrapesIsToldOnce(t *testing.T) {
	var log bytes.Buffer
	var trouble error
	c := &collector{log: slog.New(slog.NewTextHandler(&log, nil)), numbers: func(context.Context) (Numbers, error) { return Numbers{}, trouble }}
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(c)
	for i, want := range []int{1, 1, 1, 2} {
		if trouble = errors.New("database is locked"); i == 2 {
			trouble = nil
		}
		if _, err := registry.Gather(); err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(log.String(), "database is locked"); n != want {
			t.Errorf("scrape %d: told %d times, want %d", i, n, want)
		}
	}
}

// TestOnlyReads: nothing can be changed here, and nothing else is found.
func TestOnlyReads(t *testing.T) {
	url := serve(t, Options{Health: func() []Step { return nil }})
	for _, path := range []string{"/healthz", "/", "/metrics/../x"} {
		resp, err := http.Post(url+path, "text/plain", strings.NewReader("x"))
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != 405 && resp.StatusCode != 404 {
			t.Errorf("POST %s: %d", path, resp.StatusCode)
		}
	}
}

// TestVisitorsWhoSayNothing take no place for long, and no memory without bound.
func TestVisitorsWhoSayNothing(t *testing.T) {
	s, err := Listen(Options{Listen: "127.0.0.1:0", Health: func() []Step { return nil }})
	if err != nil {
		t.Fatal(err)
	}
	s.patience = 100 * time.Millisecond
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	defer func() { cancel(); <-done }()
	for range maxConns + 20 {
		c, err := net.Dial("tcp", s.Addr())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
	}
	client := http.Client{Timeout: 20 * time.Second}
	resp, err := client.Get("http://" + s.Addr() + "/healthz")
	if err != nil {
		t.Fatalf("nobody else gets in: %v", err)
	}
	resp.Body.Close()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+s.Addr()+"/healthz", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Long", strings.Repeat("x", 1<<20))
	if resp, err := client.Do(req); err == nil {
		resp.Body.Close()
		if resp.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
			t.Errorf("a header of 1 MiB: %d", resp.StatusCode)
		}
	}
}

// TestListenTaken says which address cannot be had.
func TestListenTaken(t *testing.T) {
	s, err := Listen(Options{Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Listen(Options{Listen: s.Addr()}); err == nil || !strings.Contains(err.Error(), s.Addr()) {
		t.Errorf("taken twice: %v", err)
	}
	for range 2 {
		if err := s.Close(); err != nil {
			t.Errorf("closing, perhaps twice: %v", err)
		}
	}
}
