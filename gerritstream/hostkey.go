package gerritstream

import (
	"errors"
	"fmt"
	"net"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"
)

// HostKeyError says that the server's host key is not the one that is trusted.
// Its text shows the key and says what to do.
type HostKeyError struct {
	Addr        string
	Fingerprint string   // of the key that the server showed, "SHA256:..."
	Type        string   // such as "ssh-ed25519"
	Line        string   // the known_hosts line of that key
	Known       []string // fingerprints that are trusted instead; empty: the server is unknown
	Source      string   // where they stand: a path with lines, or "the pinned host key"
	Pinned      bool
	Revoked     bool
}

// Changed reports whether another key was trusted for this server.
func (e *HostKeyError) Changed() bool { return len(e.Known) > 0 }

// Error implements error.
func (e *HostKeyError) Error() string {
	shown := fmt.Sprintf("the host key of %s is %s (%s)", e.Addr, e.Fingerprint, e.Type)
	fix := fmt.Sprintf("add this line to %s: %s", e.Source, e.Line)
	if e.Pinned {
		fix = "set the pinned host key to " + e.Fingerprint
	}
	switch {
	case e.Revoked:
		return fmt.Sprintf("%s, which %s marks as revoked: refused; ask the server's admins", shown, e.Source)
	case e.Changed():
		return fmt.Sprintf("%s, but %s says %s: refused. This is possibly an attack: ask the server's admins whether the key was changed; "+
			"only if they confirm this very fingerprint, replace the old one: %s", shown, e.Source, strings.Join(e.Known, ", "), fix)
	}
	return fmt.Sprintf("%s, and it is unknown: refused. Compare it with what the server's admins publish; if it is the same, %s", shown, fix)
}

// families are the groups of host key algorithms of which a server has one key
// each, as the server is asked for them one after the other.
func families() [][]string {
	return [][]string{
		{ssh.KeyAlgoED25519},
		{ssh.KeyAlgoECDSA256}, {ssh.KeyAlgoECDSA384}, {ssh.KeyAlgoECDSA521},
		{ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256},
	}
}

// hostKeys checks one server's host key.
type hostKeys struct {
	addr string
	pin  string // "SHA256:..." or
	path string // known_hosts
	mu   sync.Mutex
	db   ssh.HostKeyCallback // of path, as it was at the last connect
	good []string            // the algorithms of the pinned key, once one fitted
}

var pinForm = regexp.MustCompile(`^SHA256:[A-Za-z0-9+/]{43}$`)

func newHostKeys(addr, path, pin string) (*hostKeys, error) {
	h := &hostKeys{addr: addr, pin: strings.TrimRight(pin, "="), path: path}
	if pin != "" {
		if !pinForm.MatchString(h.pin) {
			return nil, errors.New("the pinned host key is not of the form SHA256: and 43 characters (ssh-keygen -lf KEY prints it)")
		}
		return h, nil
	}
	return h, h.load()
}

// load reads known_hosts: before every connect, so that a line that an admin
// adds helps a running bot.
func (h *hostKeys) load() error {
	if _, err := os.Stat(h.path); err != nil {
		return fmt.Errorf("known_hosts: %w", err)
	}
	db, err := knownhosts.New(h.path)
	if err != nil {
		return fmt.Errorf("known_hosts %s: %w", h.path, err)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.db = db
	return nil
}

// attempts lists the algorithm sets to offer, one per connection attempt. With
// known_hosts it is the types it has for this server, as a server that has
// several keys would else show one that is not in the file; then any, so that
// an error can show the key of a server that has none of these types any more.
// A pin does not say its type, so each is asked for until one fits; that one is
// remembered.
func (h *hostKeys) attempts() ([][]string, error) {
	if h.pin == "" {
		if err := h.load(); err != nil {
			return nil, err
		}
		if known := h.knownAlgorithms(); known != nil {
			return [][]string{known, nil}, nil
		}
		return [][]string{nil}, nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.good == nil {
		return families(), nil
	}
	all := [][]string{h.good}
	for _, f := range families() {
		if !slices.Equal(f, h.good) {
			all = append(all, f)
		}
	}
	return all, nil
}

// fits remembers algorithms under which the pinned key was shown.
func (h *hostKeys) fits(algorithms []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.good = algorithms
}

// knownAlgorithms asks known_hosts for a key that nobody has: its answer lists
// those that it has. nil, for a server that is not there, means any.
func (h *hostKeys) knownAlgorithms() []string {
	err := h.check(h.addr, noAddr{}, nobodysKey{})
	ke, ok := errors.AsType[*knownhosts.KeyError](err)
	if !ok {
		return nil
	}
	var algos []string
	for _, w := range ke.Want {
		t := w.Key.Type()
		if t == ssh.KeyAlgoRSA {
			algos = append(algos, ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256)
			continue
		}
		algos = append(algos, t)
	}
	return algos
}

func (h *hostKeys) check(host string, remote net.Addr, key ssh.PublicKey) error {
	h.mu.Lock()
	db := h.db
	h.mu.Unlock()
	return db(host, remote, key)
}

// callback is the ssh.HostKeyCallback.
func (h *hostKeys) callback(host string, remote net.Addr, key ssh.PublicKey) error {
	e := &HostKeyError{
		Addr: h.addr, Fingerprint: ssh.FingerprintSHA256(key), Type: key.Type(),
		Line: knownhosts.Line([]string{knownhosts.Normalize(h.addr)}, key), Source: h.path,
	}
	if h.pin != "" {
		if e.Fingerprint == h.pin {
			return nil
		}
		e.Pinned, e.Source, e.Known = true, "the pinned host key", []string{h.pin}
		return e
	}
	err := h.check(host, remote, key)
	if err == nil {
		return nil
	}
	return explain(e, err)
}

// otherKeyMayFit reports whether err is such that the server may have a key of
// another type that is trusted.
func (h *hostKeys) otherKeyMayFit(err error) bool {
	if _, ok := errors.AsType[*HostKeyError](err); ok {
		return h.pin != ""
	}
	_, ok := errors.AsType[*ssh.AlgorithmNegotiationError](err)
	return ok
}

// explain turns the answer of the known_hosts reader into e.
func explain(e *HostKeyError, err error) error {
	if _, ok := errors.AsType[*knownhosts.RevokedError](err); ok {
		e.Revoked = true
		return e
	}
	ke, ok := errors.AsType[*knownhosts.KeyError](err)
	if !ok {
		return fmt.Errorf("known_hosts: %w", err)
	}
	for _, w := range ke.Want {
		e.Known = append(e.Known, fmt.Sprintf("%s (%s, line %d)", ssh.FingerprintSHA256(w.Key), w.Key.Type(), w.Line))
	}
	return e
}

// noAddr and nobodysKey are for the question which keys known_hosts has.
type noAddr struct{}

func (noAddr) Network() string { return "tcp" }
func (noAddr) String() string  { return "0.0.0.0:0" }

type nobodysKey struct{}

func (nobodysKey) Type() string                        { return "nobody" }
func (nobodysKey) Marshal() []byte                     { return []byte("nobody") }
func (nobodysKey) Verify([]byte, *ssh.Signature) error { return errors.New("no key") }
