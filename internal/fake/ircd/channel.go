package ircd

import (
	"path"
	"slices"
	"strings"
)

// channel is a room. The server's lock guards it.
type channel struct {
	name, topic, key string
	members          map[*client]string // to mode letters out of "ohv"
	flags            map[byte]bool      // i m n s t
	bans             []string
	invited          map[string]bool // folded nicks
	kept             bool            // exists without members
}

// has is nil-safe: nobody is in a channel that does not exist.
func (ch *channel) has(c *client) bool {
	if ch == nil || c == nil {
		return false
	}
	_, ok := ch.members[c]
	return ok
}

func (ch *channel) rules(c *client) bool { return strings.ContainsAny(ch.members[c], "oh") }

// signs are the prefixes of a member, highest first.
func (ch *channel) signs(c *client, all bool) string {
	var signs []byte
	for i, mode := range []byte("ohv") {
		if strings.IndexByte(ch.members[c], mode) >= 0 {
			signs = append(signs, "@%+"[i])
		}
	}
	if len(signs) > 1 && !all {
		signs = signs[:1]
	}
	return string(signs)
}

func (ch *channel) banned(c *client) bool {
	return slices.ContainsFunc(ch.bans, func(mask string) bool {
		ok, err := path.Match(fold(mask), fold(c.mask()))
		return err == nil && ok
	})
}

// channel finds a channel or makes it.
func (s *Server) channel(name string) *channel {
	ch := s.channels[fold(name)]
	if ch == nil {
		ch = &channel{name: name, members: map[*client]string{}, flags: map[byte]bool{'n': true, 't': true}, invited: map[string]bool{}}
		s.channels[fold(name)] = ch
	}
	return ch
}

func (c *client) join(names, keys string) {
	if names == "0" {
		return
	}
	keyList := strings.Split(keys, ",")
	for i, name := range strings.Split(names, ",") {
		key := ""
		if i < len(keyList) {
			key = keyList[i]
		}
		c.joinOne(name, key)
	}
}

func (c *client) joinOne(name, key string) {
	if !strings.HasPrefix(name, "#") || len(name) > 100 || strings.ContainsAny(name, "\a ") {
		c.numeric("403", name, "No such channel")
		return
	}
	if to := c.s.forwards[fold(name)]; to != "" {
		c.numeric("470", name, to, "Forwarding to another channel")
		name = to
	}
	ch := c.s.channel(name)
	invited := ch.invited[fold(c.nick)]
	switch {
	case ch.has(c):
		return
	case ch.banned(c) && !invited:
		c.numeric("474", name, "Cannot join channel (+b)")
	case ch.flags['i'] && !invited:
		c.numeric("473", name, "Cannot join channel (+i)")
	case ch.key != "" && ch.key != key:
		c.numeric("475", name, "Cannot join channel (+k)")
	default:
		c.enter(ch)
	}
}

func (c *client) enter(ch *channel) {
	delete(ch.invited, fold(c.nick))
	modes := ""
	if len(ch.members) == 0 && !ch.kept {
		modes = "o"
	}
	ch.members[c] = modes
	for member := range ch.members {
		member.relay(c, c.mask(), "JOIN "+ch.name)
	}
	if ch.topic != "" {
		c.numeric("332", ch.name, ch.topic)
	}
	c.names(ch)
}

// part takes a client out without a word.
func (s *Server) part(ch *channel, c *client) {
	delete(ch.members, c)
	if len(ch.members) == 0 && !ch.kept {
		delete(s.channels, fold(ch.name))
	}
}

func (s *Server) kick(by string, ch *channel, c *client, why string) {
	for member := range ch.members {
		member.relay(nil, by, "KICK "+ch.name+" "+c.nick+" :"+why)
	}
	s.part(ch, c)
}

// names sends 353 in lines that fit.
func (c *client) names(ch *channel) {
	const most = 350
	var line []string
	size := 0
	for member := range ch.members {
		entry := ch.signs(member, c.caps["multi-prefix"]) + member.nick
		if size += len(entry) + 1; size > most {
			c.numeric("353", "=", ch.name, strings.Join(line, " "))
			line, size = nil, len(entry)
		}
		line = append(line, entry)
	}
	c.numeric("353", "=", ch.name, strings.Join(line, " "))
	c.numeric("366", ch.name, "End of /NAMES list")
}

// applyModes changes what it knows and tells the members what changed.
func (s *Server) applyModes(by string, ch *channel, change string, args []string) {
	add, done, used := true, "", ""
	for _, mode := range []byte(change) {
		switch {
		case mode == '+' || mode == '-':
			add = mode == '+'
			continue
		case strings.IndexByte("ohvbk", mode) >= 0:
			if len(args) == 0 || !ch.set(s, mode, add, args[0]) {
				continue
			}
			used += " " + args[0]
			args = args[1:]
		case strings.IndexByte("imnst", mode) >= 0:
			ch.flags[mode] = add
		default:
			continue
		}
		done += map[bool]string{true: "+", false: "-"}[add] + string(mode)
	}
	if done == "" {
		return
	}
	for member := range ch.members {
		member.relay(nil, by, "MODE "+ch.name+" "+done+used)
	}
}

// set changes a mode that has a parameter.
func (ch *channel) set(s *Server, mode byte, add bool, arg string) bool {
	switch mode {
	case 'b':
		ch.bans = slices.DeleteFunc(ch.bans, func(mask string) bool { return mask == arg })
		if add {
			ch.bans = append(ch.bans, arg)
		}
	case 'k':
		ch.key = ""
		if add {
			ch.key = arg
		}
	default:
		c := s.nicks[fold(arg)]
		if !ch.has(c) {
			return false
		}
		ch.members[c] = strings.ReplaceAll(ch.members[c], string(mode), "")
		if add {
			ch.members[c] += string(mode)
		}
	}
	return true
}
