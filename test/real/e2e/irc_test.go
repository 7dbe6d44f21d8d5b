//go:build real

package e2e

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/recheckbot/recheckbot/test/real/ircd"
)

// onNgIRCd and onInspIRCd: announcements and the answers of every command, by a
// bot that speaks on IRC only.
func onNgIRCd(t *testing.T, w *world)   { (&chat{w: w, kind: ircd.NgIRCd, bug: 7000001}).run(t) }
func onInspIRCd(t *testing.T, w *world) { (&chat{w: w, kind: ircd.InspIRCd, bug: 7000101}).run(t) }

// chat is a channel with an operator, somebody else and the bot. Its jobs, which
// end in its name, and its bugs are its own: the other bot is about, too.
type chat struct {
	w        *world
	kind     ircd.Kind
	bug      int // nobody's; the next one too
	name     string
	project  string
	bot      *bot
	ann, bob *person // the operator, and one who is none
	change   int64
}

func (c *chat) run(t *testing.T) {
	c.name = string(c.kind)
	c.project = c.w.project(t, "openstack/"+c.name)
	d := startIRC(t, c.kind)
	c.ann = arrive(t, d, "ann")
	c.bob = arrive(t, d, "bob")
	c.bot = c.w.bot(t, setup{mode: "announce", irc: d.Addr, project: c.project})
	c.bot.start()
	c.ann.expect(0, regexp.MustCompile(`^:rbot!\S+ JOIN :?#ci`))
	c.announcements(t)
	c.commands(t)
	c.privately(t)
	c.notByBots(t)
	c.mute(t)
	c.w.silent(t, c.change)
	for _, once := range []string{"9000017 - ", fmt.Sprintf("untracked bug %d:", c.bug)} {
		if got := c.bob.about("#ci", once); len(got) != 1 {
			t.Errorf("%q was announced %d times: %q", once, len(got), got)
		}
	}
}

func (c *chat) announcements(t *testing.T) {
	c.change = c.w.change(t, c.project)
	c.w.report(t, c.project, c.change, build{job: "tempest-" + c.name, result: "FAILURE", line: knownLine},
		build{job: "grenade-" + c.name, result: "TIMED_OUT", line: strangeLine}, build{job: "pep8-" + c.name, result: "SUCCESS", line: "ok"})
	got := c.bob.hears(0, "#ci", "failed")
	want := fmt.Sprintf("%s %d,1 (gate) failed: tempest-%s: https://bugs.launchpad.net/bugs/9000017 - %s/c/%s/+/%d",
		c.project, c.change, c.name, c.w.URL, c.project, c.change)
	if got != want {
		t.Errorf("announced %q, not %q", got, want)
	}
	c.w.comment(t, "alice", c.change, fmt.Sprintf("recheck bug %d", c.bug))
	got = c.bob.hears(0, "#ci", "untracked bug")
	want = fmt.Sprintf("untracked bug %d: named in 1 recheck, no fingerprint yet; last in %s https://bugs.launchpad.net/bugs/%[1]d", c.bug, c.project)
	if got != want {
		t.Errorf("announced %q, not %q", got, want)
	}
}

