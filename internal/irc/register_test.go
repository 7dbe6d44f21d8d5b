package irc

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/recheckbot/recheckbot/internal/fake/ircd"
)

// certificate is a self-signed one for 127.0.0.1, for either side.
func certificate(t *testing.T) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}, BasicConstraintsValid: true, IsCA: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}

func TestPasswordAndUser(t *testing.T) {
	s := server(t, ircd.Options{Password: "sesame"})
	o := options(s.Addr())
	o.Password, o.User, o.Realname = "sesame", "rb", "recheckbot of the example project"
	launch(t, o, hurried()).joined()
	if got := sent(s, "USER"); len(got) != 1 || got[0] != "USER rb * * :recheckbot of the example project" {
		t.Errorf("sent %q", got)
	}

	o.Password = "wrong"
	b := launch(t, o, hurried())
	b.until("refusal shown", func(st State) bool { return strings.Contains(st.LastError, "Bad password") })
}

// TestSASLPlain: also at and over 400 bytes, where girc loses one.
func TestSASLPlain(t *testing.T) {
	for name, password := range map[string]string{
		"short": "pw", "exactly 400": strings.Repeat("x", 298-len("botbot")), "long": strings.Repeat("y", 500), "exactly 800": strings.Repeat("z", 598-len("botbot")),
	} {
		t.Run(name, func(t *testing.T) {
			s := server(t, ircd.Options{Accounts: map[string]string{"bot": password}})
			o := options(s.Addr())
			o.SASL = &SASL{Mechanism: "PLAIN", User: "bot", Password: password}
			launch(t, o, hurried()).joined()
		})
	}
}

func TestSASLChunks(t *testing.T) {
	a, b := strings.Repeat("a", 400), strings.Repeat("b", 400)
	for _, x := range []struct {
		response string
		want     []string
	}{
		{"", []string{"+"}}, {"abc", []string{"abc"}}, {a, []string{a, "+"}}, {a + "x", []string{a, "x"}}, {a + b, []string{a, b, "+"}},
	} {
		if diff := cmp.Diff(x.want, chunks(x.response)); diff != "" {
			t.Errorf("%d bytes: %s", len(x.response), diff)
		}
	}
}

func TestSASLExternalOverTLS(t *testing.T) {
	ours, theirs := certificate(t), certificate(t)
	sum := sha256.Sum256(ours.Certificate[0])
	roots := x509.NewCertPool()
	roots.AddCert(theirs.Leaf)
	s := server(t, ircd.Options{
		TLS:   &tls.Config{Certificates: []tls.Certificate{theirs}, ClientAuth: tls.RequestClientCert},
		Certs: map[string]string{hex.EncodeToString(sum[:]): "bot"},
	})
	o := options(s.Addr())
	o.TLS, o.TLSConfig = true, &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{ours}}
	o.SASL = &SASL{Mechanism: "EXTERNAL"}
	b := launch(t, o, hurried())
	b.joined()
	if err := b.Say(t.Context(), "#ci", "over TLS"); err != nil {
		t.Error(err)
	}

	o.TLSConfig = &tls.Config{Certificates: []tls.Certificate{ours}} // without the server's root
	b = launch(t, o, hurried())
	b.until("unknown authority refused", func(st State) bool { return strings.Contains(st.LastError, "certificate") })
}

// TestSASLRefusedIsNeverIgnored: the client is not welcomed, says why, and does
// not hammer the server.
func TestSASLRefusedIsNeverIgnored(t *testing.T) {
	accounts := map[string]string{"bot": "right"}
	for name, x := range map[string]struct {
		server ircd.Options
		sasl   SASL
		want   string
	}{
		"wrong password":    {ircd.Options{Accounts: accounts}, SASL{Mechanism: "PLAIN", User: "bot", Password: "wrong"}, "904"},
		"no certificate":    {ircd.Options{Accounts: accounts}, SASL{Mechanism: "EXTERNAL"}, "904"},
		"not offered":       {ircd.Options{}, SASL{Mechanism: "PLAIN", User: "bot", Password: "right"}, "does not offer SASL"},
		"server knows none": {ircd.Options{NoCAP: true}, SASL{Mechanism: "PLAIN", User: "bot", Password: "right"}, "without a login"},
	} {
		t.Run(name, func(t *testing.T) {
			s := server(t, x.server)
			o := options(s.Addr())
			o.SASL = &x.sasl
			b := launch(t, o, hurried())
			st := b.until("refusal shown", func(st State) bool { return strings.Contains(st.LastError, x.want) })
			if st.Connected || !strings.Contains(st.LastError, "SASL") || strings.Contains(st.LastError, "wrong") {
				t.Errorf("state %+v", st)
			}
			time.Sleep(50 * time.Millisecond) // the hurried wait of other failures is 10 ms
			if n := len(sent(s, "CAP LS")); n != 1 {
				t.Errorf("%d attempts", n)
			}
			if n := len(sent(s, "JOIN")); n != 0 {
				t.Errorf("joined unauthenticated")
			}
		})
	}
}

