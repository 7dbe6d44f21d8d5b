package store

import (
	"fmt"
	"strings"
	"testing"

	"github.com/recheckbot/recheckbot/internal/ci"
)

// BenchmarkAppendRaw is the stream reader's only work, by lines of one batch.
func BenchmarkAppendRaw(b *testing.B) {
	body := []byte(strings.Repeat("x", 1500))
	for _, size := range []int{1, 100, 1000} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			s := fresh(b)
			lines := make([]Raw, size)
			seq := int64(0)
			for b.Loop() {
				for i := range lines {
					seq++
					lines[i] = Raw{Session: "s", Seq: seq, Source: ViaStream, Received: noon, Body: body}
				}
				ok(b, s.AppendRaw(b.Context(), lines))
			}
			b.ReportMetric(float64(seq)/b.Elapsed().Seconds(), "lines/s")
		})
	}
}

// BenchmarkIngest is a batch of 100 reports of 20 builds each.
func BenchmarkIngest(b *testing.B) {
	s := fresh(b)
	n := 0
	for b.Loop() {
		var batch []Heard
		for range 100 {
			n++
			p := aReport(n)
			for j := range 20 {
				p.Builds = append(p.Builds, zuulBuild(n*100+j, fmt.Sprint("job", j), ci.Failure))
			}
			batch = append(batch, Heard{Via: ViaStream, Change: aChange(int64(n % 1000)), Comment: &Comment{Author: zuul, EventTime: noon,
				Body: fmt.Sprint("Build failed ", n), Patchset: 1, Parsed: p, Own: noon, FirstSeen: noon}})
		}
		ok(b, s.Ingest(b.Context(), batch))
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "reports/s")
}
