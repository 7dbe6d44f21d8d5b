package irc

import (
	"encoding/base64"
	"fmt"

	"github.com/lrstanley/girc"
)

// saslChunk is how much of a response fits one AUTHENTICATE
// (https://ircv3.net/specs/extensions/sasl-3.1).
const saslChunk = 400

// saslFailures: locked, failed, too long, aborted, mechanism unknown.
var saslFailures = [...]string{"902", "904", "905", "906", "908"}

// response is what the mechanism says to "AUTHENTICATE +", in base64 (RFC 4616
// for PLAIN, RFC 4422 appendix A for EXTERNAL); "" when it has nothing to say.
func (a SASL) response() string {
	plain := a.User
	if a.Mechanism == "PLAIN" {
		plain = a.User + "\x00" + a.User + "\x00" + a.Password
	}
	return base64.StdEncoding.EncodeToString([]byte(plain))
}

// chunks cuts a response into what each AUTHENTICATE carries. One that is empty,
// or ends with a full chunk, is closed by "+".
func chunks(response string) []string {
	var out []string
	for ; len(response) >= saslChunk; response = response[saslChunk:] {
		out = append(out, response[:saslChunk])
	}
	if response == "" {
		response = "+"
	}
	return append(out, response)
}

// onAuthenticate answers only when a login is under way.
func (s *session) onAuthenticate(e girc.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.c.opts.SASL == nil || !s.caps.on["sasl"] || s.caps.loggedIn || e.Last() != "+" {
		return
	}
	for _, chunk := range chunks(s.c.opts.SASL.response()) {
		s.write("AUTHENTICATE " + chunk)
	}
}

func (s *session) onSASLSuccess(girc.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.c.opts.SASL == nil || !s.caps.on["sasl"] {
		return
	}
	s.caps.loggedIn = true
	s.endCaps()
}

func (s *session) onSASLFailure(e girc.Event) {
	if s.c.opts.SASL == nil {
		return
	}
	s.fail(fmt.Errorf("%w: %s %s", ErrSASL, e.Command, shorten(e.Last())))
}