func TestSASLComesBackWhenTheServerRelents(t *testing.T) {
	s := server(t, ircd.Options{Accounts: map[string]string{"bot": "right"}})
	s.RefuseSASL(true)
	o := options(s.Addr())
	o.SASL = &SASL{Mechanism: "PLAIN", User: "bot", Password: "right"}
	p := hurried()
	p.slow = 20 * time.Millisecond
	b := launch(t, o, p)
	b.until("refusal shown", func(st State) bool { return strings.Contains(st.LastError, "904") })
	s.RefuseSASL(false)
	b.joined()
}

func TestNickServBeforeJoin(t *testing.T) {
	s := server(t, ircd.Options{Accounts: map[string]string{"recheckbot": "pw"}})
	o := options(s.Addr())
	o.NickServ = "pw"
	launch(t, o, hurried()).joined()
	var order []string
	for _, line := range s.Lines() {
		if word, _, _ := strings.Cut(line.Text, " "); word == "PRIVMSG" || word == "JOIN" {
			order = append(order, line.Text)
		}
	}
	if diff := cmp.Diff([]string{"PRIVMSG NickServ :IDENTIFY pw", "JOIN #ci"}, order); diff != "" {
		t.Error(diff)
	}

	o.Nick, o.NickServ = "otherbot", "wrong"
	b := launch(t, o, hurried())
	if st := b.joined(); !strings.Contains(st.LastError, "NickServ") || strings.Contains(st.LastError, "wrong") {
		t.Errorf("a refused login is not shown: %+v", st)
	}
}

func TestNickCollision(t *testing.T) {
	s := server(t, ircd.Options{})
	s.Reserve(true, "recheckbot", "recheckbot_", "recheckbot__")
	p := hurried()
	p.regain = 10 * time.Millisecond
	b := launch(t, options(s.Addr()), p)
	if st := b.joined(); st.Nick != "recheckbot___" {
		t.Errorf("called %s", st.Nick)
	}
	s.Reserve(false, "recheckbot")
	b.until("nick regained", func(st State) bool { return st.Nick == "recheckbot" })
	if err := b.Say(t.Context(), "#ci", "it is me"); err != nil {
		t.Error(err)
	}
}

// TestNickRegainedWhenItsHolderLeaves: without waiting for the timer.
func TestNickRegainedWhenItsHolderLeaves(t *testing.T) {
	s := server(t, ircd.Options{})
	for _, leave := range []string{"QUIT", "NICK somebody"} {
		holder := arrive(t, s.Addr(), "recheckbot")
		b := launch(t, options(s.Addr()), hurried())
		if st := b.joined(); st.Nick != "recheckbot_" {
			t.Errorf("called %s", st.Nick)
		}
		holder.say(leave)
		b.until("nick regained after "+leave, func(st State) bool { return st.Nick == "recheckbot" })
		b.stop()
		<-b.ended
	}
}

func TestAllNicksTakenIsNoLoop(t *testing.T) {
	s := server(t, ircd.Options{})
	taken := []string{"recheckbot"}
	for n := range maxNickTries {
		taken = append(taken, alternate("recheckbot", n+1, 0))
	}
	s.Reserve(true, taken...)
	p := hurried()
	p.min, p.max = time.Hour, time.Hour
	b := launch(t, options(s.Addr()), p)
	b.until("trouble shown", func(st State) bool { return strings.Contains(st.LastError, "nick recheckbot and") })
	if n := len(sent(s, "NICK")); n != maxNickTries+1 {
		t.Errorf("%d names tried", n)
	}
}

func TestNickTooLongForTheServer(t *testing.T) {
	s := server(t, ircd.Options{NickLen: 9})
	if st := launch(t, options(s.Addr()), hurried()).joined(); st.Nick != "recheckb_" {
		t.Errorf("called %s", st.Nick)
	}
}

func TestAlternate(t *testing.T) {
	for _, x := range []struct {
		n, limit int
		want     string
	}{{1, 0, "recheckbot_"}, {3, 0, "recheckbot___"}, {4, 0, "recheckbot_4"}, {1, 9, "recheckb_"}, {8, 9, "recheck_8"}} {
		if got := alternate("recheckbot", x.n, x.limit); got != x.want {
			t.Errorf("alternate(%d, %d) = %s, want %s", x.n, x.limit, got, x.want)
		}
	}
}
