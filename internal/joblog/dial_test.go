package joblog_test

import (
	"context"
	"net"
	"net/url"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/recheckbot/recheckbot/internal/fake/loghost"
	"github.com/recheckbot/recheckbot/internal/joblog"
)

// resolver answers every question for an IPv4 address with addr.
func resolver(t *testing.T, addr [4]byte) *net.Resolver {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	go func() {
		buf := make([]byte, 1500)
		for {
			n, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			if _, err := conn.WriteTo(answer(buf[:n], addr), from); err != nil {
				return
			}
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
}

func answer(question []byte, addr [4]byte) []byte {
	var m dnsmessage.Message
	if m.Unpack(question) != nil || len(m.Questions) != 1 {
		return nil
	}
	q := m.Questions[0]
	m.Header.Response, m.Additionals = true, nil
	if q.Type == dnsmessage.TypeA {
		m.Answers = []dnsmessage.Resource{{Header: dnsmessage.ResourceHeader{Name: q.Name, Class: q.Class, TTL: 0},
			Body: &dnsmessage.AResource{A: addr}}}
	}
	b, _ := m.Pack()
	return b
}

// An allowed name may lead to an inside address whenever its owner likes: what
// counts is the address that is dialled.
func TestAllowedNameThatLeadsInside(t *testing.T) {
	h := start(t)
	h.Put("x.txt", []byte("secret"), loghost.Options{})
	u, err := url.Parse(h.URL())
	if err != nil {
		t.Fatal(err)
	}
	f := joblog.FileInfo{Name: "x.txt", URL: "http://logs.example.org:" + u.Port() + "/x.txt"}
	o := joblog.Options{Hosts: []string{"*.example.org"}, Resolver: resolver(t, [4]byte{127, 0, 0, 1}), Timeout: 10 * time.Second}
	if err := fetch(t.Context(), joblog.New(o), f); kind(err) != "refused" {
		t.Error(err)
	}
	if len(h.Requests()) != 0 {
		t.Error("the inside host was talked to")
	}
	o.AllowPrivate = true
	if err := fetch(t.Context(), joblog.New(o), f); err != nil {
		t.Error(err)
	}
}
