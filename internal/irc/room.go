package irc

// lineBytes is what a line may have without its CR LF (RFC 1459, 2.3). LINELEN
// is not believed: InspIRCd announces 512 and other servers of the network, and
// the readers' clients, know no more anyhow.
const lineBytes = 510

// Room says how many bytes of text a PRIVMSG to target can carry so that it
// reaches every reader whole: the server puts ":nick!user@host " before it and
// cuts the line at 512. It counts with the longest name we may get, not with
// today's, so that text cut now still fits after a rename or a new cloak.
func (c *Client) Room(target string) int {
	nick := len(c.opts.Nick) + len("___")
	user := len("~") + len(c.opts.User)
	host := maxHost
	if s := c.current(); s != nil {
		s.mu.Lock()
		nick = max(nick, len(s.nicks.now))
		user = max(user, len(s.network.user))
		host = max(s.network.hostLen, len(s.network.host))
		s.mu.Unlock()
	}
	return room(nick, user, host, target)
}

// roomNow counts with what we are called now. The caller holds s.mu.
func (s *session) roomNow(target string) int {
	user, host := len(s.network.user), len(s.network.host)
	if host == 0 { // not told yet
		user, host = len("~")+len(s.c.opts.User), s.network.hostLen
	}
	return room(len(s.nicks.now), user, host, target)
}

func room(nick, user, host int, target string) int {
	prefix := len(":!@ ") + nick + user + host
	return max(0, lineBytes-prefix-len("PRIVMSG  :")-len(target))
}
