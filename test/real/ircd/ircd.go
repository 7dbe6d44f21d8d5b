// Package ircd starts the IRC daemons that Debian ships, for tests against the
// real thing: a minimal configuration in a directory of its own, on free ports
// of the loopback interface. It starts and stops them and knows nothing of
// recheckbot.
package ircd

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// Kind is which daemon.
type Kind string

// The daemons, by the name of their Debian package.
const (
	NgIRCd   Kind = "ngircd"
	InspIRCd Kind = "inspircd"
	Hybrid   Kind = "ircd-hybrid"
)

// ErrMissing says that a daemon is not installed.
var ErrMissing = errors.New("is not installed")

// Options shape a daemon. The zero value is an open one.
type Options struct {
	Password string // wanted of every client; "" none
	Services bool   // InspIRCd only: let StartServices link Atheme to it
	NickLen  int    // longest nick; 0: the daemon's own default (ngircd 9, InspIRCd 30; 30 for ircd-hybrid)
}

// Daemon is a running daemon.
type Daemon struct {
	Kind    Kind
	Addr    string         // plain text, host:port
	TLSAddr string         // TLS, host:port
	Roots   *x509.CertPool // what the TLS certificate verifies against

	dir  string
	link string // where services connect; "" nowhere
	args []string
	cmd  *exec.Cmd
	done chan struct{} // closed when cmd has ended
}

// startWait bounds how long a daemon may take to listen.
const startWait = 30 * time.Second

// Start writes the configuration and starts the daemon; it listens when Start
// returns. Call Stop in the end.
func Start(ctx context.Context, kind Kind, o Options) (*Daemon, error) {
	path, err := find(kind)
	if err != nil {
		return nil, err
	}
	d := &Daemon{Kind: kind}
	if d.dir, err = os.MkdirTemp("", "irc"); err != nil {
		return nil, fmt.Errorf("ircd: %w", err)
	}
	if err := d.configure(path, o); err != nil {
		return nil, errors.Join(err, os.RemoveAll(d.dir))
	}
	if err := d.Launch(ctx); err != nil {
		return nil, errors.Join(err, d.Stop())
	}
	return d, nil
}

// find looks also in /usr/sbin, which is on root's path only.
func find(kind Kind) (string, error) {
	places := []string{string(kind), filepath.Join("/usr/sbin", string(kind))}
	if kind == Hybrid {
		places = append([]string{filepath.Join(HybridDir(), "usr/sbin", string(kind))}, places...)
	}
	for _, name := range places {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	if kind == Hybrid {
		return "", fmt.Errorf("ircd: %s %w: unpack its package into %s", kind, ErrMissing, HybridDir())
	}
	return "", fmt.Errorf("ircd: %s %w: apt-get install %s", kind, ErrMissing, kind)
}

func (d *Daemon) configure(path string, o Options) error {
	ports, err := freePorts()
	if err != nil {
		return err
	}
	plain, secure := ports[0], ports[1]
	d.Addr, d.TLSAddr = loopback(plain), loopback(secure)
	if d.Roots, err = writeCertificate(d.dir); err != nil {
		return err
	}
	config := filepath.Join(d.dir, "ircd.conf")
	var text string
	switch d.Kind {
	case NgIRCd:
		text = ngircdConfig(d.dir, plain, secure, o)
		d.args = []string{path, "--nodaemon", "--config", config}
	case InspIRCd:
		text = inspircdConfig(d.dir, plain, secure, o)
		if o.Services {
			d.link = loopback(ports[2])
			text += linkConfig(ports[2])
		}
		d.args = []string{path, "--nofork", "--nopid", "--config", config}
		if os.Getuid() == 0 {
			d.args = append(d.args, "--runasroot")
		}
	case Hybrid:
		if path, err = relocate(path, d.dir); err != nil {
			return err
		}
		text = hybridConfig(d.dir, plain, secure, o)
		d.args = hybridArgs(d.dir, path, config)
	}
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		return fmt.Errorf("ircd: %w", err)
	}
	if d.Kind == Hybrid {
		return d.giveAway()
	}
	return nil
}

// Launch starts the daemon, again after Kill, on the same ports.
func (d *Daemon) Launch(ctx context.Context) error {
	log, err := os.OpenFile(d.logFile(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("ircd: %w", err)
	}
	defer log.Close()
	d.cmd, d.done = exec.Command(d.args[0], d.args[1:]...), make(chan struct{})
	d.cmd.Dir, d.cmd.Stdout, d.cmd.Stderr = d.dir, log, log
	if d.Kind == Hybrid && os.Getuid() == 0 {
		d.cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
	if err := d.cmd.Start(); err != nil {
		return fmt.Errorf("ircd: start %s: %w", d.Kind, err)
	}
	go func() {
		defer close(d.done)
		_ = d.cmd.Wait() // how it ended does not matter; that it did, listening shows
	}()
	return d.listening(ctx)
}

// listening waits until a connection is taken.
func (d *Daemon) listening(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startWait)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", d.Addr)
		if err == nil {
			return conn.Close()
		}
		select {
		case <-d.done:
			return fmt.Errorf("ircd: %s ended at once:\n%s", d.Kind, d.Log())
		case <-ctx.Done():
			return fmt.Errorf("ircd: %s does not listen: %w\n%s", d.Kind, err, d.Log())
		case <-tick.C:
		}
	}
}

// Kill ends the daemon by SIGKILL, as a crash would.
func (d *Daemon) Kill() error {
	if d.cmd == nil || d.cmd.Process == nil {
		return nil
	}
	err := d.cmd.Process.Kill()
	<-d.done
	if errors.Is(err, os.ErrProcessDone) {
		return nil
	}
	return err
}

// Freeze stops the daemon by SIGSTOP: it neither answers nor closes. Thaw lets it
// go on.
func (d *Daemon) Freeze() error { return d.cmd.Process.Signal(syscall.SIGSTOP) }

// Thaw ends Freeze.
func (d *Daemon) Thaw() error { return d.cmd.Process.Signal(syscall.SIGCONT) }

// Stop kills the daemon, which has nothing to lose, and removes its directory.
func (d *Daemon) Stop() error { return errors.Join(d.Kill(), os.RemoveAll(d.dir)) }

// Log is what the daemon has printed.
func (d *Daemon) Log() string {
	text, err := os.ReadFile(d.logFile())
	own, _ := os.ReadFile(filepath.Join(d.dir, "hybrid.log")) // ircd-hybrid prints next to nothing
	if err != nil {
		return err.Error()
	}
	return string(text) + string(own)
}

func (d *Daemon) logFile() string { return filepath.Join(d.dir, "ircd.log") }

func loopback(port int) string { return fmt.Sprintf("127.0.0.1:%d", port) }

// freePorts finds ports that nobody listens on: for clients, for clients with TLS,
// for services.
func freePorts() (ports [3]int, err error) {
	for i := range ports {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return ports, fmt.Errorf("ircd: %w", err)
		}
		defer ln.Close()
		ports[i] = ln.Addr().(*net.TCPAddr).Port
	}
	return ports, nil
}
