package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/gliderlabs/ssh"
	gossh "golang.org/x/crypto/ssh"

	"github.com/recheckbot/recheckbot/internal/fake/gerrit"
)

// historyCommand is the word by which this program runs itself as a Gerrit.
const historyCommand = "history-gerrit"

// history is a Gerrit that has nothing but a past, made up as it is asked for:
// it answers queries by time at once.
type history struct {
	comments, perChange, perReport, builds, size int
	begin                                        time.Time
	days                                         int

	talk, report []byte // JSON of the texts, with gaps for what differs
}

func (h *history) flags(f *flag.FlagSet) {
	f.IntVar(&h.comments, "comments", 1_000_000, "how many comments there are")
	f.IntVar(&h.perChange, "per-change", 100, "of them on each change")
	f.IntVar(&h.perReport, "per-report", 5, "one of so many is a report")
	f.IntVar(&h.builds, "builds", 4, "builds of a report")
	f.IntVar(&h.size, "size", 3<<10, "bytes of a comment")
	f.IntVar(&h.days, "days", 29, "how long ago the first change was updated")
}

func (h *history) changes() int { return h.comments / h.perChange }

// runHistory serves until standard input ends. It prints its address and the
// fingerprint of its host key.
func runHistory(args []string) int {
	var h history
	f := flag.NewFlagSet(historyCommand, flag.ContinueOnError)
	h.flags(f)
	dir := f.String("keys", "", "`folder` for the host key")
	if f.Parse(args) != nil {
		return 2
	}
	if err := h.serve(*dir); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		return 1
	}
	return 0
}

func (h *history) serve(dir string) error {
	path := filepath.Join(dir, "host")
	if _, err := gerrit.WriteKey(path); err != nil {
		return err
	}
	pem, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	signer, err := gossh.ParsePrivateKey(pem)
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	h.begin = time.Now().Add(-time.Duration(h.days) * 24 * time.Hour).Truncate(time.Second)
	h.write()
	server := &ssh.Server{Handler: h.handle, PublicKeyHandler: func(ssh.Context, ssh.PublicKey) bool { return true }}
	server.AddHostKey(signer)
	fmt.Println(l.Addr(), gossh.FingerprintSHA256(signer.PublicKey()))
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin) // whoever started us is gone
		server.Close()
	}()
	if err := server.Serve(l); err != nil && err != ssh.ErrServerClosed {
		return err
	}
	return nil
}

// write makes the texts that all comments share.
func (h *history) write() {
	h.talk = quoted("Patch Set 1:\\n\\n", strings.Repeat("Words about the change that say nothing of tests. ", 1+h.size/50), h.size)
	h.report = quoted("", "Debug information:\\n  "+strings.Repeat("a line that the pipeline adds to each report; ", 1+h.size/46), h.size-200*h.builds)
}

// quoted is JSON's inside of a string, of about n bytes.
func quoted(head, text string, n int) []byte { return []byte(head + text[:max(min(n, len(text)), 1)]) }

var asked = regexp.MustCompile(`(after|before):\{([^}]*)\}|limit:(\d+)`)

// handle answers a query by time.
func (h *history) handle(s ssh.Session) {
	from, to, limit := h.begin, time.Now().Add(time.Hour), 500
	for _, m := range asked.FindAllStringSubmatch(s.RawCommand(), -1) {
		at, _ := time.Parse("2006-01-02 15:04:05 -0700", m[2])
		switch m[1] {
		case "after":
			from = at
		case "before":
			to = at
		default:
			limit, _ = strconv.Atoi(m[3])
		}
	}
	step := time.Duration(h.days) * 24 * time.Hour / time.Duration(h.changes())
	first := max(int((from.Sub(h.begin)+step-1)/step), 0)
	last := min(int((to.Sub(h.begin)-1)/step), h.changes()-1)
	n := 0
	var b bytes.Buffer
	for i := last; i >= first && n < limit; i-- {
		b.Reset()
		h.change(&b, i, h.begin.Add(time.Duration(i)*step))
		if _, err := s.Write(b.Bytes()); err != nil {
			return
		}
		n++
	}
	_ = json.NewEncoder(s).Encode(struct {
		Type string `json:"type"`
		More bool   `json:"moreChanges"`
	}{"stats", last-first+1 > limit})
}

// change writes the i-th change, updated then.
func (h *history) change(b *bytes.Buffer, i int, at time.Time) {
	const who = `{"name":"%s","email":"%[1]s@example.org","username":"%[1]s"}`
	owner := fmt.Sprintf(who, fmt.Sprintf("user%d", i%500))
	fmt.Fprintf(b, `{"project":"openstack/p%d","branch":"master","id":"I%040x","number":%d,"subject":"Change %[3]d","owner":%[4]s,`+
		`"url":"http://example.org/%[3]d","hashtags":[],"createdOn":%[5]d,"lastUpdated":%[5]d,"open":true,"status":"NEW","comments":[`,
		i%300, i, i+1, owner, at.Unix())
	for j := range h.perChange {
		n := i*h.perChange + j
		if j > 0 {
			b.WriteByte(',')
		}
		reviewer := fmt.Sprintf(who, fmt.Sprintf("user%d", (i+j)%500))
		if n%h.perReport == 0 {
			reviewer = fmt.Sprintf(who, "zuul")
		}
		fmt.Fprintf(b, `{"timestamp":%d,"reviewer":%s,"message":"`, at.Add(time.Duration(j-h.perChange+1)*time.Second).Unix(), reviewer)
		h.message(b, n)
		b.WriteString(`"}`)
	}
	b.WriteString("],\"currentPatchSet\":{\"number\":1}}\n")
}

// message writes the n-th comment.
func (h *history) message(b *bytes.Buffer, n int) {
	switch {
	case n%h.perReport == 0:
		fmt.Fprintf(b, `Patch Set 1: Verified-1\n\nBuild failed (check pipeline).\n\nhttps://zuul.example.org/t/x/buildset/%s\n\n`, uuid(n, 0))
		for k := range h.builds {
			result := "SUCCESS"
			if k == n/h.perReport%8 {
				result = "FAILURE"
			}
			fmt.Fprintf(b, `- job-number-%d https://zuul.example.org/t/x/build/%s : %s in 1h 02m %02ds\n`, (n+k)%200, uuid(n, k+1), result, n%60)
		}
		b.Write(h.report)
	case n%50 == 7:
		fmt.Fprintf(b, `Patch Set 1:\n\nrecheck bug %d\n\n`, 1_000_000+n%300)
		b.Write(h.talk[16:])
	default:
		b.Write(h.talk)
	}
}

// uuid looks as random as a real one, which databases feel.
func uuid(n, k int) string {
	x := (uint64(n)<<8 + uint64(k) + 1) * 0x9e3779b97f4a7c15
	return fmt.Sprintf("%016x%016x", x, x^0xd6e8feb86659fd93)
}
