package ircd

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// ngircdConfig follows ngircd.conf(5). Limits stay at their defaults where they
// are what a bot must live with; only those per address are lifted, because all
// clients of a test come from one.
func ngircdConfig(dir string, plain, secure int, o Options) string {
	var limits, password string
	if o.NickLen > 0 {
		limits = fmt.Sprintf("MaxNickLength = %d\n", o.NickLen)
	}
	if o.Password != "" {
		password = "Password = " + o.Password + "\n"
	}
	return fmt.Sprintf(`[Global]
Name = irc.example.net
Info = a daemon for tests
Network = ExampleNet
Listen = 127.0.0.1
Ports = %d
MotdPhrase = Hello
ServerUID = %d
ServerGID = %d
%s[Limits]
MaxConnectionsIP = 0
%s[Options]
DNS = no
Ident = no
PAM = no
SyslogFacility = local1
[SSL]
CertFile = %s
KeyFile = %s
Ports = %d
`, plain, os.Getuid(), os.Getgid(), password, limits, certFile(dir), keyFile(dir), secure)
}

// inspircdConfig follows https://docs.inspircd.org/3/configuration/. Fakelag and
// the flood threshold stay at their defaults, as a bot meets them.
func inspircdConfig(dir string, plain, secure int, o Options) string {
	var b strings.Builder
	add := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	add(`<server name="irc.example.net" description="a daemon for tests" network="ExampleNet" id="1AA">`)
	add(`<admin name="Nobody" nick="nobody" email="nobody@example.net">`)
	for _, module := range []string{
		"ssl_gnutls", "cap", "ircv3", "ircv3_accounttag", "ircv3_ctctags", "ircv3_servertime", "ircv3_echomessage",
		"services_account", "sasl", "namesx", "botmode", "cloaking", "sha256", "redirect",
	} {
		add(`<module name="%s">`, module)
	}
	add(`<sslprofile name="tests" provider="gnutls" certfile="%s" keyfile="%s">`, certFile(dir), keyFile(dir))
	add(`<bind address="127.0.0.1" port="%d" type="clients">`, plain)
	add(`<bind address="127.0.0.1" port="%d" type="clients" sslprofile="tests">`, secure)
	password := ""
	if o.Password != "" {
		password = fmt.Sprintf(` password="%s"`, o.Password)
	}
	add(`<connect allow="*" timeout="60" pingfreq="120" localmax="100" globalmax="100" resolvehostnames="no" modes="+x"%s>`, password)
	add(`<sasl target="%s">`, servicesName)
	add(`<cloak mode="half" key="a key of more than thirty characters" prefix="net-" suffix=".hidden">`)
	if o.NickLen > 0 {
		add(`<limits maxnick="%d">`, o.NickLen)
	}
	return b.String()
}

// linkConfig lets services connect.
func linkConfig(port int) string {
	return fmt.Sprintf(`<module name="spanningtree">
<bind address="127.0.0.1" port="%d" type="servers">
<link name="%s" ipaddr="127.0.0.1" port="1" allowmask="127.0.0.1" sendpass="%s" recvpass="%s">
<uline server="%s" silent="yes">
`, port, servicesName, linkPassword, linkPassword, servicesName)
}

func certFile(dir string) string { return filepath.Join(dir, "cert.pem") }
func keyFile(dir string) string  { return filepath.Join(dir, "key.pem") }

// writeCertificate makes a self-signed certificate for 127.0.0.1.
func writeCertificate(dir string) (*x509.CertPool, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("ircd: key: %w", err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, BasicConstraintsValid: true, IsCA: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, fmt.Errorf("ircd: certificate: %w", err)
	}
	raw, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("ircd: key: %w", err)
	}
	cert := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	if err := os.WriteFile(certFile(dir), cert, 0o600); err != nil {
		return nil, fmt.Errorf("ircd: %w", err)
	}
	if err := os.WriteFile(keyFile(dir), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw}), 0o600); err != nil {
		return nil, fmt.Errorf("ircd: %w", err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(cert)
	return roots, nil
}
