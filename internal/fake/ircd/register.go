package ircd

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// login is a SASL exchange under way.
type login struct {
	mechanism, response string
}

const saslChunk = 400

// dispatch does what a line asks and says whether the client stays.
func (c *client) dispatch(m message) bool {
	switch m.command {
	case "CAP":
		c.cap(m)
	case "AUTHENTICATE":
		c.authenticate(m.param(0))
	case "PASS":
		c.passOK = c.passOK || m.param(0) == c.s.opts.Password
	case "NICK":
		c.setNick(m.param(0))
	case "USER":
		if c.user == "" && m.param(0) != "" {
			c.user, c.real = "~"+firstBytes(m.param(0), 10), m.param(3)
		}
	case "PING":
		c.send(":" + c.s.opts.Name + " PONG " + c.s.opts.Name + " :" + m.param(0))
	case "PONG":
	case "QUIT":
		return c.end("Quit: " + m.param(0))
	default:
		return c.command(m)
	}
	return c.register()
}

// register welcomes the client when all is there.
func (c *client) register() bool {
	if c.registered || c.nick == "*" || c.user == "" || c.negotiating {
		return true
	}
	if c.s.banned != "" {
		c.numeric("465", "You are banned from this server- "+c.s.banned)
		return c.end("K-Lined")
	}
	if !c.passOK {
		c.numeric("464", "Password incorrect")
		return c.end("Bad password")
	}
	c.registered = true
	c.numeric("001", "Welcome to the "+c.s.opts.Network+" network, "+c.mask())
	c.numeric("002", "Your host is "+c.s.opts.Name+", running recheckbot-ircd")
	c.numeric("003", "This server was created "+c.s.started.UTC().Format("2006-01-02 15:04:05 UTC"))
	c.numeric("004", c.s.opts.Name, "recheckbot-ircd", "B", "bhiklmnostv")
	c.numeric("005", "CASEMAPPING=rfc1459", "CHANMODES=b,k,l,imnst", "CHANTYPES=#", "NETWORK="+c.s.opts.Network,
		fmt.Sprintf("NICKLEN=%d", c.s.opts.NickLen), "PREFIX=(ohv)@%+", "BOT=B", "LINELEN=512", "are supported by this server")
	c.lusers()
	c.motd()
	return true
}

func (c *client) setNick(nick string) {
	switch holder := c.s.nicks[fold(nick)]; {
	case nick == "":
		c.numeric("431", "No nickname given")
	case !validNick(nick) || len(nick) > c.s.opts.NickLen:
		c.numeric("432", nick, "Erroneous nickname")
	case holder != nil && holder != c || c.s.reserved[fold(nick)]:
		c.numeric("433", nick, "Nickname is already in use")
	default:
		if c.registered {
			c.relay(c, c.mask(), "NICK :"+nick)
			c.tellNeighbours("NICK :" + nick)
		}
		delete(c.s.nicks, fold(c.nick))
		c.nick = nick
		c.s.nicks[fold(nick)] = c
	}
}

func validNick(nick string) bool {
	const special = "[]\\`_^{|}"
	for i, r := range nick {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || strings.ContainsRune(special, r)
		if !letter && (i == 0 || r != '-' && (r < '0' || r > '9')) {
			return false
		}
	}
	return fold(nick) != fold("NickServ")
}

// offers are the capabilities, with their values.
func (s *Server) offers() map[string]string {
	o := map[string]string{"account-tag": "", "echo-message": "", "message-tags": "", "multi-prefix": "", "server-time": ""}
	if s.opts.Accounts != nil || s.opts.Certs != nil {
		o["sasl"] = "EXTERNAL,PLAIN"
	}
	return o
}

func (c *client) cap(m message) {
	if c.s.opts.NoCAP {
		c.numeric("421", "CAP", "Unknown command")
		return
	}
	switch sub := strings.ToUpper(m.param(0)); sub {
	case "LS":
		c.negotiating = !c.registered
		c.send(":" + c.s.opts.Name + " CAP " + c.nick + " LS :" + c.capList(m.param(1) != ""))
	case "LIST":
		c.send(":" + c.s.opts.Name + " CAP " + c.nick + " LIST :" + strings.Join(slices.Sorted(maps.Keys(c.caps)), " "))
	case "REQ":
		c.negotiating = !c.registered
		c.send(":" + c.s.opts.Name + " CAP " + c.nick + " " + c.request(m.param(1)) + " :" + m.param(1))
	case "END":
		c.negotiating = false
	default:
		c.numeric("410", sub, "Invalid CAP command")
	}
}

func (c *client) capList(values bool) string {
	offers := c.s.offers()
	names := slices.Sorted(maps.Keys(offers))
	for i, name := range names {
		if values && offers[name] != "" {
			names[i] += "=" + offers[name]
		}
	}
	return strings.Join(names, " ")
}

// request takes all of a list or nothing.
func (c *client) request(list string) string {
	offers := c.s.offers()
	for _, name := range strings.Fields(list) {
		if _, ok := offers[strings.TrimPrefix(name, "-")]; !ok {
			return "NAK"
		}
	}
	for _, name := range strings.Fields(list) {
		if off, ok := strings.CutPrefix(name, "-"); ok {
			delete(c.caps, off)
		} else {
			c.caps[name] = true
		}
	}
	return "ACK"
}

// authenticate follows https://ircv3.net/specs/extensions/sasl-3.1.
func (c *client) authenticate(arg string) {
	switch {
	case !c.caps["sasl"]:
		c.numeric("904", "SASL authentication failed")
	case c.account != "":
		c.numeric("907", "You have already authenticated using SASL")
	case arg == "*":
		c.sasl = login{}
		c.numeric("906", "SASL authentication aborted")
	case c.sasl.mechanism == "" && arg != "PLAIN" && arg != "EXTERNAL":
		c.numeric("908", "EXTERNAL,PLAIN", "are available SASL mechanisms")
	case c.sasl.mechanism == "":
		c.sasl.mechanism = arg
		c.send("AUTHENTICATE +")
	default:
		c.sasl.response += strings.TrimPrefix(arg, "+")
		if len(arg) < saslChunk {
			c.logIn(c.s.check(c))
		}
	}
}

func (c *client) logIn(account string) {
	c.sasl = login{}
	if account == "" {
		c.numeric("904", "SASL authentication failed")
		return
	}
	c.account = account
	c.numeric("900", c.nick+"!*@*", account, "You are now logged in as "+account)
	c.numeric("903", "SASL authentication successful")
}

// check returns the account that the response proves, or "".
func (s *Server) check(c *client) string {
	raw, err := base64.StdEncoding.DecodeString(c.sasl.response)
	if err != nil || s.noSASL {
		return ""
	}
	if c.sasl.mechanism == "EXTERNAL" {
		return s.opts.Certs[c.fingerprint()]
	}
	parts := bytes.Split(raw, []byte{0})
	if len(parts) != 3 || !s.password(string(parts[1]), string(parts[2])) {
		return ""
	}
	return string(parts[1])
}

func (s *Server) password(account, password string) bool {
	want, ok := s.opts.Accounts[account]
	return ok && want == password
}

func firstBytes(text string, n int) string { return text[:min(n, len(text))] }
