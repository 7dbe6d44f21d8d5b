package handlers

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/recheckbot/recheckbot/gerritstream"
	"github.com/recheckbot/recheckbot/internal/cicomment"
	"github.com/recheckbot/recheckbot/internal/fake/gerrit"
	"github.com/recheckbot/recheckbot/internal/store"
)

// intake is a Gerrit on a socket, the stream reader, the sink and the step that
// ingests, on a database with all its durability.
type intake struct {
	b      *testing.B
	server *gerrit.Server
	store  *store.Store
	stored atomic.Int64 // lines that are committed
	at     atomic.Int64 // when the last were, in ns
}

// countingSink counts what the sink has committed.
type countingSink struct {
	*Sink
	of *intake
}

func (c countingSink) Lines(ctx context.Context, lines []gerritstream.Line) error {
	err := c.Sink.Lines(ctx, lines)
	if err == nil {
		c.of.at.Store(time.Now().UnixNano())
		c.of.stored.Add(int64(len(lines)))
	}
	return err
}

func startIntake(b *testing.B) *intake {
	must := func(err error) {
		b.Helper()
		if err != nil {
			b.Fatal(err)
		}
	}
	server, err := gerrit.Start(gerrit.Options{})
	must(err)
	b.Cleanup(func() { server.Close() })
	dir := b.TempDir()
	key := filepath.Join(dir, "key")
	pub, err := gerrit.WriteKey(key)
	must(err)
	must(server.AddAccount("recheckbot", "Recheck Bot", "bot@example.org", pub, true))
	client, err := gerritstream.New(gerritstream.Options{Addr: server.Addr(), User: "recheckbot", KeyFile: key, HostKey: server.HostKeySHA256()})
	must(err)
	b.Cleanup(func() { client.Close() })
	s, err := store.Open(context.Background(), filepath.Join(dir, "bot.db"), store.Options{})
	must(err)
	in := &intake{b: b, server: server, store: s}
	wake := NewWake()
	sink := NewSink(SinkOptions{Store: s, Ingest: wake})
	step := NewIngest(IngestOptions{Store: s, Rules: cicomment.Defaults(), Sink: sink, Wake: wake})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 2)
	go func() { ended <- client.Stream(ctx, countingSink{sink, in}) }()
	go func() { ended <- step.Run(ctx) }()
	b.Cleanup(func() {
		cancel()
		<-ended
		<-ended
		s.Close()
	})
	for server.Streams() == 0 {
		time.Sleep(time.Millisecond)
	}
	return in
}

// line is the i-th event: mostly talk of people, one recheck and one report of
// four builds in twenty. Hardly anyone speaks twice on a change in one second.
func (in *intake) line(i int) []byte {
	who, text := fmt.Sprintf("user%d", i%299), strings.Repeat("Some words about a change. ", 40)
	switch i % 20 {
	case 7:
		text = fmt.Sprintf("recheck bug %d", 1000000+i%50)
	case 13:
		who, text = "zuul", failure(fmt.Sprintf("a%d", i), fmt.Sprintf("b%d", i), fmt.Sprintf("c%d", i))
	}
	change := change()
	change["number"] = 1 + i%5000
	b, err := json.Marshal(map[string]any{
		"type": "comment-added", "eventCreatedOn": time.Now().Unix(), "change": change, "patchSet": map[string]any{"number": 2},
		"author":    map[string]any{"name": who, "username": who, "email": who + "@example.org"},
		"approvals": []any{map[string]any{"type": "Verified", "value": "0"}, map[string]any{"type": "Code-Review", "value": "1", "oldValue": "0"}},
		"comment":   "Patch Set 2:\n\n" + text,
	})
	if err != nil {
		in.b.Fatal(err)
	}
	return append(b, '\n')
}

// ingested waits until nothing is pending any more.
func (in *intake) ingested() {
	for {
		st, err := in.store.Status(in.b.Context())
		if err != nil {
			in.b.Fatal(err)
		}
		if st.PendingRaw == 0 {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// BenchmarkIntake is a storm of events: how many lines a second are committed,
// and how many are comments in the end.
func BenchmarkIntake(b *testing.B) {
	const packet, ahead = 50, 4000 // events; a slow reader's are dropped, as Gerrit does
	in := startIntake(b)
	n := max(b.N, 1)
	var packets [][]byte
	for i := 0; i < n; i += packet {
		var p []byte
		for j := range min(packet, n-i) {
			p = append(p, in.line(i+j)...)
		}
		packets = append(packets, p)
	}
	b.ResetTimer()
	began := time.Now()
	for i, p := range packets {
		for int64(i*packet)-in.stored.Load() > ahead {
			time.Sleep(100 * time.Microsecond)
		}
		in.server.Raw(p)
	}
	for in.stored.Load() < int64(n) {
		time.Sleep(100 * time.Microsecond)
	}
	b.ReportMetric(float64(n)/time.Since(began).Seconds(), "stored/s")
	in.ingested()
	b.ReportMetric(float64(n)/time.Since(began).Seconds(), "ingested/s")
	b.StopTimer()
	if st, err := in.store.Status(b.Context()); err != nil || len(st.Gaps) > 0 || st.AsideRaw > 0 {
		b.Errorf("%+v %v", st, err)
	}
}

// BenchmarkLoneEvent is the time from just before Gerrit writes one event until
// its line is committed.
func BenchmarkLoneEvent(b *testing.B) {
	in := startIntake(b)
	var took []time.Duration
	for i := 0; b.Loop(); i++ {
		line := in.line(i)
		time.Sleep(20 * time.Millisecond) // alone
		began := time.Now()
		in.server.Raw(line)
		for in.stored.Load() <= int64(i) {
			time.Sleep(50 * time.Microsecond)
		}
		took = append(took, time.Unix(0, in.at.Load()).Sub(began))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2])/1e6, "ms-median")
	b.ReportMetric(float64(took[len(took)*99/100])/1e6, "ms-p99")
}
