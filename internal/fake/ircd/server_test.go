package ircd

import (
	"bufio"
	"net"
	"slices"
	"strings"
	"testing"
	"time"
)

// person is an ordinary client, line by line.
type person struct {
	t    *testing.T
	conn net.Conn
	in   *bufio.Scanner
}

func arrive(t *testing.T, s *Server, nick string) *person {
	t.Helper()
	p := dial(t, s)
	p.say("CAP LS 302", "NICK "+nick, "USER "+nick+" 0 * :A person", "CAP END")
	p.expect(" 376 ")
	return p
}

func dial(t *testing.T, s *Server) *person {
	t.Helper()
	conn, err := net.Dial("tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return &person{t: t, conn: conn, in: bufio.NewScanner(conn)}
}

func (p *person) say(lines ...string) {
	p.t.Helper()
	if _, err := p.conn.Write([]byte(strings.Join(lines, "\r\n") + "\r\n")); err != nil {
		p.t.Fatal(err)
	}
}

// expect reads until a line holds want.
func (p *person) expect(want string) string {
	p.t.Helper()
	_ = p.conn.SetReadDeadline(time.Now().Add(20 * time.Second))
	for p.in.Scan() {
		if strings.Contains(p.in.Text(), want) {
			return p.in.Text()
		}
	}
	p.t.Fatalf("no line with %q: %v", want, p.in.Err())
	return ""
}

func start(t *testing.T, o Options) *Server {
	t.Helper()
	s, err := Start("127.0.0.1:0", o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestTwoPeopleTalk(t *testing.T) {
	var heard []string
	s := start(t, Options{OnMessage: func(from, target, text string) { heard = append(heard, from+" "+target+" "+text) }})
	ann, bob := arrive(t, s, "ann"), arrive(t, s, "bob")
	ann.say("JOIN #ci")
	ann.expect(" 366 ")
	bob.say("JOIN #ci")
	if names := bob.expect(" 353 "); !strings.Contains(names, "@ann") {
		t.Errorf("the first in a channel is its operator: %s", names)
	}
	ann.expect("bob!~bob@127.0.0.1 JOIN #ci")
	bob.say("PRIVMSG #ci :hello there")
	ann.expect("bob!~bob@127.0.0.1 PRIVMSG #ci :hello there")
	ann.say("NOTICE bob :in private")
	bob.expect("NOTICE bob :in private")
	s.Say("Teller", "#ci", "once\r\nupon")
	bob.expect(":Teller!teller@irc.example.net PRIVMSG #ci :once  upon")
	s.Op("#ci", "bob")
	ann.expect("MODE #ci +o bob")
	if got := s.Nicks("#ci"); !slices.Equal(got, []string{"ann", "bob"}) {
		t.Errorf("in #ci: %q", got)
	}
	s.Close()
	if !slices.Equal(heard, []string{"bob #ci hello there"}) {
		t.Errorf("OnMessage heard %q", heard)
	}
}

// TestClientsFillTheirWindows asks what irssi, weechat and HexChat ask on their
// own when they connect and join.
func TestClientsFillTheirWindows(t *testing.T) {
	s := start(t, Options{})
	p := arrive(t, s, "ann")
	p.say("JOIN #ci")
	p.expect(" 366 ")
	for _, x := range [][2]string{
		{"MODE #ci", " 324 ann #ci :+nt"}, {"MODE #ci b", " 368 "}, {"WHO #ci", " 352 ann #ci ~ann"}, {"WHO #ci %tacuhnr,1", " 315 "},
		{"WHOIS ann", " 319 ann ann :@#ci"}, {"WHOIS ann ann", " 318 "}, {"WHOWAS x", " 406 "}, {"LIST", " 322 ann #ci 1"},
		{"TOPIC #ci", " 331 "}, {"MODE ann +i", ""}, {"MODE ann", " 221 "}, {"AWAY :gone", " 306 "}, {"AWAY", " 305 "},
		{"USERHOST ann", " 302 ann :ann=+~ann@"}, {"ISON ann bob", " 303 ann :ann"}, {"PING 123", "PONG irc.example.net :123"},
		{"LUSERS", " 251 "}, {"MOTD", " 376 "}, {"NAMES #ci", " 366 "}, {"VERSION", " 351 "}, {"BLAH", " 421 ann BLAH"}, {"TOPIC #ci :new", "TOPIC #ci :new"},
	} {
		p.say(x[0])
		if x[1] != "" {
			p.expect(x[1])
		}
	}
}

func TestChannelRefusals(t *testing.T) {
	s := start(t, Options{})
	op, p := arrive(t, s, "op"), arrive(t, s, "ann")
	op.say("JOIN #a,#b,#c", "MODE #a +i", "MODE #b +k secret", "MODE #c +b ann!*@*")
	op.expect("MODE #c +b ann!*@*")
	p.say("JOIN #a", "JOIN #b", "JOIN #c", "PRIVMSG #a :let me in")
	for _, want := range []string{" 473 ", " 475 ", " 474 ", " 404 "} {
		p.expect(want)
	}
	op.say("INVITE ann #a")
	p.expect("INVITE ann :#a")
	p.say("JOIN #a", "JOIN #b secret", "KICK #b op :no")
	p.expect("JOIN #a")
	p.expect(" 482 ")
	op.say("KICK #a ann :out")
	p.expect("KICK #a ann :out")
}

func TestRelayedLinesAreCutAt512(t *testing.T) {
	s := start(t, Options{})
	ann, bob := arrive(t, s, "ann"), arrive(t, s, "bob")
	ann.say("PRIVMSG bob :" + strings.Repeat("é", 245))
	if got := bob.expect("PRIVMSG bob"); len(got) > 510 || !strings.HasSuffix(got, "é") {
		t.Errorf("got %d bytes ending %q", len(got), got[len(got)-4:])
	}
	ann.say("PRIVMSG bob :" + strings.Repeat("x", 600))
	ann.expect(" 417 ")
}

func TestFaults(t *testing.T) {
	s := start(t, Options{Flood: 20, Password: "open"})
	p := dial(t, s)
	p.say("PASS wrong", "NICK a", "USER a 0 * :a")
	p.expect("ERROR ")

	s.Reserve(true, "ann")
	p = dial(t, s)
	p.say("PASS open", "USER a 0 * :a", "NICK ann")
	p.expect(" 433 ")
	s.Reserve(false, "ann")
	p.say("NICK ann")
	p.expect(" 376 ")

	s.Raw("ann", "\x01garbage", ":x")
	p.expect("\x01garbage")
	s.Silence(true)
	p.say("PING lost")
	for len(s.Lines()) == 0 || s.Lines()[len(s.Lines())-1].Text != "PING lost" {
		time.Sleep(time.Millisecond)
	}
	s.Silence(false)
	p.say("PING heard")
	if got := p.expect("PONG"); !strings.Contains(got, "heard") {
		t.Errorf("a silent server answered: %s", got)
	}
	p.say(strings.Repeat("PING more\r\n", 30))
	p.expect("Excess Flood")
}

func TestLoginsAndTags(t *testing.T) {
	s := start(t, Options{Accounts: map[string]string{"ann": "pw"}})
	p, q := dial(t, s), arrive(t, s, "bob")
	p.say("CAP LS 302", "NICK ann", "USER ann 0 * :a", "CAP REQ :sasl", "AUTHENTICATE PLAIN")
	p.expect("AUTHENTICATE +")
	p.say("AUTHENTICATE YW5uAGFubgBiYWQ=") // ann, ann, bad
	p.expect(" 904 ")
	p.say("AUTHENTICATE PLAIN", "AUTHENTICATE YW5uAGFubgBwdw==") // ann, ann, pw
	p.expect(" 903 ")
	p.say("CAP END")
	p.expect(" 376 ")
	q.say("CAP REQ :account-tag message-tags")
	q.expect(" ACK ")
	p.say("MODE ann +B", "PRIVMSG bob :hi")
	q.expect("@account=ann;bot :ann!~ann@127.0.0.1 PRIVMSG bob :hi")
	q.say("PRIVMSG NickServ :IDENTIFY ann pw")
	q.expect("now identified")
}
