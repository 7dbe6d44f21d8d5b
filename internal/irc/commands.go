package irc

import (
	"context"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/lrstanley/girc"
)

// commandQueue is how many commands may wait; more are dropped, and said so.
const commandQueue = 64

// answer gives commands to the owner, one at a time, until ctx ends. It outlives
// connections: an answer may still be said on the next one.
func (c *Client) answer(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case cmd := <-c.commands:
			c.opts.OnCommand(ctx, cmd)
		}
	}
}

// enqueue never waits: the reader of the socket calls it.
func (c *Client) enqueue(cmd Command) {
	select {
	case c.commands <- cmd:
	default:
		var dropped uint64
		c.update(func(st *State) { st.Dropped++; dropped = st.Dropped })
		if dropped&(dropped-1) == 0 { // 1, 2, 4, 8 …: a flood must not become one of the log
			c.log.Warn("irc: command dropped, queue is full", "nick", cmd.Nick, "dropped", dropped)
		}
	}
}

// onMessage finds commands among messages. CTCP never comes here.
func (s *session) onMessage(e girc.Event) {
	if s.c.opts.OnCommand == nil || len(e.Params) < 2 || e.Source == nil || e.Source.IsServer() || fromBot(e) {
		return
	}
	s.mu.Lock()
	cmd, ok := s.command(e)
	s.mu.Unlock()
	if ok {
		s.c.enqueue(cmd)
	}
}

// fromBot: the "bot" tag and its forerunners (https://ircv3.net/specs/extensions/bot-mode).
func fromBot(e girc.Event) bool {
	for _, tag := range []string{"bot", "draft/bot", "inspircd.org/bot"} {
		if _, ok := e.Tags[tag]; ok {
			return true
		}
	}
	return false
}

// command reads one message. The caller holds s.mu.
func (s *session) command(e girc.Event) (Command, bool) {
	target := strings.TrimLeft(e.Params[0], s.network.statusSigns)
	private := fold(target) == fold(s.nicks.now)
	channel := s.channels.find(target)
	if fold(e.Source.Name) == fold(s.nicks.now) || !private && (channel == nil || !channel.joined) {
		return Command{}, false
	}
	text, ok := commandText(s.addressed(Clean(e.Last())), private)
	if !ok {
		return Command{}, false
	}
	cmd := Command{Nick: e.Source.Name, Host: e.Source.Host, Target: target, Text: text, Private: private, At: s.saidAt(e)}
	if private {
		cmd.Target = cmd.Nick
	} else {
		// The name by which all else knows the channel: people write #CI for #ci.
		cmd.Target, cmd.Operator = channel.Name, s.ops.is(target, cmd.Nick)
	}
	if s.caps.on["account-tag"] {
		cmd.Account, _ = e.Tags.Get("account")
	}
	return cmd, true
}

// addressed strips our nick from the front of a text that is addressed to us, as
// in "recheckbot: !queue". The caller holds s.mu.
func (s *session) addressed(text string) string {
	to, rest, ok := strings.Cut(strings.TrimSpace(text), " ")
	if name := strings.TrimRight(to, ":,"); !ok || name == to || fold(name) != fold(s.nicks.now) {
		return text
	}
	return rest
}

// commandText strips the "!". In a channel a letter must follow it, or "!!!"
// would be a command.
func commandText(text string, private bool) (string, bool) {
	text = strings.TrimSpace(text)
	rest, bang := strings.CutPrefix(text, "!")
	if private {
		rest = strings.TrimSpace(rest)
		return rest, rest != ""
	}
	first, _ := utf8.DecodeRuneInString(rest)
	return rest, bang && unicode.IsLetter(first)
}

// saidAt trusts the server's clock when it gives one that is not ahead of ours.
func (s *session) saidAt(e girc.Event) time.Time {
	now := s.c.opts.Now()
	if !s.caps.on["server-time"] {
		return now
	}
	raw, _ := e.Tags.Get("time")
	at, err := time.Parse(time.RFC3339Nano, raw)
	if err != nil || at.After(now) {
		return now
	}
	return at
}
