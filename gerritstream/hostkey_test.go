package gerritstream_test

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/recheckbot/recheckbot/gerritstream"
	"github.com/recheckbot/recheckbot/internal/fake/gerrit"
)

const otherPin = "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

// known sets known_hosts in place of the pin.
func (w *world) known(t *testing.T, text string) {
	w.Opt.HostKey, w.Opt.KnownHosts = "", write(t, "known_hosts", text)
}

func TestHostKeyAccepted(t *testing.T) {
	for name, set := range map[string]func(*testing.T, *world){
		// The server's first choice is its other key, of another type.
		"pin":         func(*testing.T, *world) {},
		"known_hosts": func(t *testing.T, w *world) { w.known(t, w.KnownHostsLine()+"\n") },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, gerrit.Options{})
			set(t, w)
			for range 2 {
				v, err := w.client(t).Version(t.Context())
				must(t, err)
				if v != "3.9.1" {
					t.Errorf("version %q", v)
				}
			}
		})
	}
}

func TestUnknownHostKeyIsRefusedAndTheLineToAddHelps(t *testing.T) {
	w := newWorld(t, gerrit.Options{})
	w.known(t, "")
	_, err := w.client(t).Version(t.Context())
	he, ok := errors.AsType[*gerritstream.HostKeyError](err)
	if !ok || he.Changed() {
		t.Fatalf("%v", err)
	}
	for _, want := range []string{he.Fingerprint, "unknown: refused", "add this line to " + w.Opt.KnownHosts, he.Line} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in %q", want, err)
		}
	}
	w.known(t, he.Line+"\n")
	_, err = w.client(t).Version(t.Context())
	must(t, err)
}

func TestChangedHostKeyIsRefusedAsAPossibleAttack(t *testing.T) {
	for name, set := range map[string]func(*testing.T, *world){
		"known_hosts": func(t *testing.T, w *world) { w.known(t, w.KnownHostsLine()+"\n") },
		"pin":         func(t *testing.T, w *world) {},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, gerrit.Options{})
			set(t, w)
			old := w.HostKeySHA256()
			w.Down()
			must(t, w.NewHostKey())
			must(t, w.Up())
			_, err := w.client(t).Version(t.Context())
			he, ok := errors.AsType[*gerritstream.HostKeyError](err)
			if !ok || !he.Changed() {
				t.Fatalf("%v", err)
			}
			for _, want := range []string{"possibly an attack", "ask the server's admins", he.Fingerprint, old} {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q is not in %q", want, err)
				}
			}
		})
	}
}

func TestWrongPinNamesTheOneToSet(t *testing.T) {
	w := newWorld(t, gerrit.Options{})
	w.Opt.HostKey = otherPin
	_, err := w.client(t).Version(t.Context())
	if want := "set"; err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), w.HostKeySHA256()) {
		t.Errorf("%v", err)
	}
	if !errors.Is(err, gerritstream.ErrNotSent) {
		t.Error("nothing was sent, and the error does not say so")
	}
}

func TestRevokedHostKeyIsRefused(t *testing.T) {
	w := newWorld(t, gerrit.Options{})
	w.known(t, w.KnownHostsLine()+"\n@revoked "+w.KnownHostsLine()+"\n")
	if _, err := w.client(t).Version(t.Context()); err == nil || !strings.Contains(err.Error(), "revoked") {
		t.Errorf("%v", err)
	}
}

func TestAServerThatIsNotSSHEnds(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			defer c.Close() // accepts, and never says a word
		}
	}()
	w := newWorld(t, gerrit.Options{})
	w.Opt.Addr, w.Opt.ConnectTimeout = l.Addr().String(), 100*time.Millisecond
	if _, err := w.client(t).Version(t.Context()); err == nil || !strings.Contains(err.Error(), "no SSH handshake within") {
		t.Errorf("%v", err)
	}
}

func TestOptionsAreChecked(t *testing.T) {
	w := newWorld(t, gerrit.Options{})
	for name, c := range map[string]struct {
		change func(*gerritstream.Options)
		want   string
	}{
		"no host key":     {func(o *gerritstream.Options) { o.HostKey = "" }, "one of the two"},
		"both":            {func(o *gerritstream.Options) { o.KnownHosts = "/dev/null" }, "one of the two"},
		"pin":             {func(o *gerritstream.Options) { o.HostKey = "MD5:00" }, "43 characters"},
		"known_hosts":     {func(o *gerritstream.Options) { o.HostKey, o.KnownHosts = "", "/nowhere/known" }, "/nowhere/known"},
		"key file":        {func(o *gerritstream.Options) { o.KeyFile = "/nowhere/key" }, "/nowhere/key"},
		"no key":          {func(o *gerritstream.Options) { o.KeyFile = write(t, "key", "hunter2") }, "key file"},
		"kind":            {func(o *gerritstream.Options) { o.Kinds = []string{"a; rm"} }, "letters"},
		"address":         {func(o *gerritstream.Options) { o.Addr = "" }, "no address"},
		"user in the URL": {func(o *gerritstream.Options) { o.HTTPURL = "https://u:hunter2@host" }, "without a user"},
	} {
		t.Run(name, func(t *testing.T) {
			o := w.Opt
			c.change(&o)
			_, err := gerritstream.New(o)
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(fmt.Sprint(err), "hunter2") {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestARefusedUserIsToldWhatToDo(t *testing.T) {
	w := newWorld(t, gerrit.Options{})
	w.Opt.User = "nobody"
	if _, err := w.client(t).Version(t.Context()); err == nil || !strings.Contains(err.Error(), "add its public key to the account") {
		t.Errorf("%v", err)
	}
}
