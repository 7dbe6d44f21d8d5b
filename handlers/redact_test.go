package handlers

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

// TestRedact: each shape of secret disappears, what names it stays, and lines
// without secrets are left alone.
func TestRedact(t *testing.T) {
	const secret = "hunter2SuperSecret0123"
	r := NewRedactor(nil)
	for name, line := range map[string]string{
		"password":        "+ export OS_PASSWORD=" + secret,
		"spaced":          "admin_password = " + secret,
		"quoted":          `password: "` + secret + ` with spaces"`,
		"cut quote":       `password: "` + secret,
		"json":            `{"auth": {"password": "` + secret + `", "user": "demo"}}`,
		"escaped json":    `body: "{\"adminPass\": \"` + secret + `\"}"`,
		"token":           "X-Auth-Token: " + secret,
		"service token":   `"X-Service-Token": "` + secret + `"`,
		"authorization":   "Authorization: Basic " + secret,
		"bearer":          "curl -H 'Authorization: Bearer " + secret + "'",
		"bare bearer":     "using bearer " + secret,
		"url":             "fatal: unable to access 'https://ci:" + secret + "@git.example.org/x'",
		"user only url":   "cloning https://" + secret + "@git.example.org/x",
		"mysql url":       "connection = mysql+pymysql://root:" + secret + "@127.0.0.1/nova",
		"password with @": "amqp://guest:" + secret + "@x@10.0.0.1:5672/",
		"option":          "mysql --password " + secret,
		"option=":         "openstack --os-password=" + secret + " server list",
		"sshpass":         "sshpass -p " + secret + " ssh host",
		"sql":             "GRANT ALL ON *.* TO 'root'@'%' IDENTIFIED BY '" + secret + "'",
		"cookie":          "Set-Cookie: session=" + secret + "; path=/",
		"query":           "GET /v1?api_key=" + secret + "&x=1",
		"key block":       "-----BEGIN RSA PRIVATE KEY-----\n" + secret + "\n-----END RSA PRIVATE KEY-----",
		"cut key block":   "-----BEGIN OPENSSH PRIVATE KEY----- " + secret,
		"aws":             "AKIAIOSFODNN7EXAMPLE and aws_secret_access_key=" + secret,
		"mysql":           "mysql -uroot -p" + secret + " -h127.0.0.1 -e 'DROP DATABASE x'",
		"curl user":       "curl -s -u ci:" + secret + " https://example.org",
		"signed address":  "GET /v1/AUTH_x/logs?temp_url_sig=" + secret + "&temp_url_expires=1",
		"docker auth":     `{"auths": {"quay.io": {"auth": "` + secret + `"}}}`,
		"api key":         "using sk-proj-" + secret,
		"npm":             "npm_" + secret + "abcdefghijkl",
		"github":          "ghp_" + secret + "abcdef",
		"fernet":          "gAAAAAB" + strings.Repeat("x", 40) + secret,
		"jwt":             "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0." + secret,
	} {
		got := r.Redact(line)
		if strings.Contains(got, secret) || strings.Contains(got, "AKIAIOSFODNN7EXAMPLE") {
			t.Errorf("%s: %q still shows it", name, got)
		}
		if !strings.Contains(got, redacted) {
			t.Errorf("%s: %q does not show that something is gone", name, got)
		}
	}
	for _, line := range []string{
		"E: Failed to fetch http://mirror.example.org/ubuntu/dists/noble/InRelease  Connection refused",
		"Timed out waiting for 10.0.0.5:22 after 300 s",
		"fatal: [primary]: UNREACHABLE! => changed=false",
	} {
		if got := r.Redact(line); got != line {
			t.Errorf("%q became %q", line, got)
		}
	}
	site := NewRedactor([]*regexp.Regexp{regexp.MustCompile(`badge=(\d+)`)})
	if got := site.Redact("badge=123 password=abc"); got != redacted+" password="+redacted {
		t.Errorf("a site's own pattern: %q", got)
	}
	if got := r.Redact("x password=abc y"); got != "x password="+redacted+" y" {
		t.Errorf("what is around a secret does not stay: %q", got)
	}
}

// TestExcerpt: the first line that says something, cut and cleaned.
func TestExcerpt(t *testing.T) {
	r := NewRedactor(nil)
	for _, c := range []struct{ name, event, want string }{
		{"first line", "one\ntwo", "one"},
		{"first that says something", "\n \t\n  two  \nthree", "two"},
		{"spaces", "a \t  b\u00a0c", "a b c"},
		{"control codes", "a\x00b\x07c\x7fd\u0085e", "abcd e"},
		{"terminal colours", "\x1b[31;1mred\x1b[0m \u009b2Kend", "red end"},
		{"bidi", "abc\u202egnp.exe\u2066x\u2069", "abcgnp.exex"},
		{"line separators", "a\u2028b", "a b"},
		{"zero width", "pass\u200bword", "password"},
		{"broken UTF-8", "a\xff\xfeb", "a\uFFFDb"},
		{"cut", strings.Repeat("é", 60), strings.Repeat("é", 49) + "…"},
		{"not cut", strings.Repeat("é", 50), strings.Repeat("é", 50)},
		{"nothing", "\n\x00\n", ""},
		{"colour within a secret's name", "\x1b[36mpassword\x1b[0m=\x1b[35mhunter2\x1b[0m x", "password=[redacted] x"},
		{"zero width within a secret's name", "pass\u200bword: hunter2", "password: [redacted]"},
		{"link of a terminal", "\x1b]8;;http://x/\x07token\x1b]8;;\x1b\\=hunter2", "token=[redacted]"},
		{"open control string", "a\x1b]0;title\nb", "a"},
		{"secret at the cut", strings.Repeat("x", 30) + " password=0123456789012345678901234567890123456789", strings.Repeat("x", 30) + " password=[redact…"},
	} {
		got := r.Excerpt(c.event, 50)
		if c.name == "secret at the cut" {
			if strings.Contains(got, "0123") {
				t.Errorf("%s: %q", c.name, got)
			}
			continue
		}
		if got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
		if !utf8.ValidString(got) || utf8.RuneCountInString(got) > 50 {
			t.Errorf("%s: %q is broken or long", c.name, got)
		}
	}
}
