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

// resolver answers the questions for an IPv4 address with one of addrs after
// another, each with all that stand in it.
func resolver(t *testing.T, addrs ...[][4]byte) *net.Resolver {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	go func() {
		buf := make([]byte, 1500)
		for n := 0; ; n++ {
			size, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			if _, err := conn.WriteTo(answer(buf[:size], addrs[n%len(addrs)]), from); err != nil {
				return
			}
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
}

func answer(question []byte, addrs [][4]byte) []byte {
	var m dnsmessage.Message
	if m.Unpack(question) != nil || len(m.Questions) != 1 {
		return nil
	}
	q := m.Questions[0]
	m.Header.Response, m.Additionals = true, nil
	if q.Type == dnsmessage.TypeA {
		for _, a := range addrs {
			m.Answers = append(m.Answers, dnsmessage.Resource{
				Header: dnsmessage.ResourceHeader{Name: q.Name, Class: q.Class, TTL: 0}, Body: &dnsmessage.AResource{A: a}})
		}
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
	o := joblog.Options{Hosts: []string{"*.example.org"}, Resolver: resolver(t, [][4]byte{{127, 0, 0, 1}}), Timeout: 10 * time.Second}
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

// The name's owner answers otherwise each time, and with several addresses at
// once: whichever is dialled is the one that is looked at, so that there is
// nothing between the look and the use.
func TestADNSAnswerThatChanges(t *testing.T) {
	h := start(t)
	h.Put("x.txt", []byte("secret"), loghost.Options{})
	u, err := url.Parse(h.URL())
	if err != nil {
		t.Fatal(err)
	}
	f := joblog.FileInfo{Name: "x.txt", URL: "http://logs.example.org:" + u.Port() + "/x.txt"}
	s := joblog.New(joblog.Options{
		Hosts: []string{"*.example.org"}, Timeout: 10 * time.Second,
		Resolver: resolver(t, [][4]byte{{10, 0, 0, 1}, {127, 0, 0, 1}}, [][4]byte{{127, 0, 0, 1}}, [][4]byte{{169, 254, 169, 254}, {127, 0, 0, 1}}),
	})
	for range 9 {
		if err := fetch(t.Context(), s, f); kind(err) != "refused" {
			t.Error(err)
		}
	}
	if n := len(h.Requests()); n != 0 {
		t.Errorf("the inside host was talked to %d times", n)
	}
}
