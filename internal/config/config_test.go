package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// tenLines is a real set-up: everything else has a default.
const tenLines = `[gerrit]
addr = "review.example.org"
user = "recheckbot"
key_file = "/etc/recheckbot/id_ed25519"
known_hosts = "known_hosts"
[[ci]]
name = "zuul"
zuul = "https://zuul.example.org/"
tenant = "example"
log_hosts = ["*.example.org"]
`

// load writes a document to a file and loads it.
func load(t *testing.T, doc string, checks ...Check) (Config, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "bot.toml")
	if err := os.WriteFile(path, []byte(doc), 0o600); err != nil {
		t.Fatal(err)
	}
	return Load(path, checks...)
}

// problems are "ROW:COL KEY: MESSAGE" of all that is wrong with a document.
func problems(t *testing.T, doc string) []string {
	t.Helper()
	_, err := load(t, doc)
	if err == nil {
		return nil
	}
	e, ok := errors.AsType[*Error](err)
	if !ok {
		t.Fatalf("not an *Error: %v", err)
	}
	var out []string
	for _, p := range e.Problems {
		out = append(out, fmt.Sprintf("%d:%d %s: %s", p.Row, p.Col, p.Key, p.Msg))
	}
	return out
}

func TestTenLinesAreARealSetup(t *testing.T) {
	c, err := load(t, tenLines)
	if err != nil {
		t.Fatal(err)
	}
	for name, ok := range map[string]bool{
		"gerrit port":      c.Gerrit.Addr == "review.example.org:29418",
		"gerrit links":     c.Gerrit.URL == "https://review.example.org",
		"absolute path":    c.Gerrit.KeyFile == "/etc/recheckbot/id_ed25519",
		"relative path":    filepath.IsAbs(c.Gerrit.KnownHosts) && strings.HasSuffix(c.Gerrit.KnownHosts, "known_hosts"),
		"us":               len(c.Us) == 1 && c.Us[0] == "recheckbot",
		"ci accounts":      len(c.CI[0].Accounts) == 1 && c.CI[0].Accounts[0] == "zuul",
		"zuul root":        c.CI[0].Zuul == "https://zuul.example.org",
		"dialect":          c.CI[0].Dialect == "zuul",
		"private":          !c.CI[0].AllowPrivate,
		"launchpad":        len(c.Trackers) == 1 && c.Trackers[0].URL == "https://bugs.launchpad.net/bugs/{ref}",
		"dry run":          c.Report.Mode == "dry-run",
		"owner":            c.Report.Notify == "OWNER",
		"report after":     c.Report.After.Duration == 3*time.Minute,
		"stale":            c.Report.Stale == "skip",
		"deadline":         c.Logs.Deadline.Duration == 20*time.Minute && c.Logs.Tries == 3,
		"outage deadline":  c.Logs.OutageDeadline.Duration == 2*time.Hour,
		"engine":           c.Engine.Kind == "scan" && c.Engine.Fingerprints == "" && c.Engine.Mapping == "historical",
		"no irc":           len(c.IRC.Servers) == 0 && len(c.Channels) == 0,
		"announced steps":  fmt.Sprint(c.IRC.AnnounceSteps) == "[1 5 20 100 500]",
		"tls":              c.IRC.TLS,
		"database":         filepath.Base(c.Store.Path) == "recheckbot.db",
		"size":             c.Logs.MaxFetched == 64<<20,
		"no secret at all": !c.IRC.Password.Set() && c.IRC.Password.Reveal() == "",
	} {
		if !ok {
			t.Errorf("%s: %+v", name, c)
		}
	}
}

