package irc

import (
	"strings"

	"github.com/lrstanley/girc"
)

// operators remembers who holds a mode above voice in which channel. Everybody
// else is forgotten at once, so a channel of thousands costs nothing.
type operators struct {
	byChannel map[string]map[string]string // folded channel, folded nick: mode letters
}

// maxOperators bounds what is remembered of one channel.
const maxOperators = 1000

func newOperators() *operators { return &operators{byChannel: map[string]map[string]string{}} }

func (o *operators) is(channel, nick string) bool {
	return o.byChannel[fold(channel)][fold(nick)] != ""
}

// set stores the modes of a nick; "" forgets it.
func (o *operators) set(channel, nick, modes string) {
	channel, nick = fold(channel), fold(nick)
	held := o.byChannel[channel]
	if modes == "" {
		delete(held, nick)
		return
	}
	if held == nil {
		held = map[string]string{}
		o.byChannel[channel] = held
	}
	if _, ok := held[nick]; ok || len(held) < maxOperators {
		held[nick] = modes
	}
}

func (o *operators) change(channel, nick string, mode byte, add bool) {
	modes := strings.ReplaceAll(o.byChannel[fold(channel)][fold(nick)], string(mode), "")
	if add {
		modes += string(mode)
	}
	o.set(channel, nick, modes)
}

func (o *operators) forget(nick string) {
	for channel := range o.byChannel {
		o.set(channel, nick, "")
	}
}

func (o *operators) rename(from, to string) {
	if fold(from) == fold(to) {
		return
	}
	for channel, held := range o.byChannel {
		modes := held[fold(from)]
		o.set(channel, from, "")
		o.set(channel, to, modes)
	}
}

func (o *operators) leave(channel string) { delete(o.byChannel, fold(channel)) }

// onNames reads 353: <us> <symbol> <channel> :[signs]nick[!user@host] …
func (s *session) onNames(e girc.Event) {
	if len(e.Params) < 4 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	channel := e.Params[2]
	if !s.channels.in(channel) {
		return
	}
	for _, entry := range strings.Fields(e.Last()) {
		nick := strings.TrimLeft(entry, s.network.prefixSigns)
		signs := entry[:len(entry)-len(nick)]
		nick, _, _ = strings.Cut(nick, "!")
		s.ops.set(channel, nick, s.network.modesOf(signs))
	}
}

// modesOf translates signs before a nick to the operator modes among them.
func (n *network) modesOf(signs string) string {
	var modes []byte
	for i := range len(n.operatorModes()) {
		if strings.IndexByte(signs, n.prefixSigns[i]) >= 0 {
			modes = append(modes, n.prefixModes[i])
		}
	}
	return string(modes)
}

// onMode follows who becomes an operator, and who no longer is.
func (s *session) onMode(e girc.Event) {
	if len(e.Params) < 2 || !isChannel(e.Params[0]) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	channel, args, add := e.Params[0], e.Params[2:], true
	if !s.channels.in(channel) {
		return
	}
	for _, mode := range []byte(e.Params[1]) {
		if mode == '+' || mode == '-' {
			add = mode == '+'
			continue
		}
		if !s.network.takesParam(mode, add) || len(args) == 0 {
			continue
		}
		if strings.IndexByte(s.network.operatorModes(), mode) >= 0 {
			s.ops.change(channel, args[0], mode, add)
		}
		args = args[1:]
	}
}
