package irc

import (
	"strings"

	"github.com/lrstanley/girc"
)

// maxSkipLogs bounds how often one connection complains of lines it skipped.
const maxSkipLogs = 10

// accept decides whether girc may read a line. It runs before girc on the
// reading goroutine. It keeps back what girc cannot stand: lines that it fails
// to parse (it would end the connection), names of its own pseudo-events, nick
// collisions (its handler panics without tracking, and loops with it) and CTCP,
// which it would answer.
func (s *session) accept(line string) bool {
	e := parse(line)
	if e == nil || !wireCommand(e.Command) {
		s.skipped("line is not IRC: " + shorten(line))
		return false
	}
	switch e.Command {
	case girc.ERR_UNAVAILRESOURCE: // of a nick, or of a channel after a netsplit
		if len(e.Params) > 1 && isChannel(e.Params[1]) {
			s.onJoinRefused(*e)
			return false
		}
		s.nickRefused(*e)
		return false
	case girc.ERR_NICKNAMEINUSE, girc.ERR_NICKCOLLISION, girc.ERR_ERRONEUSNICKNAME:
		s.nickRefused(*e)
		return false
	case girc.PRIVMSG, girc.NOTICE:
		return !strings.HasPrefix(e.Last(), "\x01")
	}
	return true
}

// parse is girc's parser; a line that makes it panic is no line.
func parse(line string) (e *girc.Event) {
	defer func() {
		if recover() != nil {
			e = nil
		}
	}()
	return girc.ParseEvent(line)
}

// wireCommand says whether a command can come from a server: letters, or three
// digits.
func wireCommand(command string) bool {
	if len(command) == 3 && strings.Trim(command, "0123456789") == "" {
		return true
	}
	return command != "" && strings.Trim(command, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}

// skipped logs a line that was left out, a few times per connection.
func (s *session) skipped(why string) {
	s.mu.Lock()
	s.skips++
	n := s.skips
	s.mu.Unlock()
	if n <= maxSkipLogs {
		s.c.log.Warn("irc: line skipped", "why", why, "count", n)
	}
}

// shorten makes a stranger's text fit for a log or an error.
func shorten(text string) string {
	const most = 200
	pieces := Split(Clean(text), most)
	if len(pieces) == 0 {
		return ""
	}
	if len(pieces) > 1 {
		return pieces[0] + "…"
	}
	return pieces[0]
}
