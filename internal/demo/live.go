package demo

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"
)

// usualIRC is where IRC clients look first.
const usualIRC = "127.0.0.1:6667"

// help is what can be typed.
const help = `!COMMAND        asks the bot in the channel: !rates nova-gate, !queue, !bug 9000017, !unrecognized,
                !status, !mute, !help
/msg TEXT       asks the bot in private
fail            a build fails now
recheck …       a person says so on the newest change, such as: recheck bug 9000121
help, quit
Anything else is said in the channel.`

// live lets things happen until ctx ends, the person quits or the bot dies.
func live(ctx context.Context, o Options) (err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	p, err := openPrompt(ctx, o.In, o.Out)
	if err != nil {
		return fmt.Errorf("demo: terminal: %w", err)
	}
	defer func() { err = errors.Join(err, p.close()) }()
	t := newTeller(o.Out)
	t.out = p.out
	o.IRCAddr = ircAddr(ctx, o.IRCAddr)
	s, err := open(ctx, o, t, "you")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	s.w.IRC.Op(Channel, "you") // so that !mute can be tried
	t.print("Any IRC client can join " + Channel + " at " + s.w.IRC.Addr() + " (no TLS). What can be typed:\n\n" + help + "\n")
	return s.goOn(ctx, p, newLife(s.w, o.Seed))
}

// ircAddr is the usual port where it is free.
func ircAddr(ctx context.Context, wanted string) string {
	if wanted != "" {
		return wanted
	}
	var c net.ListenConfig
	l, err := c.Listen(ctx, "tcp", usualIRC)
	if err != nil {
		return anyPort
	}
	_ = l.Close() // it will be listened on again
	return usualIRC
}

// goOn is the life of the world.
func (s *stage) goOn(ctx context.Context, p *prompt, l *life) error {
	next := time.NewTimer(time.Second)
	defer next.Stop()
	look := time.NewTicker(100 * time.Millisecond)
	defer look.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			return nil
		case <-s.bot.Done():
			return errors.New("demo: the bot ended by itself")
		case <-look.C:
			s.v.look()
		case <-next.C:
			err = l.something()
			next.Reset(l.wait())
		case line := <-p.lines:
			if line = strings.TrimSpace(line); line == "quit" || line == "exit" {
				return nil
			}
			err = s.typed(line, l)
		}
		if err != nil {
			return err
		}
	}
}

// typed does what a person typed.
func (s *stage) typed(line string, l *life) error {
	verb, rest, _ := strings.Cut(line, " ")
	switch {
	case line == "":
	case line == "help":
		s.print(help)
	case line == "fail":
		return l.report(true)
	case verb == "recheck":
		return l.recheck(line)
	case verb == "/msg" && rest != "":
		s.tell("ask", fmt.Sprintf("%s <you> %s", BotUser, rest))
		return s.who.Say(BotUser, rest)
	case strings.HasPrefix(line, "/"):
		s.print("What can be typed:\n\n" + help)
	default:
		s.tell("ask", fmt.Sprintf("%s <you> %s", Channel, line))
		return s.who.Say(Channel, line)
	}
	return nil
}
