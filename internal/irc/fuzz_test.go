package irc

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/lrstanley/girc"
)

// quiet is a session whose lines go nowhere, for handlers alone.
func quiet(t testing.TB) (*session, *wire) {
	t.Helper()
	o := options("irc.example.net:6667")
	o.OnCommand = func(context.Context, Command) {}
	c := New(o)
	w := &wire{}
	s := newSession(c, "irc.example.net:6667", w)
	s.channels.wanted[0].joined = true
	return s, w
}

// wire is a connection that keeps what is written and is never read.
type wire struct {
	net.Conn
	written strings.Builder
}

func (w *wire) Write(p []byte) (int, error)      { return w.written.Write(p) }
func (w *wire) SetWriteDeadline(time.Time) error { return nil }
func (w *wire) Close() error                     { return nil }
func (s *session) feed(line string) (accepted bool) {
	if !s.accept(line) {
		return false
	}
	if e := girc.ParseEvent(line); e != nil {
		s.handle(*e)
	}
	return true
}

// FuzzLinesIn: no line from a server, nor any two, makes us panic, hang, leave
// the state broken, say more than a line at a time, or speak to a person.
func FuzzLinesIn(f *testing.F) {
	for _, seed := range []string{
		":srv 001 recheckbot :hi", ":a!b@c PRIVMSG #ci :!rates x", "@account=x;time=2020-01-01T00:00:00.000Z;bot :a!b@c PRIVMSG recheckbot :queue",
		":srv 005 x PREFIX=(ohv)@%+ CHANMODES=b,k,l,imnst STATUSMSG=@+ BOT=B HOSTLEN=63 :are", ":srv 353 x = #ci :@op +v %h x!y@z",
		":x!y@z MODE #ci +ov-b op v *!*@*", ":x!y@z KICK #ci recheckbot :\x02out\r", "CAP * LS * :sasl=PLAIN,EXTERNAL account-tag", "CAP * ACK :sasl",
		"AUTHENTICATE +", ":srv 433 * recheckbot :in use", ":srv 470 x #ci ##other :Forwarding", ":recheckbot!u@h JOIN #other", ":recheckbot!u@h NICK :Guest1",
		":srv 437 x #ci :unavailable", ":srv 465 x :banned", "ERROR :Closing Link: (K-Lined)", ":srv NOTICE x :*** Message to #ci throttled due to flooding",
		":NickServ!s@s NOTICE recheckbot :You are now identified", ":srv 396 x user@cloak :is now", "PONG x :recheckbot-1", ":a!b@c PRIVMSG #ci :\u202e!\x0304rates\u2028x",
		":a!b@c INVITE recheckbot #ci", ":srv 474 x #ci :banned", "@ :a", ":", "@a=\\:\\s\\\\\\r\\n;b PRIVMSG", "\xff\xfe", ":a!b@c QUIT :hub.example.net leaf.example.net",
	} {
		f.Add(seed, ":a!b@c PRIVMSG #ci :!help")
	}
	f.Fuzz(func(t *testing.T, one, two string) {
		s, w := quiet(t)
		for _, line := range []string{one, two, one} {
			line, _, _ = strings.Cut(line, "\n") // the connection cuts at line feeds
			s.feed(strings.TrimRight(line, "\r"))
		}
		select {
		case cmd := <-s.c.commands:
			checkCommand(t, cmd)
		default:
		}
		for _, out := range strings.Split(strings.TrimSuffix(w.written.String(), "\r\n"), "\r\n") {
			word, _, _ := strings.Cut(out, " ")
			if out != "" && word != "CAP" && word != "AUTHENTICATE" && word != "NICK" || strings.ContainsAny(out, "\r\n\x00") {
				t.Fatalf("%q and %q made us say %q", one, two, out)
			}
		}
		if line, _ := s.channels.next(s.c.opts.Now()); strings.ContainsAny(line, "\r\n\x00") || len(line) > lineBytes {
			t.Fatalf("%q and %q lead to %q", one, two, line)
		}
		if room := s.roomNow("#ci"); room < 0 || room > lineBytes {
			t.Fatalf("room is %d", room)
		}
		for place, why := range s.c.State().Trouble {
			if place != Clean(place) || why != Clean(why) {
				t.Fatalf("trouble %q with %q", why, place)
			}
		}
	})
}

// checkCommand: what people type comes clean, and an answer has an address.
func checkCommand(t *testing.T, cmd Command) {
	t.Helper()
	if cmd.Text == "" || cmd.Text != strings.TrimSpace(Clean(cmd.Text)) || !utf8.ValidString(cmd.Text) {
		t.Fatalf("text %q", cmd.Text)
	}
	if !cmd.Private && cmd.Target != "#ci" || cmd.Private && (cmd.Target != cmd.Nick || cmd.Operator) {
		t.Fatalf("command %+v", cmd)
	}
}

// FuzzLinesOut: whatever is to be said, what goes out is whole PRIVMSGs to that
// target, clean, within 512 bytes with the prefix that the server adds; nothing
// of the text is lost unless all of it is refused.
func FuzzLinesOut(f *testing.F) {
	for _, seed := range attacks() {
		f.Add("#ci", seed)
	}
	f.Add("#ci\r\nQUIT", "x")
	f.Add("a,b", "x")
	f.Add("$*", "x")
	f.Fuzz(func(t *testing.T, target, text string) {
		s, _ := quiet(t)
		pieces, err := s.pieces(target, Clean(text))
		if err != nil {
			return
		}
		var said strings.Builder
		for _, piece := range pieces {
			line := "PRIVMSG " + target + " :" + piece
			relayed := ":recheckbot!~recheckbot@" + strings.Repeat("h", s.network.hostLen) + " " + line
			e := girc.ParseEvent(line)
			switch {
			case e == nil || e.Command != girc.PRIVMSG || len(e.Params) != 2 || e.Params[0] != target:
				t.Fatalf("%q to %q is %q", text, target, line)
			case strings.ContainsAny(line, "\r\n\x00\x01") || piece != Clean(piece) || !utf8.ValidString(piece):
				t.Fatalf("%q goes out as %q", text, line)
			case len(relayed) > lineBytes:
				t.Fatalf("%d bytes: %q", len(relayed), line)
			}
			said.WriteString(piece)
		}
		if bare(said.String()) != bare(Clean(text)) {
			t.Fatalf("%q became %q", text, pieces)
		}
	})
}

// attacks are texts that would make a naive client say something else.
func attacks() []string {
	return []string{
		"harmless", "a\r\nQUIT :gone", "a\nPRIVMSG #other :spam", "a\rb", "a\x00b", "\x01VERSION\x01", "\x01ACTION obeys\x01", "\x01DCC SEND x 1 1 1\x01",
		"\x02bold\x0f \x0304,12red\x03 \x04ff0000rgb \x16rev\x1d\x1e\x1f\x11", "\x1b]0;title\a\x1b[2J", "\u202egnp.exe\u202c", "\u2066iso\u2069late", "zero\u200bwidth\ufeff",
		"\u2028line\u2029para\u0085next", "bad\xff\xfe\xc0\x80utf8", "\xed\xa0\x80surrogate", "tags\U000e0041\U000e007f", strings.Repeat("\u0301", 300), strings.Repeat("\xff", 600),
		strings.Repeat("x", 600), ":leading colon", "  spaces  ", "!rates in our own words", "@everyone", strings.Repeat("🙂", 200),
	}
}
