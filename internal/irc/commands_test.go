package irc

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/recheckbot/recheckbot/internal/fake/ircd"
)

func TestCommandsFromChannelAndPrivate(t *testing.T) {
	s := server(t, ircd.Options{Accounts: map[string]string{"ann": "pw"}})
	p := arrive(t, s.Addr(), "ann")
	b := launch(t, options(s.Addr()), hurried())
	b.joined()
	p.say("PRIVMSG #ci :!rates \x0304tempest", "PRIVMSG recheckbot :queue nova", "PRIVMSG recheckbot :! status ",
		"PRIVMSG NickServ :IDENTIFY pw", "MODE #ci -o ann", "PRIVMSG #CI :!help",
		"PRIVMSG #ci :recheckbot: thank you", "PRIVMSG #ci :recheckbot !queue", "PRIVMSG #ci :ann: !queue", "PRIVMSG #ci :RecheckBot,  !bug 7")
	want := []Command{
		{Nick: "ann", Host: "127.0.0.1", Target: "#ci", Text: "rates tempest", Operator: true},
		{Nick: "ann", Host: "127.0.0.1", Target: "ann", Text: "queue nova", Private: true},
		{Nick: "ann", Host: "127.0.0.1", Target: "ann", Text: "status", Private: true},
		{Nick: "ann", Host: "127.0.0.1", Target: "#ci", Text: "help", Account: "ann"},
		{Nick: "ann", Host: "127.0.0.1", Target: "#ci", Text: "bug 7", Account: "ann"},
	}
	for _, w := range want {
		got := b.command()
		if diff := cmp.Diff(w, got, cmpopts.IgnoreFields(Command{}, "At")); diff != "" {
			t.Error(diff)
		}
		if age := time.Since(got.At); age < 0 || age > time.Minute {
			t.Errorf("said at %s", got.At)
		}
	}
}

// TestMachinesAreNotAnswered: only the last line is a command.
func TestMachinesAreNotAnswered(t *testing.T) {
	s := server(t, ircd.Options{})
	p, robot := arrive(t, s.Addr(), "ann"), arrive(t, s.Addr(), "robot")
	b := launch(t, options(s.Addr()), hurried())
	b.joined()
	robot.say("MODE robot +B", "PRIVMSG #ci :!queue", "PRIVMSG recheckbot :queue")
	robot.sync()
	p.say("NOTICE #ci :!queue", "NOTICE recheckbot :!queue",
		"PRIVMSG #ci :\x01ACTION !queue\x01", "PRIVMSG recheckbot :\x01VERSION\x01", "PRIVMSG recheckbot :\x01PING 1\x01",
		"PRIVMSG #ci :!!!", "PRIVMSG #ci :! queue", "PRIVMSG #ci :what is !queue", "PRIVMSG #ci :!", "PRIVMSG recheckbot :!")
	p.sync()
	s.Raw("recheckbot",
		":recheckbot!~recheckbot@127.0.0.1 PRIVMSG #ci :!queue",  // our own echo
		":irc.example.net PRIVMSG recheckbot :!queue",            // the server
		"PRIVMSG recheckbot :!queue",                             // nobody
		":eve!e@h PRIVMSG #elsewhere :!queue",                    // where we are not
		"@bot :eve!e@h PRIVMSG #ci :!queue",                      // tagged
		"@inspircd.org/bot :eve!e@h PRIVMSG recheckbot :!queue",  // tagged as InspIRCd did
		":eve!e@h PRIVMSG",                                       // nothing
		"@account=stolen;time=x :eve!e@h PRIVMSG #ci :!rates me", // a command
	)
	if cmd := b.command(); cmd.Nick != "eve" || cmd.Text != "rates me" {
		t.Errorf("answered %+v", cmd)
	}
	for _, prefix := range []string{"NOTICE", "PRIVMSG"} {
		for _, line := range s.Lines() {
			if line.Nick == "recheckbot" && len(line.Text) > len(prefix) && line.Text[:len(prefix)] == prefix {
				t.Errorf("the bot said %q", line.Text)
			}
		}
	}
}

// TestAccountIsTrustedOnlyWhenNegotiated: a server that did not agree to
// account-tag passes on tags as clients sent them.
func TestAccountIsTrustedOnlyWhenNegotiated(t *testing.T) {
	s := server(t, ircd.Options{NoCAP: true})
	b := launch(t, options(s.Addr()), hurried())
	b.joined()
	s.Raw("recheckbot", "@account=admin;time=1999-01-01T00:00:00.000Z :eve!e@h PRIVMSG #ci :!mute")
	if cmd := b.command(); cmd.Account != "" || time.Since(cmd.At) > time.Hour {
		t.Errorf("believed %+v", cmd)
	}
}

func TestOperators(t *testing.T) {
	s := server(t, ircd.Options{})
	founder := arrive(t, s.Addr(), "founder")
	p := arrive(t, s.Addr(), "ann")
	b := launch(t, options(s.Addr()), hurried())
	b.joined()
	ask := func(who *person, want bool, when string) {
		t.Helper()
		who.say("PRIVMSG #ci :!mute")
		if cmd := b.command(); cmd.Operator != want {
			t.Errorf("%s: %s operator = %v", when, cmd.Nick, cmd.Operator)
		}
	}
	ask(founder, true, "by NAMES")
	ask(p, false, "by NAMES")
	for _, step := range []struct {
		say  string
		want bool
	}{
		{"MODE #ci +v ann", false},
		{"MODE #ci +h ann", true},
		{"MODE #ci -h ann", false},
		{"MODE #ci +bo x!*@* ann", true},
		{"MODE #ci -b+k-o x!*@* key ann", false},
		{"MODE #ci +io ann", true},
	} {
		founder.say(step.say)
		founder.sync()
		ask(p, step.want, step.say)
	}
	p.say("NICK anna")
	ask(p, true, "after a rename")
	p.say("PART #ci")
	founder.expect("PART #ci")
	founder.say("MODE #ci -ik key")
	founder.sync()
	p.say("JOIN #ci")
	ask(p, false, "after coming back")
	founder.say("QUIT")
	p.expect("QUIT")
	again := arrive(t, s.Addr(), "founder")
	ask(again, false, "somebody else with that nick")
}

func TestFullQueueDropsAndSaysSo(t *testing.T) {
	s := server(t, ircd.Options{})
	o := options(s.Addr())
	release := make(chan struct{})
	o.OnCommand = func(ctx context.Context, _ Command) {
		select {
		case <-release:
		case <-ctx.Done():
		}
	}
	b := launch(t, o, hurried())
	b.joined()
	for range commandQueue + 10 {
		s.Raw("recheckbot", ":eve!e@h PRIVMSG #ci :!queue")
	}
	b.until("drops counted", func(st State) bool { return st.Dropped >= 9 && st.Dropped <= 10 })
	if err := b.Say(t.Context(), "#ci", "still alive"); err != nil {
		t.Error(err)
	}
	close(release)
}
