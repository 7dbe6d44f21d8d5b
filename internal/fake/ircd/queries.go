package ircd

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// otherCommands are what clients ask to fill their windows.
func (c *client) otherCommands() map[string]func(message) {
	return map[string]func(message){
		"NAMES":    c.namesCommand,
		"WHO":      c.who,
		"WHOIS":    c.whois,
		"WHOWAS":   func(m message) { c.numeric("406", m.param(0), "There was no such nickname") },
		"LIST":     c.list,
		"MOTD":     func(message) { c.motd() },
		"LUSERS":   func(message) { c.lusers() },
		"AWAY":     c.setAway,
		"ISON":     c.ison,
		"USERHOST": c.userhost,
		"VERSION":  func(message) { c.numeric("351", "recheckbot-ircd", c.s.opts.Name, "") },
		"TIME":     func(message) { c.numeric("391", c.s.opts.Name, c.s.opts.Now().UTC().Format(time.RFC1123)) },
	}
}

func (c *client) motd() {
	c.numeric("375", "- "+c.s.opts.Name+" Message of the day -")
	for _, line := range c.s.opts.MOTD {
		c.numeric("372", "- "+oneLine(line))
	}
	c.numeric("376", "End of /MOTD command")
}

func (c *client) lusers() {
	n := len(c.s.nicks)
	c.numeric("251", fmt.Sprintf("There are %d users and 0 invisible on 1 servers", n))
	c.numeric("254", strconv.Itoa(len(c.s.channels)), "channels formed")
	c.numeric("255", fmt.Sprintf("I have %d clients and 0 servers", n))
	c.numeric("265", strconv.Itoa(n), strconv.Itoa(n), fmt.Sprintf("Current local users %d, max %d", n, n))
}

func (c *client) namesCommand(m message) {
	if ch := c.s.channels[fold(m.param(0))]; ch != nil {
		c.names(ch)
		return
	}
	c.numeric("366", orStar(m.param(0)), "End of /NAMES list")
}

func (c *client) who(m message) {
	ch := c.s.channels[fold(m.param(0))]
	for _, other := range c.s.audience(m.param(0), nil) {
		name, here := "*", "H"
		if ch != nil {
			name = ch.name
		}
		if other.away != "" {
			here = "G"
		}
		if ch != nil {
			here += ch.signs(other, c.caps["multi-prefix"])
		}
		c.numeric("352", name, other.user, other.host, c.s.opts.Name, other.nick, here, "0 "+other.real)
	}
	c.numeric("315", orStar(m.param(0)), "End of /WHO list")
}

func (c *client) whois(m message) {
	nick := m.params[max(0, len(m.params)-1):]
	if len(nick) == 0 {
		c.numeric("431", "No nickname given")
		return
	}
	other := c.s.nicks[fold(nick[0])]
	if other == nil {
		c.numeric("401", nick[0], "No such nick/channel")
		c.numeric("318", nick[0], "End of /WHOIS list")
		return
	}
	c.numeric("311", other.nick, other.user, other.host, "*", other.real)
	if in := other.places(); in != "" {
		c.numeric("319", other.nick, in)
	}
	c.numeric("312", other.nick, c.s.opts.Name, c.s.opts.Network)
	if other.bot {
		c.numeric("335", other.nick, "is a bot")
	}
	if other.account != "" {
		c.numeric("330", other.nick, other.account, "is logged in as")
	}
	c.numeric("317", other.nick, strconv.Itoa(int(other.idle().Seconds())), strconv.FormatInt(other.since.Unix(), 10), "seconds idle, signon time")
	c.numeric("318", other.nick, "End of /WHOIS list")
}

// places lists the channels of a client with its prefixes there.
func (c *client) places() string {
	var in []string
	for _, ch := range c.s.channels {
		if ch.has(c) && !ch.flags['s'] {
			in = append(in, ch.signs(c, false)+ch.name)
		}
	}
	return strings.Join(in, " ")
}

func (c *client) list(message) {
	c.numeric("321", "Channel", "Users  Name")
	for _, ch := range c.s.channels {
		if !ch.flags['s'] || ch.has(c) {
			c.numeric("322", ch.name, strconv.Itoa(len(ch.members)), ch.topic)
		}
	}
	c.numeric("323", "End of /LIST")
}

func (c *client) setAway(m message) {
	c.away = m.param(0)
	if c.away == "" {
		c.numeric("305", "You are no longer marked as being away")
		return
	}
	c.numeric("306", "You have been marked as being away")
}

func (c *client) ison(m message) {
	var on []string
	for _, nick := range strings.Fields(strings.Join(m.params, " ")) {
		if other := c.s.nicks[fold(nick)]; other != nil {
			on = append(on, other.nick)
		}
	}
	c.numeric("303", strings.Join(on, " "))
}

func (c *client) userhost(m message) {
	var list []string
	for _, nick := range m.params {
		if other := c.s.nicks[fold(nick)]; other != nil {
			list = append(list, other.nick+"=+"+other.user+"@"+other.host)
		}
	}
	c.numeric("302", strings.Join(list, " "))
}

func orStar(name string) string {
	if name == "" {
		return "*"
	}
	return name
}