func TestAllProblemsAreToldAtOnceWithTheirPlaces(t *testing.T) {
	got := problems(t, `bots = 3
colour = "red"
[gerrit]
addr = "a b"
adr = "c"
keepalive = "soon"
known_hosts = "k"
host_key = "SHA256:zz"
http_url = "https://me:hunter2@example.org"
http_user = "me"
[[ci]]
name = "zuul"
log_hosts = ["https://logs.example.org"]
triggers = ["recheck", "(",
  ")"]
[ci.phrases]
reprt = ["x"]
[[ci]]
name = "Zuul"
allow_private = "yes"
log_hosts = ["*x"]
tenant = "t"
[report]
mode = "life"
template = "{{if}}"
max_lines = "many"
excerpt = 1
leave_out = "all"
[logs]
max_fetched = "9X"
outage_deadline = "1m"
[irc]
server = "irc.example.org:port"
announce_steps = [5, 1]
sasl = "external"
[[channel]]
kinds = ["recognized", "x"]
[[group]]
name = "g"
jobs = []
[[tracker]]
name = "gh"
[[tracker]]
name = "gl"
url = "https://example.org/"
`)
	want := []string{
		"1:1 bots: must be a list",
		`2:1 colour: unknown key`,
		"3:2 gerrit.user: is missing",
		"3:2 gerrit.key_file: is missing",
		"3:2 gerrit: needs known_hosts or host_key, one of them",
		`4:1 gerrit.addr: "a b" is neither host nor host:port`,
		`5:1 gerrit.adr: unknown key, did you mean "addr"?`,
		`6:1 gerrit.keepalive: "soon" is not a duration`,
		`8:1 gerrit.host_key: "SHA256:zz" is no host key`,
		`9:1 gerrit.http_url: must not hold a user or a password`,
		`10:1 gerrit.http_user: needs http_password_file or http_password_env`,
		`13:14 ci[1].log_hosts[1]: "https://logs.example.org" is no host`,
		`14:24 ci[1].triggers[2]: error parsing regexp`,
		`15:3 ci[1].triggers[3]: error parsing regexp`,
		`17:1 ci[1].phrases.reprt: is none of report, start`,
		`19:1 ci[2].name: "Zuul" is there already`,
		`20:1 ci[2].allow_private: must be true or false`,
		`21:14 ci[2].log_hosts[1]: "*x" is no host`,
		`22:1 ci[2].tenant: needs zuul`,
		`24:1 report.mode: "life" is none of dry-run, announce, live`,
		`25:1 report.template: template: template:1: missing value for if`,
		`26:1 report.max_lines: must be a whole number`,
		`27:1 report.excerpt: must be at least 20`,
		`28:1 report.leave_out: must be a table`,
		`30:1 logs.max_fetched: "9X" is not a size`,
		`31:1 logs.outage_deadline: must be at least logs.deadline`,
		`33:1 irc.server: "irc.example.org:port" is neither`,
		`34:1 irc.announce_steps: must rise`,
		`35:1 irc.sasl: "external" needs cert_file and key_file`,
		`36:3 channel[1].name: is missing`,
		`37:24 channel[1].kinds[2]: "x" is none of recognized`,
		`40:1 group[1].jobs: must not be empty`,
		`41:3 tracker[1].url: is missing`,
		`45:1 tracker[2].url: has no {ref}`,
	}
	for i := range max(len(got), len(want)) {
		if i >= len(got) || i >= len(want) || !strings.HasPrefix(got[i], want[i]) {
			t.Fatalf("problem %d:\nwant %q\ngot  %q", i, at(want, i), at(got, i))
		}
	}
}

func at(list []string, i int) string {
	if i < len(list) {
		return list[i]
	}
	return "(none)"
}

func TestErrorNamesFileRowAndColumn(t *testing.T) {
	_, err := load(t, tenLines+"colour = 1\n")
	if err == nil || !strings.HasSuffix(err.Error(), "bot.toml:11:1: ci[1].colour: unknown key") {
		t.Errorf("%v", err)
	}
}

func TestNoTOML(t *testing.T) {
	for doc, want := range map[string]string{
		"[gerrit]\nuser = hunter2\n":     "2:8 ",
		"[gerrit\n":                      "1:8 ",
		"a = 1\na = 2\n":                 "2:1 ",
		"[gerrit]\npassword = \"hunter2": "2:",
	} {
		got := problems(t, doc)
		if len(got) != 1 || !strings.HasPrefix(got[0], want) || strings.Contains(got[0], "hunter2") {
			t.Errorf("%q: %v", doc, got)
		}
	}
}

func TestNoFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "absent.toml")
	if _, err := Load(path); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), path) {
		t.Errorf("%v", err)
	}
	if _, err := load(t, strings.Repeat("#", maxFile+1)); err == nil || !strings.Contains(err.Error(), "longer than") {
		t.Errorf("%v", err)
	}
}

