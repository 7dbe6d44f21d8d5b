package config

import (
	"encoding"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
)

// hidden is what every way of printing a secret shows.
const hidden = "[secret]"

// maxSecret bounds what is read from a secret file, in bytes.
const maxSecret = 64 << 10

// Secret is a password. A file or an environment variable holds it, never the
// configuration itself; no way of printing shows it, only Reveal tells it.
type Secret struct{ reveal func() string }

var (
	_ encoding.TextMarshaler = Secret{}
	_ json.Marshaler         = Secret{}
	_ slog.LogValuer         = Secret{}
	_ fmt.Formatter          = Secret{}
)

// NewSecret wraps a text; the empty text is no secret at all.
func NewSecret(text string) Secret {
	if text == "" {
		return Secret{}
	}
	// A closure, since fmt and reflection print fields that are unexported.
	return Secret{func() string { return text }}
}

// Reveal is the secret itself, "" when there is none.
func (s Secret) Reveal() string {
	if s.reveal == nil {
		return ""
	}
	return s.reveal()
}

// Set reports whether there is a secret.
func (s Secret) Set() bool { return s.reveal != nil }

// String hides the secret.
func (Secret) String() string { return hidden }

// GoString hides the secret.
func (Secret) GoString() string { return hidden }

// Format hides the secret whatever the verb and flags.
func (Secret) Format(f fmt.State, _ rune) { io.WriteString(f, hidden) }

// MarshalText hides the secret.
func (Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// MarshalJSON hides the secret.
func (Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + hidden + `"`), nil }

// LogValue hides the secret.
func (Secret) LogValue() slog.Value { return slog.StringValue(hidden) }

// secretFromFile reads a secret; spaces and line feeds around it are not part
// of it. Its errors name the file and show nothing of what it holds.
func secretFromFile(path string) (Secret, error) {
	f, err := os.Open(path)
	if err != nil {
		return Secret{}, err
	}
	defer f.Close()
	body, err := io.ReadAll(io.LimitReader(f, maxSecret+1))
	if err != nil {
		return Secret{}, err
	}
	if len(body) > maxSecret {
		return Secret{}, fmt.Errorf("%s: longer than %d bytes", path, maxSecret)
	}
	s := NewSecret(strings.TrimSpace(string(body)))
	if !s.Set() {
		return Secret{}, fmt.Errorf("%s: is empty", path)
	}
	return s, nil
}

// secretFromEnv takes a secret from an environment variable.
func secretFromEnv(name string) (Secret, error) {
	s := NewSecret(strings.TrimSpace(os.Getenv(name)))
	if !s.Set() {
		return Secret{}, fmt.Errorf("environment variable %s is not set", name)
	}
	return s, nil
}
