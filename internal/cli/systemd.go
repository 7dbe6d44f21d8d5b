package cli

import (
	"fmt"
	"net"
	"strconv"
	"time"
)

// supervisor is how to tell systemd that the program is ready and that it moves,
// and how often it wants to hear that: half of the watchdog's time, as
// sd_watchdog_enabled(3) has it. nil and 0 without systemd.
func supervisor(getenv func(string) string, pid int) (notify func(state string) error, every time.Duration) {
	socket := getenv("NOTIFY_SOCKET")
	if socket == "" {
		return nil, 0
	}
	us, err := strconv.ParseInt(getenv("WATCHDOG_USEC"), 10, 64)
	if to := getenv("WATCHDOG_PID"); err == nil && us > 0 && (to == "" || to == strconv.Itoa(pid)) {
		every = time.Duration(us) * time.Microsecond / 2
	}
	return func(state string) error { return sdNotify(socket, state) }, every
}

// sdNotify sends one datagram; see sd_notify(3). A socket that begins with "@"
// is in Linux's abstract namespace, which net knows by that name too.
func sdNotify(socket, state string) error {
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err != nil {
		return fmt.Errorf("sd_notify: %w", err)
	}
	defer conn.Close()
	if err := conn.SetWriteDeadline(time.Now().Add(time.Second)); err != nil {
		return fmt.Errorf("sd_notify: %w", err)
	}
	if _, err := conn.Write([]byte(state)); err != nil {
		return fmt.Errorf("sd_notify: %w", err)
	}
	return nil
}
