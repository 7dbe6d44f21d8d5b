package irc

import (
	"strconv"
	"strings"

	"github.com/lrstanley/girc"
)

// network is what the server says about itself (005) and shows of us.
type network struct {
	prefixModes, prefixSigns string    // "ohv", "@%+": operators first
	chanModes                [4]string // types A to D: see https://modern.ircdocs.horse/#chanmodes-parameter
	statusSigns              string    // STATUSMSG: signs that may stand before a channel
	hostLen                  int       // the longest host shown
	botMode                  string    // the user mode of machines, "" none
	user, host               string    // ours, as others see them; "" not known
}

// maxHost is the longest host of servers that do not say theirs.
const maxHost = 64

func newNetwork() network {
	return network{
		prefixModes: "ov", prefixSigns: "@+",
		chanModes: [4]string{"beI", "k", "l", "imnpst"}, hostLen: maxHost,
	}
}

func (s *session) onISupport(e girc.Event) {
	if len(e.Params) < 2 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, token := range e.Params[1:] {
		name, value, _ := strings.Cut(token, "=")
		s.network.set(name, value)
	}
}

func (n *network) set(name, value string) {
	switch name {
	case "PREFIX":
		modes, signs, ok := strings.Cut(strings.TrimPrefix(value, "("), ")")
		if ok && len(modes) == len(signs) {
			n.prefixModes, n.prefixSigns = modes, signs
		}
	case "CHANMODES":
		if parts := strings.Split(value, ","); len(parts) >= len(n.chanModes) {
			copy(n.chanModes[:], parts)
		}
	case "STATUSMSG":
		n.statusSigns = value
	case "BOT":
		if len(value) == 1 {
			n.botMode = value
		}
	case "HOSTLEN":
		if v, err := strconv.Atoi(value); err == nil && v > 0 && v < maxTarget {
			n.hostLen = max(n.hostLen, v)
		}
	}
}

// takesParam says whether a channel mode comes with a parameter.
func (n *network) takesParam(mode byte, add bool) bool {
	if strings.IndexByte(n.prefixModes, mode) >= 0 {
		return true
	}
	for kind, modes := range n.chanModes[:3] {
		if strings.IndexByte(modes, mode) >= 0 {
			return kind < 2 || add
		}
	}
	return false
}

// operatorModes are the prefix modes above voice.
func (n *network) operatorModes() string {
	modes, _, _ := strings.Cut(n.prefixModes, "v")
	return modes
}

// onHostHidden: a cloak replaces our host.
func (s *session) onHostHidden(e girc.Event) {
	if len(e.Params) < 2 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	host := e.Params[1]
	if user, after, ok := strings.Cut(host, "@"); ok {
		s.network.user, host = user, after
	}
	s.network.host = host
}

// fold is the name under which nicks and channels are compared (RFC 1459, 2.2).
func fold(name string) string {
	b := []byte(name)
	for i, ch := range b {
		if ch >= 'A' && ch <= '^' {
			b[i] = ch + 'a' - 'A'
		}
	}
	return string(b)
}
