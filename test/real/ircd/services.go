package ircd

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Services are Atheme's, linked to an InspIRCd: NickServ, and SASL for clients.
type Services struct {
	dir  string
	cmd  *exec.Cmd
	done chan struct{}
}

// servicesName is their name as a server, which the daemon's configuration knows.
const servicesName = "services.example.net"

// linkPassword is what daemon and services tell each other.
const linkPassword = "linked"

// StartServices starts Atheme beside d, which must be an InspIRCd that was started
// with Options.Services, and returns when they are linked.
func StartServices(ctx context.Context, d *Daemon) (*Services, error) {
	path, err := exec.LookPath("atheme-services")
	if err != nil {
		return nil, fmt.Errorf("ircd: atheme-services %w: apt-get install atheme-services", ErrMissing)
	}
	dir, err := os.MkdirTemp("", "atheme")
	if err != nil {
		return nil, fmt.Errorf("ircd: %w", err)
	}
	s := &Services{dir: dir, done: make(chan struct{})}
	if err := s.launch(path, d); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	if err := s.linked(ctx, d); err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	return s, nil
}

func (s *Services) launch(path string, d *Daemon) error {
	_, port, err := net.SplitHostPort(d.link)
	if err != nil {
		return fmt.Errorf("ircd: services need a daemon with Options.Services: %w", err)
	}
	config := filepath.Join(s.dir, "atheme.conf")
	if err := os.WriteFile(config, []byte(athemeConfig(port)), 0o600); err != nil {
		return fmt.Errorf("ircd: %w", err)
	}
	s.cmd = exec.Command(path, "-n", "-c", config, "-l", s.file("log"), "-p", s.file("pid"), "-D", s.dir)
	if os.Getuid() == 0 { // which Atheme does not want to be
		s.cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
		if err := errors.Join(os.Chown(s.dir, nobody, nobody), os.Chown(config, nobody, nobody)); err != nil {
			return fmt.Errorf("ircd: %w", err)
		}
	}
	if err := s.cmd.Start(); err != nil {
		return fmt.Errorf("ircd: start atheme-services: %w", err)
	}
	go func() {
		defer close(s.done)
		_ = s.cmd.Wait() // that it ended, linked shows
	}()
	return nil
}

// athemeConfig follows Atheme's dist/atheme.conf.example.
func athemeConfig(port string) string {
	var b strings.Builder
	for _, module := range []string{
		"protocol/inspircd", "backend/opensex", "crypto/posix", "nickserv/main", "nickserv/register", "nickserv/identify", "saslserv/main", "saslserv/plain",
	} {
		fmt.Fprintf(&b, "loadmodule \"modules/%s\";\n", module)
	}
	fmt.Fprintf(&b, `serverinfo {
	name = %q; desc = "services"; numeric = "00A"; recontime = 1; netname = "ExampleNet"; hidehostsuffix = "users.example.net";
	adminname = "nobody"; adminemail = "nobody@example.net"; registeremail = "nobody@example.net"; mta = "/bin/true";
	loglevel = { error; info; network; }; maxlogins = 5; maxusers = 0; maxnicks = 5; maxchans = 5;
	mdlimit = 30; emaillimit = 10; emailtime = 300; auth = none; casemapping = rfc1459;
};
uplink "irc.example.net" { host = "127.0.0.1"; port = %s; send_password = %q; receive_password = %q; };
nickserv { nick = "NickServ"; user = "NickServ"; host = %q; real = "services"; };
saslserv { nick = "SaslServ"; user = "SaslServ"; host = %q; real = "services"; };
general { commit_interval = 5; };
`, servicesName, port, linkPassword, linkPassword, servicesName, servicesName)
	return b.String()
}

// linked waits until the daemon tells clients of SASL.
func (s *Services) linked(ctx context.Context, d *Daemon) error {
	ctx, cancel := context.WithTimeout(ctx, startWait)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		offer, err := offered(ctx, d.Addr)
		if strings.Contains(offer, "sasl=PLAIN") {
			return nil
		}
		select {
		case <-s.done:
			return fmt.Errorf("ircd: atheme-services ended at once:\n%s", s.Log())
		case <-ctx.Done():
			return fmt.Errorf("ircd: atheme-services is not linked: offered %q, %w\n%s", offer, errors.Join(err, ctx.Err()), s.Log())
		case <-tick.C:
		}
	}
}

// offered is the first line that a client is told of capabilities.
func offered(ctx context.Context, addr string) (string, error) {
	conn, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "tcp", addr)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(time.Second)); err != nil {
		return "", err
	}
	if _, err := conn.Write([]byte("CAP LS 302\r\n")); err != nil {
		return "", err
	}
	buf := make([]byte, 4096)
	n, err := conn.Read(buf)
	return string(buf[:n]), err
}

func (s *Services) file(name string) string { return filepath.Join(s.dir, "atheme."+name) }

// Log is what the services have printed.
func (s *Services) Log() string {
	text, err := os.ReadFile(s.file("log"))
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// Stop kills the services and removes their directory.
func (s *Services) Stop() error {
	err := s.cmd.Process.Kill()
	<-s.done
	if errors.Is(err, os.ErrProcessDone) {
		err = nil
	}
	return errors.Join(err, os.RemoveAll(s.dir))
}
