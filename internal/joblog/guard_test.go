package joblog

import (
	"errors"
	"net/netip"
	"net/url"
	"strings"
	"testing"
)

func TestHostPatterns(t *testing.T) {
	g := newGuard([]string{"*.example.org", "logs.example.com", "one.example.net:8080"}, false)
	for raw, want := range map[string]bool{
		"https://a.example.org/":             true,
		"https://A.B.Example.ORG./x":         true,
		"https://example.org/":               false, // not below itself
		"https://evilexample.org/":           false,
		"https://logs.example.com:9/":        true,
		"https://logs.example.com.evil.org/": false,
		"http://one.example.net:8080/":       true,
		"http://one.example.net/":            false,
		"ftp://a.example.org/":               false,
		"file:///etc/passwd":                 false,
		"https://u:p@a.example.org/":         false,
		"https:///x":                         false,
	} {
		u, err := url.Parse(raw)
		if err != nil {
			t.Fatal(err)
		}
		if got := g.check(u) == nil; got != want {
			t.Errorf("%s: allowed %v, want %v", raw, got, want)
		}
	}
}

func TestInsideAddresses(t *testing.T) {
	for raw, want := range map[string]bool{
		"10.0.0.1": true, "172.16.3.4": true, "192.168.1.1": true, "127.0.0.1": true, "169.254.169.254": true,
		"100.64.0.1": true, "0.0.0.0": true, "0.1.2.3": true, "255.255.255.255": true, "224.0.0.1": true,
		"198.18.0.1": true, "192.0.2.1": true, "::1": true, "::": true, "fe80::1": true, "fe80::1%eth0": true,
		"fd00::1": true, "::ffff:10.0.0.1": true, "::ffff:8.8.8.8": false, "64:ff9b::a00:1": true,
		"2002:a00:1::": true, "::7f00:1": true, "ff02::1": true, "fec0::1": true,
		"8.8.8.8": false, "2606:4700::1111": false, "172.32.0.1": false, "100.128.0.1": false,
	} {
		if got := inside(netip.MustParseAddr(raw)); got != want {
			t.Errorf("%s: inside %v, want %v", raw, got, want)
		}
	}
}

func TestControlAllowsPrivateOnlyWhenTold(t *testing.T) {
	_, refused := errors.AsType[*RefusedError](newGuard(nil, false).control(t.Context(), "tcp", "127.0.0.1:80", nil))
	if !refused {
		t.Error("loopback was not refused")
	}
	if err := newGuard(nil, true).control(t.Context(), "tcp", "127.0.0.1:80", nil); err != nil {
		t.Error(err)
	}
}

func TestRedactLeavesSecretsOut(t *testing.T) {
	got := Redact("https://user:secret@logs.example.org/a/b?temp_url_sig=secret#secret")
	if strings.Contains(got, "secret") || !strings.Contains(got, "logs.example.org/a/b") {
		t.Error(got)
	}
}
