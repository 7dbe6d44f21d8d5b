package joblog

import (
	"context"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
)

// guard holds the rules about whom we talk to.
type guard struct {
	hosts   []string // lower-case patterns
	private bool
}

func newGuard(hosts []string, private bool) guard {
	g := guard{private: private}
	for _, h := range hosts {
		g.hosts = append(g.hosts, strings.ToLower(strings.TrimSpace(h)))
	}
	return g
}

// check reports why u may not be asked for, as a *RefusedError.
func (g guard) check(u *url.URL) error {
	why := ""
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		why = "only http and https"
	case u.User != nil:
		why = "a URL with a user name"
	case u.Hostname() == "":
		why = "no host"
	case !g.allowed(u):
		why = "host is not among the allowed ones"
	case g.literalInside(u.Hostname()):
		why = "address is private"
	}
	if why == "" {
		return nil
	}
	return &RefusedError{URL: redact(u), Why: why}
}

// allowed matches the host with the patterns: an exact name, "*.example.org"
// for all names below it (not itself), "*" for any. A pattern with a port asks
// for that port.
func (g guard) allowed(u *url.URL) bool {
	host := strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
	withPort := net.JoinHostPort(host, u.Port())
	for _, p := range g.hosts {
		rest, below := strings.CutPrefix(p, "*")
		switch {
		case p == host, p == withPort, p == "*":
			return true
		case below && strings.HasPrefix(rest, ".") && (strings.HasSuffix(host, rest) || strings.HasSuffix(withPort, rest)):
			return true
		}
	}
	return false
}

func (g guard) literalInside(host string) bool {
	a, err := netip.ParseAddr(host)
	return err == nil && !g.private && inside(a)
}

// control is called by the dialer with the address it is about to connect to,
// after the name was resolved: no second look-up can come between.
func (g guard) control(_ context.Context, _, address string, _ syscall.RawConn) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil {
		return &RefusedError{URL: address, Why: "address cannot be read"}
	}
	if !g.private && inside(ap.Addr()) {
		return &RefusedError{URL: address, Why: "address is private"}
	}
	return nil
}

// insidePrefixes are what netip has no name for: this network, CGNAT, IETF,
// documentation and benchmark nets, reserved ones (RFC 6890), and IPv6's ways
// to write an IPv4 address that a gateway may open again.
func insidePrefixes() []netip.Prefix {
	return []netip.Prefix{
		netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"),
		netip.MustParsePrefix("192.0.0.0/24"), netip.MustParsePrefix("192.0.2.0/24"),
		netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("198.51.100.0/24"),
		netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("240.0.0.0/4"),
		netip.MustParsePrefix("::/96"), netip.MustParsePrefix("64:ff9b::/96"),
		netip.MustParsePrefix("64:ff9b:1::/48"), netip.MustParsePrefix("100::/64"),
		netip.MustParsePrefix("2001::/32"), netip.MustParsePrefix("2001:db8::/32"),
		netip.MustParsePrefix("2002::/16"), netip.MustParsePrefix("fec0::/10"),
	}
}

// inside reports whether a is no address of the public Internet.
func inside(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	if !a.IsGlobalUnicast() || a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() {
		return true
	}
	for _, p := range insidePrefixes() {
		if p.Contains(a) {
			return true
		}
	}
	return false
}
