package joblog

import (
	"cmp"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"
)

// Options says how a Source behaves. The zero value talks to nobody: Hosts
// must name the log hosts.
type Options struct {
	Hosts        []string      // patterns: "logs.example.org", "*.example.org", with ":port" if wanted, "*"
	AllowPrivate bool          // private, loopback, link-local, … addresses too
	MaxFetched   int64         // bytes of one file on the wire; default 64 MiB
	MaxUnpacked  int64         // bytes of one file as plain text; default 256 MiB
	MaxTotal     int64         // plain bytes of one listing's files together; default 1 GiB
	MaxFiles     int           // files in one listing; default 20,000
	MaxFolders   int           // folder pages read for one listing; default 256
	MaxRedirects int           // hops; default 5, negative: none
	Timeout      time.Duration // of one file, from the request to its last byte; default 2 min
	Contact      string        // the site's contact, for the User-Agent
	WellKnown    []string      // names tried where there is neither manifest nor index; default WellKnown()
	Resolver     *net.Resolver // default the system's
	Logger       *slog.Logger  // default: silent
}

// Source lists and fetches logs over HTTP. It is safe for concurrent use.
type Source struct {
	o      Options
	guard  guard
	client *http.Client
	agent  string
	log    *slog.Logger
}

// WellKnown are the names that are tried, each with and without ".gz", where a
// host offers neither a manifest nor an index.
func WellKnown() []string {
	return []string{"job-output.txt", "console.html", "consoleText", "console.log", "console.txt",
		"logs/devstacklog.txt", "logs/grenade.sh.txt", "logs/syslog.txt", "logs/tempest.txt"}
}

// New makes a Source; nothing is contacted yet.
func New(o Options) *Source {
	o.MaxFetched = cmp.Or(o.MaxFetched, 64<<20)
	o.MaxUnpacked = cmp.Or(o.MaxUnpacked, 256<<20)
	o.MaxTotal = cmp.Or(o.MaxTotal, 1<<30)
	o.MaxFiles = cmp.Or(o.MaxFiles, 20_000)
	o.MaxFolders = cmp.Or(o.MaxFolders, 256)
	o.MaxRedirects = cmp.Or(o.MaxRedirects, 5)
	o.Timeout = cmp.Or(o.Timeout, 2*time.Minute)
	if o.WellKnown == nil {
		o.WellKnown = WellKnown()
	}
	s := &Source{o: o, guard: newGuard(o.Hosts, o.AllowPrivate), agent: agent(o.Contact), log: o.Logger}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	s.client = &http.Client{Transport: s.transport(), CheckRedirect: s.redirect}
	return s
}

// agent names us and whom to write to when we are a burden.
func agent(contact string) string {
	contact = strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return -1
		}
		return r
	}, contact)
	if contact == "" {
		return "recheckbot"
	}
	return "recheckbot (" + contact + ")"
}

// transport uses no proxy, since a proxy would resolve names for us where the
// guard does not see it, and leaves unpacking to us, so that both sides of it
// can be bounded.
func (s *Source) transport() *http.Transport {
	d := &net.Dialer{Timeout: 15 * time.Second, KeepAlive: 30 * time.Second,
		Resolver: s.o.Resolver, ControlContext: s.guard.control}
	return &http.Transport{
		DialContext: d.DialContext, DisableCompression: true, ForceAttemptHTTP2: true,
		TLSHandshakeTimeout: 15 * time.Second, ResponseHeaderTimeout: min(s.o.Timeout, 30*time.Second),
		MaxResponseHeaderBytes: 64 << 10, MaxIdleConns: 64, MaxIdleConnsPerHost: 8, IdleConnTimeout: 90 * time.Second,
	}
}

// Close drops idle connections.
func (s *Source) Close() { s.client.CloseIdleConnections() }
