package gerrit

import (
	"cmp"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/gliderlabs/ssh"
	gossh "golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"
)

// Options of a Server. Every zero value has a default.
type Options struct {
	Addr    string           // of SSH; default "127.0.0.1:0", a free port
	Now     func() time.Time // the server's clock; default time.Now
	Version string           // default "3.9.1"
	REST    bool             // also serve messages and comments over HTTP, see URL
}

// Server is one Gerrit. It is safe for concurrent use.
type Server struct {
	o    Options
	gate gate

	mu       sync.Mutex
	host     []gossh.Signer // an ed25519 key and an ecdsa key, as real servers have several
	addr     string
	ssh      *ssh.Server  // nil while down
	listener net.Listener // of ssh: closed by us, as ssh.Server knows it only once it serves
	web      *http.Server
	url      string
	conns    map[*gatedConn]bool
	accounts map[string]*account
	changes  map[int64]*change
	lastNum  int64
	lastID   int64
	streams  map[*stream]bool
	onPost   []func(Posted)
	faults   faults
	wg       sync.WaitGroup
}

// Start starts a Gerrit on loopback.
func Start(o Options) (*Server, error) {
	o.Addr = cmp.Or(o.Addr, "127.0.0.1:0")
	o.Version = cmp.Or(o.Version, "3.9.1")
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &Server{
		o: o, addr: o.Addr, conns: map[*gatedConn]bool{}, accounts: map[string]*account{},
		changes: map[int64]*change{}, streams: map[*stream]bool{},
	}
	if err := s.NewHostKey(); err != nil {
		return nil, err
	}
	if err := s.Up(); err != nil {
		return nil, err
	}
	if o.REST {
		if err := s.startREST(); err != nil {
			return nil, errors.Join(err, s.Close())
		}
	}
	return s, nil
}

// NewHostKey replaces the host keys, for connections after the next Up.
func (s *Server) NewHostKey() error {
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return fmt.Errorf("fake gerrit: host key: %w", err)
	}
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("fake gerrit: host key: %w", err)
	}
	var host []gossh.Signer
	for _, key := range []any{ed, ec} {
		signer, err := gossh.NewSignerFromKey(key)
		if err != nil {
			return fmt.Errorf("fake gerrit: host key: %w", err)
		}
		host = append(host, signer)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.host = host
	return nil
}

// Up listens (again), on the same port as before.
func (s *Server) Up() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ssh != nil {
		return nil
	}
	l, err := net.Listen("tcp", s.addr)
	if err != nil {
		return fmt.Errorf("fake gerrit: %w", err)
	}
	s.addr = l.Addr().String()
	srv := &ssh.Server{Handler: s.handle, PublicKeyHandler: s.known, Version: "GerritCodeReview_" + s.o.Version}
	for _, key := range s.host {
		srv.AddHostKey(key)
	}
	s.ssh, s.listener = srv, l
	s.wg.Go(func() { _ = srv.Serve(&gatedListener{Listener: l, s: s}) }) // ends with Down
	return nil
}

// Down stops listening and cuts every connection, as a killed server does.
// What was said stays.
func (s *Server) Down() {
	s.mu.Lock()
	srv, l := s.ssh, s.listener
	s.ssh, s.listener = nil, nil
	s.mu.Unlock()
	if srv != nil {
		l.Close()
		srv.Close()
	}
	s.Cut()
}

// Close ends the server and waits for its goroutines.
func (s *Server) Close() error {
	s.Thaw()
	s.Down()
	if s.web != nil {
		s.web.Close()
	}
	s.wg.Wait()
	return nil
}

// Addr is "host:port" of SSH.
func (s *Server) Addr() string { s.mu.Lock(); defer s.mu.Unlock(); return s.addr }

// URL is the address of REST, "" without.
func (s *Server) URL() string { return s.url }

// HostKeySHA256 is the fingerprint of the ed25519 host key, "SHA256:...".
func (s *Server) HostKeySHA256() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return gossh.FingerprintSHA256(s.host[0].PublicKey())
}

