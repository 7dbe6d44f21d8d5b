package irc

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/lrstanley/girc"
)

// Options say where to connect and as whom. Only Servers and Nick must be set.
type Options struct {
	Servers   []string    // host:port each, of one network; tried in this order
	TLS       bool        // speak TLS from the first byte
	TLSConfig *tls.Config // nil: system roots; carries the client certificate for SASL EXTERNAL

	Password, Nick, User, Realname string // Password: the server's own (PASS); User, Realname: Nick when empty

	SASL     *SASL     // nil: no SASL; otherwise the connection is given up when it fails
	NickServ string    // password to IDENTIFY with, before the channels are joined; "" none
	Channels []Channel // where to be

	LineEvery time.Duration // one line each LineEvery when the burst is used up; 0: 2 s
	Burst     int           // lines that may go out at once; 0: 4

	Logger    *slog.Logger                   // nil: discards
	Now       func() time.Time               // nil: time.Now
	OnCommand func(context.Context, Command) // one call at a time; nil: commands are ignored
	OnState   func(State)                    // after each change, one call at a time; nil: none

	// Dial opens the transport, below TLS. nil: net.Dialer.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
}

// SASL is how to log in while registering.
type SASL struct {
	Mechanism      string // "PLAIN" or "EXTERNAL"
	User, Password string // EXTERNAL needs neither; its User, if any, is the account asked for
}

// Channel is a place to be: its name with prefix ("#ci"), and its key, if any.
type Channel struct{ Name, Key string }

// Command is a message that asks something of us.
type Command struct {
	Nick    string // who asks; an answer in private goes here
	Account string // who the server says they are logged in as; "" unknown
	Host    string // as the server shows it
	Target  string // where to answer: the channel, or Nick when Private
	// Text is the command line without its leading "!", cleaned, never empty:
	// "rates tempest-full".
	Text     string
	Private  bool
	Operator bool // of the channel asked in: halfop, op or higher; never true in private
	At       time.Time
}

// withDefaults fills what was left empty with values that ngircd, InspIRCd and
// Solanum take without calling it a flood.
func (o Options) withDefaults() Options {
	o.User = cmp.Or(o.User, o.Nick)
	o.Realname = cmp.Or(o.Realname, o.Nick)
	o.LineEvery = cmp.Or(o.LineEvery, 2*time.Second)
	o.Burst = cmp.Or(o.Burst, 4)
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Dial == nil {
		o.Dial = (&net.Dialer{}).DialContext
	}
	return o
}

// validate finds what no server would take. It never repeats a secret.
func (o Options) validate() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf("irc: "+format, args...)) }
	if len(o.Servers) == 0 {
		bad("no server is named")
	}
	for _, server := range o.Servers {
		if _, _, err := net.SplitHostPort(server); err != nil {
			bad("server %q is not host:port: %w", server, err)
		}
	}
	if !girc.IsValidNick(o.Nick) {
		bad("nick %q is not a valid nick", o.Nick)
	}
	if !girc.IsValidUser(o.User) {
		bad("user %q is not a valid user name", o.User)
	}
	for _, secret := range []string{o.Password, o.NickServ, o.Realname} {
		if strings.ContainsAny(secret, "\r\n\x00") {
			bad("a password or the real name holds a line break")
		}
	}
	if o.SASL != nil && o.SASL.Mechanism != "PLAIN" && o.SASL.Mechanism != "EXTERNAL" {
		bad("SASL mechanism %q is neither PLAIN nor EXTERNAL", o.SASL.Mechanism)
	}
	seen := map[string]bool{}
	for _, ch := range o.Channels {
		if seen[fold(ch.Name)] {
			bad("channel %q is named twice", ch.Name)
		}
		seen[fold(ch.Name)] = true
		if !validTarget(ch.Name) || !isChannel(ch.Name) || strings.ContainsAny(ch.Key, " ,\r\n\x00") {
			bad("channel %q cannot be joined: bad name or key", ch.Name)
		}
	}
	return errors.Join(errs...)
}

// isChannel tells a channel from a nick by its first byte (RFC 2812, 1.3; "!"
// channels have never spread and would make a nick's typo a channel).
func isChannel(name string) bool {
	return name != "" && strings.IndexByte("#&+", name[0]) >= 0
}

// validTarget refuses what would not be one parameter of PRIVMSG, to whoever reads
// it: spaces and controls of Unicode are ones to some.
func validTarget(name string) bool {
	return name != "" && len(name) <= maxTarget && name[0] != ':' && name[0] != '$' && utf8.ValidString(name) &&
		!strings.ContainsFunc(name, func(r rune) bool {
			return r == ',' || unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r)
		})
}

// maxTarget is the longest channel name that RFC 2812 allowed to any server.
const maxTarget = 200