// commands: what each answers in the channel.
func (c *chat) commands(t *testing.T) {
	once := ` 24 h: 1/1 failed, 100\.0% \([^;]*–100\.0%\); 7 days: 1/1 `
	bug := strconv.Itoa(c.bug)
	for _, q := range []struct{ ask, want string }{
		{"!help", `^bob: I can answer !help !rates !queue !bug !unrecognized !status !mute !unmute`},
		{"!help rates", `^bob: !rates NAME: failure rates`},
		{"!rates grenade-" + c.name, `^bob: grenade-` + c.name + once},
		{"!rates mine", `^bob: mine` + once},
		{"!rates " + c.name + "-gate", `^bob: ` + c.project + `-gate 24 h: 2/3 .*; 7 days: 2/3 `},
		{"!rates grenada-" + c.name, `^bob: No job, group or project-pipeline "grenada-` + c.name + `" is known; nearest: grenade-` + c.name},
		{"!rates", `^bob: Rates of what\?`},
		{"!queue", `^bob: \d untracked: .*bug ` + bug + ` \(1×\)`},
		{"!queue " + c.project, `^bob: 1 untracked in ` + c.project + `: bug ` + bug + ` \(1×\)$`},
		{"!queue " + path.Base(c.project), `^bob: 1 untracked in ` + c.project + `: bug ` + bug + ` \(1×\)$`},
		{"!queue openstack/none", `^bob: No project "openstack/none" is known`},
		{"!bug " + bug, `^bob: bug ` + bug + `: no fingerprint, open in the queue, 1 rechecks? by people, https://bugs.launchpad.net/bugs/` + bug + `$`},
		{"!bug 9000017", `^bob: bug 9000017: fingerprint 9000017: \d builds? in 24 h, \d in 7 d on \d changes?, 0 rechecks by people`},
		{"!bug 55", `^bob: bug 55: no fingerprint, and nobody named it in a recheck`},
		{"!unrecognized", `^bob: \d unrecognized failures? in 24 h; newest: grenade-\w+ on openstack/`},
		{"!unrecognized grenade-" + c.name, `^bob: 1 unrecognized failures? of grenade-` + c.name + ` in 24 h; newest: grenade-` + c.name + ` on ` + c.project + fmt.Sprintf(` %d,1 `, c.change) + `\(gate\) http`},
		{"!unrecognized pep8-" + c.name, `^bob: No unrecognized failures of pep8-` + c.name + ` in 24 h`},
		{"!status", `^bob: stream connected since \d{4}-\d\d-\d\d .*; last event .*; no open gaps; complete up to .* ago$`},
		{"!sttus", `^bob: Not understood; did you mean !status\?`},
		{"!frobnicate", `^bob: Not understood; !help lists`},
		{"!mute 1h", `^bob: Only operators of #ci may do that`},
		{"!unmute", `^bob: Only operators of #ci may do that`},
	} {
		mark := c.bob.mark()
		c.bob.send("PRIVMSG #ci :" + q.ask)
		c.bob.hears(mark, "#ci", q.want)
	}
	c.ann.hears(0, "#ci", `^bob: waiting: ingest 0, .*outbox: .*; `)
}

// privately: the answers go to who asked, and to nobody else.
func (c *chat) privately(t *testing.T) {
	mark := c.bob.mark()
	for _, q := range []struct{ ask, want string }{
		{"!help", `^I can answer !help`}, {"queue", `^\d untracked: `}, {"!rates mine", `^mine 24 h: 1/1`}, {fmt.Sprintf("bug %d", c.bug), `: no fingerprint`},
		{"unrecognized", `^\d unrecognized failure`}, {"status", `^stream connected since`}, {"hello", `^Not understood`},
		{"!mute", `^Say that in the channel`}, {"!unmute", `^Say that in the channel`},
	} {
		c.ann.send("PRIVMSG rbot :" + q.ask)
		c.ann.hears(0, "ann", q.want)
	}
	if got := c.bob.said(mark, "#ci"); len(got) != 0 {
		t.Errorf("private answers were said to all: %q", got)
	}
}

// notByBots: neither a notice nor a bot's question is answered, nor talk.
func (c *chat) notByBots(t *testing.T) {
	mark := c.bob.mark()
	c.bob.send("NICK zedbot")
	c.bob.expect(mark, regexp.MustCompile(`^:bob!\S+ NICK :?zedbot`))
	c.bob.send("PRIVMSG #ci :!help", "NICK bob")
	c.bob.expect(mark, regexp.MustCompile(`^:zedbot!\S+ NICK :?bob`))
	c.bob.send("NOTICE #ci :!help", "PRIVMSG #ci :I wonder what !help says", "PRIVMSG #ci :rbot is down?", "PRIVMSG #ci :!bug 56")
	c.bob.hears(mark, "#ci", "^bob: bug 56: no fingerprint, and nobody named it")
	if got := c.bob.said(mark, "#ci"); len(got) != 1 {
		t.Errorf("said %q", got)
	}
}

