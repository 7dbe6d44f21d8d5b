// Package gerrit starts a real Gerrit Code Review 3.9.1 on loopback, from jars
// of Maven Central, for tests under the build tag "real". The site is set up
// once (about half a minute and 88 MB) and kept in the user's cache folder; each
// server runs on a copy of its own.
//
// Accounts: admin; recheckbot and zuul (service users: they stream events and
// vote Verified); alice. Projects: openstack/nova, and openstack/secret, which
// the service users cannot read.
//
// It may be imported by tests only.
package gerrit

import (
	"bytes"
	"crypto/sha256"
	_ "embed" // the launcher travels with the package
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

//go:embed gerrit.sh
var launcher []byte

//go:embed pom.xml
var pom []byte

// Password is every account's HTTP password.
const Password = "secret"

// Server is one Gerrit on a folder of its own.
type Server struct {
	Dir        string
	SSHAddr    string // "127.0.0.1:port"
	URL        string // of REST, without a slash at the end
	KnownHosts string // path of a file that holds the server's key
	script     string
}

// Start starts a server for one test and kills it at its end. What is missing
// on the machine fails the test, with the way to install it.
func Start(t testing.TB) *Server {
	t.Helper()
	s, err := New(filepath.Join(t.TempDir(), "gerrit"))
	if err == nil {
		t.Cleanup(func() { _ = s.Kill() })
		err = s.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// New makes a server in dir, which must not exist, with free ports. It does
// not start it.
func New(dir string) (*Server, error) {
	if err := tools(); err != nil {
		return nil, err
	}
	base, err := cached()
	if err != nil {
		return nil, err
	}
	sshPort, httpPort, err := freePorts()
	if err != nil {
		return nil, err
	}
	s := &Server{
		Dir: dir, SSHAddr: "127.0.0.1:" + sshPort, URL: "http://127.0.0.1:" + httpPort,
		KnownHosts: filepath.Join(dir, "known_hosts"), script: filepath.Join(base, "gerrit.sh"),
	}
	return s, s.run("copy", filepath.Join(base, "base"), dir, sshPort, httpPort)
}

// KeyFile is the private SSH key of an account.
func (s *Server) KeyFile(user string) string { return filepath.Join(s.Dir, "keys", user) }

// Start returns when SSH and HTTP answer.
func (s *Server) Start() error { return s.run("start", s.Dir) }

// Stop ends the server in good order.
func (s *Server) Stop() error { return s.run("stop", s.Dir) }

// Kill ends it by SIGKILL, frozen or not.
func (s *Server) Kill() error { return s.run("kill", s.Dir) }

// Freeze stops the process: its connections stand and it says nothing.
func (s *Server) Freeze() error { return s.run("freeze", s.Dir) }

// Thaw ends Freeze.
func (s *Server) Thaw() error { return s.run("thaw", s.Dir) }

// REST sends a request as user and returns the JSON, without Gerrit's guard.
// path begins with a slash, such as /changes/; json "" sends none.
func (s *Server) REST(user, method, path, json string) ([]byte, error) {
	req, err := http.NewRequest(method, s.URL+"/a"+path, strings.NewReader(json))
	if err != nil {
		return nil, err
	}
	req.SetBasicAuth(user, Password)
	if json != "" {
		req.Header.Set("Content-Type", "application/json; charset=UTF-8")
	}
	client := &http.Client{Timeout: time.Minute}
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode >= 300 {
		err = fmt.Errorf("gerrit: %s %s: %s: %s", method, path, resp.Status, body)
	}
	return bytes.TrimPrefix(body, []byte(")]}'\n")), err
}

func (s *Server) run(args ...string) error { return run(s.script, args...) }

func run(script string, args ...string) error {
	out, err := exec.Command("bash", append([]string{script}, args...)...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("gerrit.sh %s: %w: %s", strings.Join(args, " "), err, out)
	}
	return nil
}

// tools names everything that is missing, at once.
func tools() error {
	var missing []string
	for _, tool := range []string{"java", "mvn", "git", "ssh-keygen", "curl", "jq", "setsid"} {
		if tool == "java" && os.Getenv("GERRIT_JAVA") != "" {
			continue
		}
		if _, err := exec.LookPath(tool); err != nil {
			missing = append(missing, tool)
		}
	}
	if missing == nil {
		return nil
	}
	return fmt.Errorf("a real Gerrit needs %s; on Debian: "+
		"apt-get install openjdk-17-jre-headless maven git openssh-client curl jq util-linux", strings.Join(missing, ", "))
}

// cached sets up the site that all servers are copies of, unless it is there,
// and returns the folder that holds it as "base" and the launcher.
func cached() (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(append(append([]byte(os.Getenv("GERRIT_VERSION")+os.Getenv("GERRIT_JAVA")), launcher...), pom...))
	dir = filepath.Join(dir, "recheckbot-test", "gerrit-"+hex.EncodeToString(sum[:6]))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	unlock, err := lock(filepath.Join(dir, "lock"))
	if err != nil {
		return "", err
	}
	defer unlock()
	return dir, prepare(dir)
}

func prepare(dir string) error {
	script, base := filepath.Join(dir, "gerrit.sh"), filepath.Join(dir, "base")
	err := errors.Join(os.WriteFile(script, launcher, 0o755), os.WriteFile(filepath.Join(dir, "pom.xml"), pom, 0o644))
	if err != nil {
		return err
	}
	if _, err := os.Stat(base); err == nil {
		return nil
	}
	sshPort, httpPort, err := freePorts()
	if err != nil {
		return err
	}
	half := base + ".new" // what an interrupted setup left is made anew
	if err := os.RemoveAll(half); err != nil {
		return err
	}
	if err := run(script, "setup", half, sshPort, httpPort); err != nil {
		return errors.Join(err, run(script, "kill", half))
	}
	return os.Rename(half, base)
}

// lock keeps two test processes from setting up at once.
func lock(path string) (func(), error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return func() { f.Close() }, nil
}

func freePorts() (string, string, error) {
	var ports [2]string
	for i := range ports {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return "", "", err
		}
		defer l.Close()
		ports[i] = strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
	}
	return ports[0], ports[1], nil
}
