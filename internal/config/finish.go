package config

import (
	"cmp"
	"net"
	"slices"
	"strings"

	"github.com/recheckbot/recheckbot/internal/ci"
)

// finish fills in what depends on other keys, and checks what no key shows alone.
func (r *reader) finish(c *Config) {
	r.finishGerrit(c)
	for i := range c.CI {
		r.finishCI(&c.CI[i], element("ci", i+1))
	}
	r.finishTrackers(c)
	r.finishIRC(c)
	r.finishNames(c)
	if c.Logs.MaxFetched > c.Logs.MaxTotal {
		r.problem("logs.max_fetched", "must be at most logs.max_total")
	}
	if c.Logs.OutageDeadline.Duration < c.Logs.Deadline.Duration {
		r.problem("logs.outage_deadline", "must be at least logs.deadline")
	}
}

func (r *reader) finishGerrit(c *Config) {
	g := &c.Gerrit
	if (g.KnownHosts == "") == (g.HostKey == "") {
		r.problem("gerrit", "needs known_hosts or host_key, one of them: "+
			"\"ssh-keyscan -p 29418 HOST | ssh-keygen -lf -\" shows host keys, compare them with what the site publishes")
	}
	g.Addr = withPort(g.Addr, "29418")
	host, _ := splitAddr(g.Addr)
	g.URL = cmp.Or(strings.TrimRight(g.URL, "/"), "https://"+host)
	g.HTTPURL = strings.TrimRight(g.HTTPURL, "/")
	if g.HTTPPassword.Set() {
		g.HTTPUser = cmp.Or(g.HTTPUser, g.User)
	} else if g.HTTPUser != "" {
		r.problem("gerrit.http_user", "needs http_password_file or http_password_env")
	}
	if g.HTTPPassword.Set() && g.HTTPURL == "" {
		r.problem("gerrit", "an http_password needs http_url")
	}
	if g.User != "" && !slices.Contains(c.Us, g.User) {
		c.Us = append(c.Us, g.User)
	}
}

func (r *reader) finishCI(ci *CI, path string) {
	if len(ci.Accounts) == 0 && ci.Name != "" {
		ci.Accounts = []string{ci.Name}
	}
	ci.Zuul = strings.TrimRight(ci.Zuul, "/")
	if ci.Tenant != "" && ci.Zuul == "" {
		r.problem(join(path, "tenant"), "needs zuul")
	}
	if len(ci.LogHosts) == 0 {
		r.problem(join(path, "log_hosts"), "is missing: logs are read from no other host")
	}
}

// finishTrackers fills in Launchpad's own addresses, and Launchpad itself,
// since elastic-recheck's fingerprints mean it without saying so.
func (r *reader) finishTrackers(c *Config) {
	has := func(t Tracker) bool { return t.Name == ci.Launchpad }
	if !slices.ContainsFunc(c.Trackers, has) {
		c.Trackers = append(c.Trackers, Tracker{Name: ci.Launchpad, Kind: "launchpad"})
	}
	for i := range c.Trackers {
		t := &c.Trackers[i]
		t.API = strings.TrimRight(t.API, "/")
		if t.Kind == "launchpad" {
			t.API = cmp.Or(t.API, "https://api.launchpad.net/devel")
			t.URL = cmp.Or(t.URL, "https://bugs.launchpad.net/bugs/"+bugRef)
		} else if t.URL == "" && t.Name != "" {
			r.problem(join(element("tracker", i+1), "url"), "is missing")
		}
	}
}

func (r *reader) finishIRC(c *Config) {
	i := &c.IRC
	port := "6667"
	if i.TLS {
		port = "6697"
	}
	if i.Server != "" {
		i.Servers = slices.Insert(i.Servers, 0, i.Server)
	}
	for n, server := range i.Servers {
		i.Servers[n] = withPort(server, port)
		if slices.Contains(i.Servers[:n], i.Servers[n]) {
			r.problem("irc.servers", "%s is named twice", i.Servers[n])
		}
	}
	i.User = cmp.Or(i.User, i.Nick)
	i.RealName = cmp.Or(i.RealName, i.Nick)
	i.SASLUser = cmp.Or(i.SASLUser, i.Nick)
	if len(c.Channels) > 0 && len(i.Servers) == 0 {
		r.problem("channel", "needs irc.server")
	}
	if !slices.IsSorted(i.AnnounceSteps) {
		r.problem("irc.announce_steps", "must rise")
	}
	r.checkLogin(*i)
}

// checkLogin checks what belongs together to prove who we are on IRC.
func (r *reader) checkLogin(i IRC) {
	if (i.CertFile == "") != (i.KeyFile == "") {
		r.problem("irc.cert_file", "cert_file and key_file need each other")
	}
	if (i.CertFile != "" || i.CAFile != "") && !i.TLS {
		r.problem("irc.tls", "ca_file and cert_file need tls")
	}
	if (i.SASL == "plain") != i.SASLPassword.Set() {
		r.problem("irc.sasl", `"plain" and sasl_password_file (or _env) need each other`)
	}
	if i.SASL == "external" && i.CertFile == "" {
		r.problem("irc.sasl", `"external" needs cert_file and key_file`)
	}
}

// finishNames finds names that are there twice; capitals make no other name.
func (r *reader) finishNames(c *Config) {
	twice(r, "ci", c.CI, func(v CI) string { return v.Name })
	twice(r, "channel", c.Channels, func(v Channel) string { return v.Name })
	twice(r, "group", c.Groups, func(v Group) string { return v.Name })
	twice(r, "tracker", c.Trackers, func(v Tracker) string { return v.Name })
}

func twice[T any](r *reader, table string, list []T, name func(T) string) {
	seen := map[string]bool{"": true}
	for i, item := range list {
		key := strings.ToLower(name(item))
		if seen[key] && key != "" {
			r.problem(join(element(table, i+1), "name"), "%q is there already", name(item))
		}
		seen[key] = true
	}
}

// withPort adds a port where there is none.
func withPort(addr, port string) string {
	host, own := splitAddr(addr)
	if host == "" || own != "" {
		return addr
	}
	return net.JoinHostPort(host, port)
}
