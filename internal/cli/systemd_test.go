package cli

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestSupervisor: systemd hears what we say, on the socket that it names, as
// often as it wants.
func TestSupervisor(t *testing.T) {
	for _, socket := range []string{filepath.Join(t.TempDir(), "notify"), "@recheckbot-test-" + filepath.Base(t.TempDir()) + t.Name()} {
		ln, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: socket, Net: "unixgram"})
		if err != nil {
			t.Fatal(err)
		}
		env := map[string]string{"NOTIFY_SOCKET": socket, "WATCHDOG_USEC": "120000000", "WATCHDOG_PID": "7"}
		notify, every := supervisor(func(k string) string { return env[k] }, 7)
		if every != time.Minute {
			t.Errorf("every %s", every)
		}
		if err := notify("READY=1"); err != nil {
			t.Fatal(err)
		}
		buf := make([]byte, 100)
		n, err := ln.Read(buf)
		if err != nil || string(buf[:n]) != "READY=1" {
			t.Errorf("heard %q %v", buf[:n], err)
		}
		ln.Close()
		if err := notify("WATCHDOG=1"); err == nil {
			t.Error("nobody hears, and that is no error")
		}
		if _, every := supervisor(func(k string) string { return env[k] }, 8); every != 0 {
			t.Errorf("another process's watchdog: every %s", every)
		}
	}
	if notify, _ := supervisor(func(string) string { return "" }, 7); notify != nil {
		t.Error("there is no systemd, and it is told")
	}
}

// TestUnit lets systemd itself read the unit file.
func TestUnit(t *testing.T) {
	const unit = "../../contrib/recheckbot.service"
	text, err := os.ReadFile(unit)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"Type=notify", "WatchdogSec=", "Restart=always", "NoNewPrivileges=yes"} {
		if !strings.Contains(string(text), "\n"+line) {
			t.Errorf("no line %s", line)
		}
	}
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("systemd-analyze is missing: the unit file was not read by systemd")
	}
	path := filepath.Join(t.TempDir(), "recheckbot.service")
	at := strings.Replace(string(text), "/usr/local/bin/recheckbot", "/bin/true", 1) // where there is a program
	if err := os.WriteFile(path, []byte(at), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), analyze, "verify", "--man=no", path).CombinedOutput()
	if strings.Contains(string(out), "recheckbot.service") {
		t.Errorf("systemd-analyze: %v\n%s", err, out)
	}
}