// mute: an operator silences announcements, not answers; what was kept back is
// said when that ends.
func (c *chat) mute(t *testing.T) {
	mark := c.bob.mark()
	c.ann.send("PRIVMSG #CI :!mute 1h")
	c.bob.hears(mark, "#ci", `^ann: Silent here until \d{4}`)
	muted := fmt.Sprint(c.bug + 1)
	c.w.comment(t, "alice", c.change, "recheck bug "+muted)
	eventually(t, "the muted announcement waits", func() bool {
		return c.bot.number(`SELECT count(*) FROM outbox WHERE why = 'the channel is muted'`) == 1
	})
	c.bob.send("PRIVMSG #ci :!bug " + muted)
	c.bob.hears(mark, "#ci", `^bob: bug `+muted+`: no fingerprint`)
	if got := c.bob.said(mark, "#ci"); slices.ContainsFunc(got, func(s string) bool { return strings.Contains(s, "untracked") }) {
		t.Errorf("announced while muted: %q", got)
	}
	c.ann.send("PRIVMSG #ci :!unmute")
	c.bob.hears(mark, "#ci", `^ann: Announcing here again`)
	c.bob.hears(mark, "#ci", `^untracked bug `+muted+`: `)
}

// private: a private change is recorded and never spoken of, on Gerrit or on
// IRC; nor is one that became private before the bot could speak.
func private(t *testing.T, w *world) {
	project := w.project(t, "openstack/private")
	d := startIRC(t, ircd.NgIRCd)
	ann := arrive(t, d, "ann")
	b := w.bot(t, setup{irc: d.Addr, project: project})
	b.start()
	ann.expect(0, regexp.MustCompile(`^:rbot!\S+ JOIN :?#ci`))
	born, later, public := w.change(t, project), w.change(t, project), w.change(t, project)
	w.do(t, "alice", born, "private")
	w.report(t, project, born, failure())
	w.comment(t, "alice", born, "recheck bug 7000003")
	logs := w.report(t, project, later, build{job: "tempest-full-py3", result: "FAILURE"}).logs[0]
	eventually(t, "the report is heard", func() bool { return b.number(`SELECT count(*) FROM report WHERE change = ?`, later) == 1 })
	w.do(t, "alice", later, "private")
	eventually(t, "it is known to be private", func() bool { return b.number(`SELECT private FROM change WHERE number = ?`, later) == 1 })
	w.publish(logs, knownLine)
	w.report(t, project, public, failure())
	w.comment(t, "alice", public, "recheck bug 7000004")

	for _, n := range []int64{born, later} {
		if got := b.decided(n); got != "silent private change" {
			t.Errorf("decided: %q", got)
		}
		const recorded = `SELECT count(*) FROM build b JOIN report_build rb ON rb.build = b.id JOIN report r ON r.comment = rb.report WHERE r.change = ? AND b.state = 'recognized'`
		if got := b.number(recorded, n); got != 1 {
			t.Errorf("%d recognized builds of change %d are recorded", got, n)
		}
	}
	w.oneReview(t, public)
	ann.hears(0, "#ci", fmt.Sprintf(` %d,1 \(gate\) failed`, public))
	ann.hears(0, "#ci", `untracked bug 7000004:`)
	ann.send("PRIVMSG rbot :!queue " + project)
	ann.hears(0, "ann", `^1 untracked in openstack/private: bug 7000004 \(1×\)$`)
	w.silent(t, born)
	w.silent(t, later)
	for _, secret := range []string{fmt.Sprintf(" %d,1 ", born), fmt.Sprintf(" %d,1 ", later), "7000003"} {
		if got := ann.about("#ci", secret); len(got) != 0 {
			t.Errorf("said of a private change: %q", got)
		}
	}
	if got := b.number(`SELECT count(*) FROM recheck WHERE change = ?`, born); got != 1 {
		t.Errorf("%d rechecks of the private change are recorded", got)
	}
}
