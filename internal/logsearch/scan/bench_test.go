package scan

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/recheckbot/recheckbot/internal/fake/loghost"
	"github.com/recheckbot/recheckbot/internal/joblog"
	"github.com/recheckbot/recheckbot/internal/logsearch"
	"github.com/recheckbot/recheckbot/internal/lucene"
)

// logText is n bytes of a console log, of words that logs are made of.
func logText(n int) []byte {
	r := rand.New(rand.NewPCG(1, 2))
	words := bytes.Fields([]byte(`tempest.api.compute.servers Failed to fetch timeout waiting for volume the image
		ERROR failed instance /opt/stack/new/nova/nova/api.py 10.0.0.1 req-8e2f INFO [-] status: 200 len: 402 neutron
		Requirement already satisfied did not start console setUpClass ok ... pymysql.err.InterfaceError test_network_basic_ops
		HTTPConnectionPool apt-get install python3-dev Get:1 http://mirror.example.org/ubuntu jammy Release [270kB]`))
	var b bytes.Buffer
	for b.Len() < n {
		fmt.Fprintf(&b, "2024-01-02 03:%02d:%02d.%06d | controller |", r.IntN(60), r.IntN(60), r.IntN(1_000_000))
		for range 5 + r.IntN(20) {
			b.WriteByte(' ')
			b.Write(words[r.IntN(len(words))])
		}
		b.WriteByte('\n')
	}
	return b.Bytes()
}

// manyQueries are n fingerprints of the shape that real ones have.
func manyQueries(n int) []string {
	var qs []string
	for i := range n {
		switch i % 4 {
		case 0:
			qs = append(qs, fmt.Sprintf(`message:"volume %d failed to reach available status" AND tags:console`, i))
		case 1:
			qs = append(qs, fmt.Sprintf(`(message:"Neutron%d did not start" OR message:"timeout waiting for lock%d") AND tags:"console"`, i, i))
		case 2:
			qs = append(qs, fmt.Sprintf(`message:"Failed to fetch" AND message:"unexpected size %d" AND (tags:"console.html" OR tags:"job-output.txt")`, i))
		default:
			qs = append(qs, fmt.Sprintf(`message:"Unable to detach %d from guest" AND tags:"screen-n-cpu.txt"`, i))
		}
	}
	return qs
}

// BenchmarkTenMegabytes: one build of 10 MB of plain logs, 86 fingerprints,
// fetched as gzip from a host on loopback.
func BenchmarkTenMegabytes(b *testing.B) {
	text := logText(10 << 20)
	h, err := loghost.Start("127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer h.Close()
	h.List("b/", loghost.Manifest)
	h.Put("b/job-output.txt", loghost.Pack("gzip", text), loghost.Options{Header: map[string][]string{"Content-Encoding": {"gzip"}}})
	s := searcher(b, joblog.Options{Hosts: []string{"127.0.0.1"}, AllowPrivate: true}, manyQueries(86)...)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		a, err := s.Search(b.Context(), logsearch.Build{LogURL: h.URL() + "b/"})
		if err != nil || a.Status != logsearch.Complete || a.Files[0].Bytes != int64(len(text)) {
			b.Fatal(err, a)
		}
	}
}

// BenchmarkLooker is the part that looks at each byte.
func BenchmarkLooker(b *testing.B) {
	text := logText(10 << 20)
	l := newLooker(compile(trees(b, manyQueries(86)...)), lucene.Historical(), nil, &memory{})
	l.hit = func(int32, lucene.Truth, joblog.Event) {}
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		clear(l.looked)
		for w := range joblog.Windows(bytes.NewReader(text), "job-output.txt", joblog.FoldOptions{}) {
			l.window(w)
		}
	}
}

// BenchmarkFold is the part that cuts a log into events.
func BenchmarkFold(b *testing.B) {
	text := logText(10 << 20)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		for range joblog.Fold(bytes.NewReader(text), "job-output.txt", joblog.FoldOptions{}) {
		}
	}
}
