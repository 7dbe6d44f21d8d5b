package gerritstream

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/ssh"
)

// Options say how to reach one Gerrit server. Addr, User, KeyFile and one of
// KnownHosts and HostKey are required; every other zero value has a default.
type Options struct {
	Addr    string // "host:port"; the port defaults to 29418
	User    string
	KeyFile string // private key, OpenSSH or PEM, without a passphrase

	KnownHosts string // path of a known_hosts file; or
	HostKey    string // the pinned host key's fingerprint, "SHA256:..."

	Kinds []string // event types subscribed to; default DefaultKinds

	Keepalive      time.Duration // how often keepalive@openssh.com is sent; default 60 s
	Silence        time.Duration // no byte at all, so no answer either, for so long: the peer is dead; default 3 times Keepalive
	ConnectTimeout time.Duration // from the dial to the end of the handshake; default 30 s
	CommandTimeout time.Duration // bound on one query or review; default 2 min
	RetryMin       time.Duration // first wait before a reconnect; default 1 s
	RetryMax       time.Duration // longest wait before a reconnect; default 60 s

	HTTPURL      string // Gerrit's web address, for REST; "" means SSH only
	HTTPUser     string // "" means REST without signing in
	HTTPPassword string // never in logs or errors

	Logger *slog.Logger     // default: discards
	Now    func() time.Time // default time.Now; for what is recorded, not for waiting
}

// defaultPort is the port of Gerrit's SSH daemon.
const defaultPort = "29418"

// DefaultKinds are the event types that the bot uses, and no others: each type
// more makes a slow reader lose events sooner.
func DefaultKinds() []string {
	return []string{
		"comment-added", "patchset-created", "change-merged", "change-abandoned", "change-restored",
		"change-deleted", "private-state-changed", "wip-state-changed", "hashtags-changed",
	}
}

// Client is one Gerrit server. It is safe for concurrent use. Close it when done.
type Client struct {
	o       Options
	auth    ssh.AuthMethod
	hosts   *hostKeys
	cmds    *pool
	http    *http.Client
	state   stateBox
	handing atomic.Bool // lines are just being stored
	rest    changeLog   // the last failure of REST, so that it is logged when it changes
}

// New checks the options and reads the key file and known_hosts. It does not
// connect.
func New(o Options) (*Client, error) {
	o = o.withDefaults()
	if err := o.check(); err != nil {
		return nil, fmt.Errorf("gerritstream: %w", err)
	}
	signer, err := readKey(o.KeyFile)
	if err != nil {
		return nil, fmt.Errorf("gerritstream: %w", err)
	}
	hosts, err := newHostKeys(o.Addr, o.KnownHosts, o.HostKey)
	if err != nil {
		return nil, fmt.Errorf("gerritstream: %w", err)
	}
	c := &Client{o: o, auth: ssh.PublicKeys(signer), hosts: hosts, http: newHTTP()}
	c.cmds = newPool(c.dial)
	return c, nil
}

// Close ends the connection of queries and reviews. A Stream ends by its context.
func (c *Client) Close() error {
	c.cmds.close()
	c.http.CloseIdleConnections()
	return nil
}

func (o Options) withDefaults() Options {
	if o.Addr != "" {
		if _, _, err := net.SplitHostPort(o.Addr); err != nil {
			o.Addr = net.JoinHostPort(strings.Trim(o.Addr, "[]"), defaultPort)
		}
	}
	if len(o.Kinds) == 0 {
		o.Kinds = DefaultKinds()
	}
	o.Keepalive = cmp.Or(o.Keepalive, time.Minute)
	o.Silence = cmp.Or(o.Silence, 3*o.Keepalive)
	o.ConnectTimeout = cmp.Or(o.ConnectTimeout, 30*time.Second)
	o.CommandTimeout = cmp.Or(o.CommandTimeout, 2*time.Minute)
	o.RetryMin = cmp.Or(o.RetryMin, time.Second)
	o.RetryMax = max(cmp.Or(o.RetryMax, time.Minute), o.RetryMin)
	o.HTTPURL = strings.TrimRight(o.HTTPURL, "/")
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

func (o Options) check() error {
	var errs []error
	need := func(bad bool, msg string) {
		if bad {
			errs = append(errs, errors.New(msg))
		}
	}
	need(o.Addr == "", "no address")
	need(o.User == "", "no user")
	need(o.KeyFile == "", "no key file")
	need(o.KnownHosts == "" && o.HostKey == "", "neither known_hosts nor a pinned host key: one of the two is required")
	need(o.KnownHosts != "" && o.HostKey != "", "both known_hosts and a pinned host key: give one of the two")
	need(slices.ContainsFunc(o.Kinds, badKind), "an event type is made of letters and '-' only")
	need(o.Keepalive < 0 || o.Silence < 0 || o.ConnectTimeout < 0 || o.CommandTimeout < 0 || o.RetryMin < 0,
		"a time is negative")
	need(!goodHTTPURL(o.HTTPURL), "the web address is not http(s)://host[/path] without a user")
	need(o.HTTPURL == "" && o.HTTPPassword != "", "an HTTP password without a web address")
	return errors.Join(errs...)
}

// badKind reports whether kind could be anything but an event type on the
// command line.
func badKind(kind string) bool {
	ok := func(r rune) bool { return r == '-' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' }
	return kind == "" || kind[0] == '-' || strings.ContainsFunc(kind, func(r rune) bool { return !ok(r) })
}

// goodHTTPURL refuses an address that carries a user: its password would be in
// every error.
func goodHTTPURL(s string) bool {
	if s == "" {
		return true
	}
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && u.User == nil &&
		u.RawQuery == "" && u.Fragment == ""
}

// readKey reads a private key. Errors name the file, never its content.
func readKey(path string) (ssh.Signer, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("key file: %w", err)
	}
	signer, err := ssh.ParsePrivateKey(b)
	if _, ok := errors.AsType[*ssh.PassphraseMissingError](err); ok {
		return nil, fmt.Errorf("key file %s: it has a passphrase; a key without one is needed (ssh-keygen -p -f %s)", path, path)
	}
	if err != nil {
		return nil, fmt.Errorf("key file %s: %w", path, err)
	}
	return signer, nil
}