// KnownHostsLine is the known_hosts line of the ed25519 host key.
func (s *Server) KnownHostsLine() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return knownhosts.Line([]string{s.addr}, s.host[0].PublicKey())
}

// Connections is how many TCP connections are open.
func (s *Server) Connections() int { s.mu.Lock(); defer s.mu.Unlock(); return len(s.conns) }

// Streams is how many stream-events are running.
func (s *Server) Streams() int { s.mu.Lock(); defer s.mu.Unlock(); return len(s.streams) }

// account is someone who may sign in.
type account struct {
	id       int64
	username string
	name     string
	email    string
	key      ssh.PublicKey
	service  bool
	password string
}

// AddAccount adds an account. pubkey is a line of an authorized_keys file, ""
// for one who never signs in. A service user may stream events and vote
// Verified.
func (s *Server) AddAccount(username, name, email, pubkey string, serviceUser bool) error {
	a := &account{username: username, name: name, email: email, service: serviceUser}
	if pubkey != "" {
		key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(pubkey))
		if err != nil {
			return fmt.Errorf("fake gerrit: key of %s: %w", username, err)
		}
		a.key = key
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	a.id = 1000000 + int64(len(s.accounts))
	s.accounts[username] = a
	return nil
}

// SetPassword sets an account's HTTP password.
func (s *Server) SetPassword(username, password string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a := s.accounts[username]; a != nil {
		a.password = password
	}
}

// WriteKey makes an ed25519 key, writes the private half to path and returns
// the public one as AddAccount takes it.
func WriteKey(path string) (pubkey string, err error) {
	pub, priv, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return "", fmt.Errorf("fake gerrit: key: %w", err)
	}
	block, err := gossh.MarshalPrivateKey(priv, "")
	if err != nil {
		return "", fmt.Errorf("fake gerrit: key: %w", err)
	}
	if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
		return "", fmt.Errorf("fake gerrit: key: %w", err)
	}
	sshPub, err := gossh.NewPublicKey(pub)
	if err != nil {
		return "", fmt.Errorf("fake gerrit: key: %w", err)
	}
	return strings.TrimSpace(string(gossh.MarshalAuthorizedKey(sshPub))), nil
}

// known is the public key check.
func (s *Server) known(ctx ssh.Context, key ssh.PublicKey) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.accounts[ctx.User()]
	return a != nil && a.key != nil && ssh.KeysEqual(a.key, key)
}

// handle runs one command.
func (s *Server) handle(session ssh.Session) {
	words := split(session.RawCommand())
	if len(words) < 2 || words[0] != "gerrit" {
		fail(session, 1, "fatal: Gerrit Code Review: "+strings.Join(words, " ")+": not found\n")
		return
	}
	s.mu.Lock()
	who := s.accounts[session.User()]
	s.mu.Unlock()
	switch words[1] {
	case "version":
		fmt.Fprintf(session, "gerrit version %s\n", s.o.Version)
	case "stream-events":
		s.streamEvents(session, who, words[2:])
	case "query":
		s.query(session, words[2:])
	case "review":
		s.review(session, who, words[2:])
	default:
		fail(session, 1, "fatal: gerrit: "+words[1]+": not found\n")
	}
}

// fail ends a command as Gerrit does: the text on standard error, then the
// status.
func fail(session ssh.Session, status int, text string) {
	fmt.Fprint(session.Stderr(), text)
	_ = session.Exit(status)
}

// split cuts a command line into words as Gerrit's SSH daemon does: single
// quotes take everything as it is, double quotes everything but a backslash,
// and no character but these four means anything.
func split(line string) []string {
	var words []string
	var word strings.Builder
	single, double := false, false
	for i := 0; i < len(line); i++ {
		switch b := line[i]; {
		case (b == ' ' || b == '\t') && !single && !double:
			if word.Len() > 0 {
				words = append(words, word.String())
				word.Reset()
			}
		case b == '"' && !single:
			double = !double
		case b == '\'' && !double:
			single = !single
		case b == '\\' && !single && i+1 < len(line):
			i++
			word.WriteByte(line[i])
		default:
			word.WriteByte(b)
		}
	}
	if word.Len() > 0 {
		words = append(words, word.String())
	}
	return words
}