func TestAnEmptyFileSaysWhatItNeeds(t *testing.T) {
	got := strings.Join(problems(t, ""), "\n")
	for _, want := range []string{"1:1 gerrit.addr: is missing", "1:1 gerrit.user: is missing", "1:1 gerrit.key_file: is missing"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}

func TestNothingIsReturnedOfABadFile(t *testing.T) {
	c, err := load(t, tenLines+"colour = 1\n")
	if err == nil || c.Gerrit.Addr != "" || len(c.CI) != 0 {
		t.Errorf("%+v", c)
	}
}

func TestWhatMustStandTogether(t *testing.T) {
	for name, c := range map[string]struct{ more, want string }{
		"channel without server": {"[[channel]]\nname=\"#a\"", "channel: needs irc.server"},
		"same channel twice":     {"[irc]\nserver=\"a\"\n[[channel]]\nname=\"#a\"\n[[channel]]\nname=\"#A\"", `channel[2].name: "#A" is there already`},
		"same group twice":       {"[[group]]\nname=\"a\"\njobs=[\"x\"]\n[[group]]\nname=\"a\"\njobs=[\"y\"]", `group[2].name: "a" is there already`},
		"same tracker twice":     {"[[tracker]]\nname=\"a\"\nurl=\"https://x/{ref}\"\n[[tracker]]\nname=\"a\"\nurl=\"https://x/{ref}\"", `tracker[2].name: "a" is there already`},
		"certificate alone":      {"[irc]\ncert_file=\"a\"", "irc.cert_file: cert_file and key_file need each other"},
		"certificate, no tls":    {"[irc]\ntls=false\nca_file=\"a\"", "irc.tls: ca_file and cert_file need tls"},
		"plain, no password":     {"[irc]\nsasl=\"plain\"", `irc.sasl: "plain" and sasl_password_file`},
		"fetched over total":     {"[logs]\nmax_total=\"1MiB\"", "logs.max_fetched: must be at most logs.max_total"},
		"channel with a space":   {"[irc]\nserver=\"a\"\n[[channel]]\nname=\"#a b\"", `channel[1].name: "#a b" is no channel`},
		"line feed in a contact": {"[logs]\ncontact=\"a\\nb\"", `logs.contact: "a\nb" must be one line`},
		"negative duration":      {"[logs]\ndeadline=\"-1s\"", `logs.deadline: "-1s" is not a duration`},
		"a number for a time":    {"[logs]\ndeadline=20", "logs.deadline: must be a text in quotes"},
		"a fraction":             {"[logs]\ntries=1.5", "logs.tries: must be a whole number"},
		"too much":               {"[logs]\nworkers=1000", "logs.workers: must be at most 64"},
		"a table for a list":     {"[report]\nredact={a=1}", "report.redact: must be a list"},
		"a list for a table":     {"engine=[1]", "engine: must be a table"}, // under [[ci]]: unknown there
		"an empty pattern":       {"[[group]]\nname=\"a\"\njobs=[\"\"]", "group[1].jobs[1]: an empty pattern"},
		"user in a bug's link":   {"[[tracker]]\nname=\"a\"\nurl=\"https://me:pw@x/{ref}\"", "tracker[1].url: is no address"},
	} {
		doc := tenLines + c.more
		if name == "a list for a table" {
			doc = c.more + "\n" + tenLines
		}
		got := strings.Join(problems(t, doc), "\n")
		if !strings.Contains(got, c.want) || strings.Count(got, "\n") > 0 {
			t.Errorf("%s: %q, want %q alone", name, got, c.want)
		}
	}
}

func TestChecksOfOthersGetAPlace(t *testing.T) {
	check := func(c Config) []Finding {
		return []Finding{{"ci[1].zuul", "would fire"}, {"report.template", "cannot be executed: " + c.Gerrit.User}}
	}
	_, err := load(t, tenLines+"[report]\n\ntemplate = \"{{unknown .Data}}\"\n", check)
	if err == nil || !strings.Contains(err.Error(), ":8:1: ci[1].zuul: would fire") ||
		!strings.Contains(err.Error(), ":13:1: report.template: cannot be executed: recheckbot") {
		t.Errorf("%v", err)
	}
	asked := false
	_, err = load(t, "colour = 1", func(Config) []Finding { asked = true; return nil })
	if err == nil || asked {
		t.Error("a check was given a configuration that is not valid")
	}
}

func TestInlineTablesHavePlacesToo(t *testing.T) {
	got := problems(t, tenLines+"[[group]]\nname = \"a\"\njobs = [\"b\"]\n[report]\nleave_out = { projects = [\"a\", 3] }\n")
	if want := "15:32 report.leave_out.projects[2]: must be a text in quotes"; len(got) != 1 || got[0] != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestAnEmptyTextIsNoKey(t *testing.T) {
	c, err := load(t, tenLines+"dialect = \"\"\n[irc]\nnick = \"\"\n")
	if err != nil || c.CI[0].Dialect != "zuul" || c.IRC.Nick != "recheckbot" {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestPorts(t *testing.T) {
	for server, want := range map[string]string{
		"a": "a:6667", "b:1": "b:1", "[::1]": "[::1]:6667", "::1": "[::1]:6667",
	} {
		c, err := load(t, tenLines+fmt.Sprintf("[irc]\ntls = false\nserver = %q\n", server))
		if err != nil || len(c.IRC.Servers) != 1 || c.IRC.Servers[0] != want {
			t.Errorf("%s: %s, %v", server, c.IRC.Servers, err)
		}
	}
}

// TestServersInOrder: server is the first of servers, or the only one.
func TestServersInOrder(t *testing.T) {
	for body, want := range map[string]string{
		`server = "a"`: "[a:6697]",
		"server = \"a\"\nservers = [\"b:1\", \"c\"]": "[a:6697 b:1 c:6697]",
		`servers = ["b:1", "c"]`:                     "[b:1 c:6697]",
	} {
		c, err := load(t, tenLines+"[irc]\n"+body+"\n[[channel]]\nname = \"#ci\"\nkinds = [\"recognized\"]\n")
		if err != nil || fmt.Sprint(c.IRC.Servers) != want {
			t.Errorf("%s: %v, %v", body, c.IRC.Servers, err)
		}
	}
	got := problems(t, tenLines+"[irc]\nserver = \"a\"\nservers = [\"a:6697\", \"\", \"x y\"]\n")
	for _, want := range []string{"irc.servers: a:6697 is named twice", `"" is neither host nor host:port`, `"x y" is neither host nor host:port`} {
		if !strings.Contains(strings.Join(got, "\n"), want) {
			t.Errorf("no %q in %q", want, got)
		}
	}
}

func TestGerritREST(t *testing.T) {
	t.Setenv("TEST_HTTP_PASSWORD", "x")
	password := "http_password_env = \"TEST_HTTP_PASSWORD\"\n"
	web := "http_url = \"https://review.example.org/\"\n"
	gerrit := strings.Replace(tenLines, "[[ci]]", "%s[[ci]]", 1)
	c, err := load(t, fmt.Sprintf(gerrit, web))
	if err != nil || c.Gerrit.HTTPUser != "" || c.Gerrit.HTTPURL != "https://review.example.org" {
		t.Errorf("without signing in: %+v, %v", c.Gerrit, err)
	}
	c, err = load(t, fmt.Sprintf(gerrit, web+password))
	if err != nil || c.Gerrit.HTTPUser != "recheckbot" {
		t.Errorf("with a password: %+v, %v", c.Gerrit, err)
	}
	if got := problems(t, fmt.Sprintf(gerrit, password)); len(got) != 1 || !strings.Contains(got[0], "needs http_url") {
		t.Errorf("a password for nothing: %v", got)
	}
}

func TestLogHosts(t *testing.T) {
	for host, ok := range map[string]bool{
		"*": true, "logs.example.org": true, "*.example.org": true, "logs.example.org:8080": true, "127.0.0.1:80": true,
		"[::1]:80": true, "https://a": false, "a/b": false, "a.*": false, "": false, "a b": false, "*.": false,
	} {
		_, err := load(t, strings.Replace(tenLines, `["*.example.org"]`, fmt.Sprintf("[%q]", host), 1))
		if (err == nil) != ok {
			t.Errorf("%q: %v", host, err)
		}
	}
}

func TestLaunchpadIsKeptWhenNamed(t *testing.T) {
	c, err := load(t, tenLines+"[[tracker]]\nname = \"launchpad\"\nkind = \"launchpad\"\napi = \"http://127.0.0.1:1/devel/\"\n")
	if err != nil || len(c.Trackers) != 1 || c.Trackers[0].API != "http://127.0.0.1:1/devel" {
		t.Errorf("%+v, %v", c.Trackers, err)
	}
}
