package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"text/template"
)

func TestSecretIsNeverShown(t *testing.T) {
	c, err := withSecret(t, "hunter2\n")
	if err != nil {
		t.Fatal(err)
	}
	s := c.IRC.Password
	if s.Reveal() != "hunter2" || !s.Set() {
		t.Fatalf("the secret is %q", s.Reveal())
	}
	var shown bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%T"} {
		fmt.Fprintf(&shown, verb+" "+verb+" "+verb+"\n", s, c, &c.IRC)
	}
	fmt.Fprintln(&shown, s.String(), s.GoString())
	body, err := json.Marshal(c.IRC)
	if err != nil {
		t.Fatal(err)
	}
	shown.Write(body)
	text, _ := s.MarshalText()
	shown.Write(text)
	slog.New(slog.NewJSONHandler(&shown, nil)).Info("x", "secret", s, "config", c)
	slog.New(slog.NewTextHandler(&shown, nil)).Info("x", "secret", s, "config", c)
	if err := template.Must(template.New("").Parse("{{.}} {{printf \"%s\" .}}")).Execute(&shown, s); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(shown.String(), "hunter2") || strings.Contains(shown.String(), fmt.Sprintf("%x", "hunter2")) {
		t.Errorf("shown: %s", shown.String())
	}
	if !strings.Contains(string(body), `"Password":"[secret]"`) {
		t.Errorf("%s", body)
	}
}

// withSecret is a configuration whose IRC password is a file's content.
func withSecret(t *testing.T, content string) (Config, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return load(t, tenLines+fmt.Sprintf("[irc]\npassword_file = %q\n", path))
}

func TestSecretFromEnvironment(t *testing.T) {
	t.Setenv("TEST_IRC_PASSWORD", "  hunter2 \n")
	c, err := load(t, tenLines+"[irc]\npassword_env = \"TEST_IRC_PASSWORD\"\n")
	if err != nil || c.IRC.Password.Reveal() != "hunter2" {
		t.Errorf("%q, %v", c.IRC.Password.Reveal(), err)
	}
}

func TestBadSecrets(t *testing.T) {
	for more, want := range map[string]string{
		"password_file = \"/none/such\"":                 "12:1: irc.password_file: open /none/such: no such file",
		"password_env = \"NO_SUCH_VARIABLE\"":            "12:1: irc.password_env: environment variable NO_SUCH_VARIABLE is not set",
		"password = \"hunter2\"":                         "12:1: irc.password: a secret does not belong into this file: use password_file or password_env",
		"password_file = \"a\"\npassword_env = \"HOME\"": "12:1: irc.password_file: either password_file or password_env, not both",
		"password_env = \"hunter2 x\"":                   "12:1: irc.password_env:",
		"password_file = 3":                              "12:1: irc.password_file: must be a text in quotes",
	} {
		_, err := load(t, tenLines+"[irc]\n"+more+"\n")
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", more, err)
		}
		if strings.Contains(more, `password = `) && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("the error shows the secret: %v", err)
		}
	}
	for content, want := range map[string]string{" \n": "is empty", strings.Repeat("x", maxSecret+1): "longer than"} {
		if _, err := withSecret(t, content); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

func TestGlobIsNotEmpty(t *testing.T) {
	var g Glob
	if err := g.UnmarshalText(nil); err == nil {
		t.Error("an empty pattern was taken")
	}
	if err := g.UnmarshalText([]byte("openstack/*")); err != nil || g != "openstack/*" {
		t.Errorf("%q, %v", g, err)
	}
}

func TestSize(t *testing.T) {
	for text, want := range map[string]Size{"1B": 1, "2KiB": 2048, "1.5MiB": 3 << 19, "2 GiB": 2 << 30} {
		var s Size
		if err := s.UnmarshalText([]byte(text)); err != nil || s != want {
			t.Errorf("%s: %d, %v", text, s, err)
		}
	}
	for _, text := range []string{"", "5", "MiB", "-1MiB", "1MB", "1e99GiB", "99999999999999GiB", "1.2.3MiB"} {
		var s Size
		if err := s.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is %d", text, s)
		}
	}
}
