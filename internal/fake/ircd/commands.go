package ircd

import (
	"strings"
	"time"
)

// command does what a registered client asks for.
func (c *client) command(m message) bool {
	if !c.registered {
		c.numeric("451", "You have not registered")
		return true
	}
	known := c.channelCommands()
	if known[m.command] == nil {
		known = c.otherCommands()
	}
	do := known[m.command]
	if do == nil {
		c.numeric("421", oneLine(m.command), "Unknown command")
		return true
	}
	c.spoke = c.s.opts.Now()
	do(m)
	return true
}

func (c *client) channelCommands() map[string]func(message) {
	return map[string]func(message){
		"JOIN":    func(m message) { c.join(m.param(0), m.param(1)) },
		"PART":    c.partCommand,
		"KICK":    c.kickCommand,
		"MODE":    c.mode,
		"TOPIC":   c.topic,
		"INVITE":  c.invite,
		"PRIVMSG": func(m message) { c.say("PRIVMSG", m) },
		"NOTICE":  func(m message) { c.say("NOTICE", m) },
	}
}

// myChannel finds a channel that c is in, or says that it is not.
func (c *client) myChannel(name string) *channel {
	ch := c.s.channels[fold(name)]
	switch {
	case ch == nil:
		c.numeric("403", name, "No such channel")
	case !ch.has(c):
		c.numeric("442", name, "You're not on that channel")
	default:
		return ch
	}
	return nil
}

func (c *client) partCommand(m message) {
	for _, name := range strings.Split(m.param(0), ",") {
		ch := c.myChannel(name)
		if ch == nil {
			continue
		}
		for member := range ch.members {
			member.relay(c, c.mask(), "PART "+ch.name+" :"+m.param(1))
		}
		c.s.part(ch, c)
	}
}

func (c *client) kickCommand(m message) {
	ch := c.myChannel(m.param(0))
	if ch == nil {
		return
	}
	victim := c.s.nicks[fold(m.param(1))]
	switch {
	case !ch.rules(c):
		c.numeric("482", ch.name, "You're not channel operator")
	case !ch.has(victim):
		c.numeric("441", m.param(1), ch.name, "They aren't on that channel")
	default:
		c.s.kick(c.mask(), ch, victim, m.param(2))
	}
}

func (c *client) topic(m message) {
	ch := c.myChannel(m.param(0))
	switch {
	case ch == nil:
	case len(m.params) < 2 && ch.topic == "":
		c.numeric("331", ch.name, "No topic is set")
	case len(m.params) < 2:
		c.numeric("332", ch.name, ch.topic)
	case ch.flags['t'] && !ch.rules(c):
		c.numeric("482", ch.name, "You're not channel operator")
	default:
		ch.topic = m.param(1)
		for member := range ch.members {
			member.relay(c, c.mask(), "TOPIC "+ch.name+" :"+ch.topic)
		}
	}
}

func (c *client) invite(m message) {
	ch, guest := c.myChannel(m.param(1)), c.s.nicks[fold(m.param(0))]
	switch {
	case ch == nil:
	case guest == nil:
		c.numeric("401", m.param(0), "No such nick/channel")
	default:
		ch.invited[fold(guest.nick)] = true
		guest.relay(c, c.mask(), "INVITE "+guest.nick+" :"+ch.name)
		c.numeric("341", guest.nick, ch.name)
	}
}

func (c *client) mode(m message) {
	target := m.param(0)
	if !strings.HasPrefix(target, "#") {
		c.userMode(target, m.param(1))
		return
	}
	ch := c.s.channels[fold(target)]
	switch {
	case ch == nil:
		c.numeric("403", target, "No such channel")
	case len(m.params) < 2:
		c.numeric("324", ch.name, "+"+ch.flagLetters())
	case strings.Trim(m.param(1), "+b") == "" && len(m.params) < 3:
		for _, mask := range ch.bans {
			c.numeric("367", ch.name, mask)
		}
		c.numeric("368", ch.name, "End of channel ban list")
	case !ch.rules(c):
		c.numeric("482", ch.name, "You're not channel operator")
	default:
		c.s.applyModes(c.mask(), ch, m.param(1), m.params[2:])
	}
}

func (ch *channel) flagLetters() string {
	letters := ""
	for _, mode := range []byte("imnst") {
		if ch.flags[mode] {
			letters += string(mode)
		}
	}
	return letters
}

// userMode knows B: I am a bot (https://ircv3.net/specs/extensions/bot-mode).
func (c *client) userMode(nick, change string) {
	switch {
	case fold(nick) != fold(c.nick):
		c.numeric("502", "Can't change mode for other users")
	case change == "":
		c.numeric("221", map[bool]string{true: "+B", false: "+"}[c.bot])
	case strings.Contains(change, "B"):
		c.bot = strings.HasPrefix(change, "+")
		c.relay(c, c.mask(), "MODE "+c.nick+" "+change)
	}
}

// say delivers PRIVMSG and NOTICE.
func (c *client) say(kind string, m message) {
	if len(m.params) < 2 || m.param(1) == "" {
		c.numeric("412", "No text to send")
		return
	}
	for _, target := range strings.Split(m.param(0), ",") {
		c.sayTo(kind, target, m.param(1))
	}
}

func (c *client) sayTo(kind, target, text string) {
	if kind == "PRIVMSG" && c.s.opts.OnMessage != nil {
		c.s.opts.OnMessage(c.nick, target, text)
	}
	if fold(target) == fold("NickServ") && c.s.opts.Accounts != nil {
		c.nickServ(text)
		return
	}
	ch, other := c.s.channels[fold(target)], c.s.nicks[fold(target)]
	if c.s.dropping {
		c.send(":" + c.s.opts.Name + " NOTICE " + c.nick + " :*** Message to " + target + " throttled due to flooding")
		return
	}
	switch {
	case ch == nil && (other == nil || !other.registered):
		c.numeric("401", target, "No such nick/channel")
		return
	case ch != nil && (ch.flags['n'] && !ch.has(c) || ch.flags['m'] && ch.members[c] == "" || ch.banned(c)):
		c.numeric("404", target, "Cannot send to channel")
		return
	}
	for _, reader := range c.s.audience(target, c) {
		reader.relay(c, c.mask(), kind+" "+target+" :"+text)
	}
	if c.caps["echo-message"] {
		c.relay(c, c.mask(), kind+" "+target+" :"+text)
	}
}

// nickServ knows IDENTIFY [account] password.
func (c *client) nickServ(text string) {
	words := strings.Fields(text)
	account, password := c.nick, ""
	switch {
	case len(words) == 2:
		password = words[1]
	case len(words) == 3:
		account, password = words[1], words[2]
	}
	reply := "Invalid password for " + account + "."
	if len(words) > 1 && strings.EqualFold(words[0], "IDENTIFY") && c.s.password(account, password) {
		c.account = account
		reply = "You are now identified for " + account + "."
		c.numeric("900", c.mask(), account, "You are now logged in as "+account)
	}
	c.relay(nil, "NickServ!services@"+c.s.opts.Name, "NOTICE "+c.nick+" :"+reply)
}

// idle is how long a client has said nothing.
func (c *client) idle() time.Duration { return c.s.opts.Now().Sub(c.spoke) }
