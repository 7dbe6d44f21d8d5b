package config

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestSecretIsNotInAPanic: the program dies with its configuration in hand, in
// each way in which a panic can print it.
func TestSecretIsNotInAPanic(t *testing.T) {
	if how := os.Getenv("PANIC_WITH"); how != "" {
		c, err := withSecret(t, "hunter2\n")
		if err != nil {
			t.Fatal(err)
		}
		die(how, c)
	}
	for _, how := range []string{"config", "pointer", "secret", "text", "error", "nil", "argument"} {
		cmd := exec.Command(os.Args[0], "-test.run=^TestSecretIsNotInAPanic$")
		cmd.Env = append(os.Environ(), "PANIC_WITH="+how, "GOTRACEBACK=system")
		out, err := cmd.CombinedOutput()
		if err == nil || !strings.Contains(string(out), "panic:") {
			t.Errorf("%s: no panic: %v\n%s", how, err, out)
		}
		if strings.Contains(string(out), "hunter2") || strings.Contains(string(out), fmt.Sprintf("%x", "hunter2")) {
			t.Errorf("%s shows the secret:\n%s", how, out)
		}
	}
}

func die(how string, c Config) {
	switch how {
	case "config":
		panic(c)
	case "pointer":
		panic(&c)
	case "secret":
		panic(c.IRC.Password)
	case "text":
		panic(fmt.Sprintf("%+v %#v", c, c.IRC))
	case "error":
		panic(fmt.Errorf("bad: %v %w", c.IRC.Password, errors.New("x")))
	case "nil":
		var none *Config
		_ = none.IRC
	}
	argument(c.IRC.Password, c)
}

// argument panics with secrets on the stack, which a trace prints.
//
//go:noinline
func argument(s Secret, c Config) { panic(len(c.CI) + len(s.String())) }
