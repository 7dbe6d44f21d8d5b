//go:build real

package ircd

import (
	"errors"
	"strings"
	"testing"

	"github.com/recheckbot/recheckbot/internal/irc"
)

const accountPassword = "correct-horse"

// withServices is an InspIRCd with Atheme, which know the account of rbot.
func withServices(t *testing.T, test func(*testing.T, *Daemon, *Services)) {
	t.Parallel()
	d, err := Start(t.Context(), InspIRCd, Options{Services: true})
	if errors.Is(err, ErrMissing) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Stop(); err != nil {
			t.Error(err)
		}
	})
	s, err := StartServices(t.Context(), d)
	if errors.Is(err, ErrMissing) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the services said:\n%s", s.Log())
		}
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	owner := arrive(t, d, "rbot")
	owner.say("PRIVMSG NickServ :REGISTER " + accountPassword + " rbot@example.net")
	owner.expect("You are now logged in as rbot")
	owner.say("QUIT :registered")
	test(t, d, s)
}

func login(password string) func(*irc.Options) {
	return func(o *irc.Options) {
		o.SASL = &irc.SASL{Mechanism: "PLAIN", User: "rbot", Password: password}
	}
}

// TestSASLWithServices: a real login, and a real refusal.
func TestSASLWithServices(t *testing.T) {
	withServices(t, func(t *testing.T, d *Daemon, _ *Services) {
		p := arrive(t, d, "ann")
		b := launch(t, d, login(accountPassword))
		b.joined()
		p.say("WHOIS " + b.State().Nick)
		p.expect(" 330 ann " + b.State().Nick + " rbot :is logged in as")
		if err := b.Say(t.Context(), "#ci", "logged in"); err != nil {
			t.Error(err)
		}

		p.say("PRIVMSG #ci :!status")
		if cmd := b.command(); cmd.Account != "" {
			t.Errorf("account of a stranger: %+v", cmd)
		}
		p.say("PRIVMSG NickServ :REGISTER secret-enough ann@example.net")
		p.expect("You are now logged in as ann")
		p.say("PRIVMSG #ci :!status")
		if cmd := b.command(); cmd.Account != "ann" {
			t.Errorf("account of ann: %+v", cmd)
		}

		wrong := launch(t, d, func(o *irc.Options) { login("wrong")(o); o.Nick = "other" })
		st := wrong.until("refusal shown", func(st irc.State) bool { return st.Blocked != "" })
		if st.Connected || !strings.Contains(st.Blocked, "904") || strings.Contains(st.Blocked, "wrong") {
			t.Errorf("went on: %+v", st)
		}
	})
}

// TestSASLWhileServicesAreSplitOff: without them nobody is logged in, and so we
// do not go on.
func TestSASLWhileServicesAreSplitOff(t *testing.T) {
	withServices(t, func(t *testing.T, d *Daemon, s *Services) {
		if err := s.cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		<-s.done
		b := launch(t, d, login("any"))
		if st := b.until("refusal shown", func(st irc.State) bool { return st.Blocked != "" }); st.Connected {
			t.Errorf("went on: %+v", st)
		}
	})
}

// TestNickServWithServices: the login that servers without SASL want.
func TestNickServWithServices(t *testing.T) {
	withServices(t, func(t *testing.T, d *Daemon, _ *Services) {
		p := arrive(t, d, "ann")
		b := launch(t, d, func(o *irc.Options) { o.NickServ = accountPassword })
		if st := b.joined(); len(st.Trouble) != 0 {
			t.Errorf("trouble %q", st.Trouble)
		}
		p.say("WHOIS " + b.State().Nick)
		p.expect(" rbot :is logged in as")

		wrong := launch(t, d, func(o *irc.Options) { o.Nick, o.User, o.NickServ = "rbot2", "rbot", "wrong" })
		st := wrong.until("refusal shown", func(st irc.State) bool { return st.Trouble["NickServ"] != "" })
		if got := st.Trouble["NickServ"]; strings.Contains(got, "wrong") {
			t.Errorf("the password is shown: %q", got)
		}
	})
}
