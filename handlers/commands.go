package handlers

import (
	"context"
	"fmt"
	"iter"
	"log/slog"
	"maps"
	"strings"
	"sync/atomic"
	"time"

	"github.com/recheckbot/recheckbot/internal/irc"
	"github.com/recheckbot/recheckbot/internal/store"
)

// sayer puts words into the outbox.
type sayer interface {
	Say(context.Context, []store.Outgoing) error
}

// CommandsOptions are what commands need. Every and Burst limit one person.
type CommandsOptions struct {
	Answers *Answers
	Say     sayer
	Mutes   muter
	Resume  resumer
	Session string // names this run; with a running number it makes causes unique
	Every   time.Duration
	Burst   int
	Ignore  Globs // nicks of bots
	Split   func(target, text string) []string
	Sent    Wake // deliver
	Logger  *slog.Logger
}

// Commands answers what people ask on IRC. Its answers go through the outbox
// like all that is said, and are dropped when they come too late to help.
type Commands struct {
	o     CommandsOptions
	limit *perPerson
	hints *perPerson
	seq   atomic.Int64
	log   *slog.Logger
	now   func() time.Time
	mutes muter
	list  []command
}

// command is one thing that can be asked.
type command struct {
	name, usage, help string
	run               func(ctx context.Context, ask irc.Command, arg string) (Answer, error)
}

const (
	answerFor   = 2 * time.Minute // how long an answer is still worth saying
	answerLines = 2               // of one answer; what does not fit ends in "…"

	// Hints are for people who mistype. A bot that talks to us would get one for
	// each of its own, for ever, so after a few they are seldom.
	hintEvery = 5 * time.Minute
	hintBurst = 5
)

// NewCommands makes the commands.
func NewCommands(o CommandsOptions) *Commands {
	o.Ignore = o.Ignore.lower()
	c := &Commands{o: o, limit: newPerPerson(o.Every, o.Burst), hints: newPerPerson(hintEvery, hintBurst), log: logger(o.Logger), now: clock(o.Answers.Now), mutes: o.Mutes}
	c.list = []command{
		{"help", "!help [command]", "what can be asked", c.help},
		{"rates", "!rates NAME", "failure rates of a job, group or project-pipeline, 24 h and 7 d, with 95% Wilson intervals", c.rates},
		{"queue", "!queue [project]", "bugs named in rechecks that have no fingerprint", c.queue},
		{"bug", "!bug N", "what is known of a bug: fingerprint, hits, rechecks", c.bug},
		{"unrecognized", "!unrecognized [job]", "failures of 24 h that no fingerprint matched", c.unrecognized},
		{"status", "!status", "connected since when, last event, gaps, queues, version", c.status},
		{"mute", "!mute [duration]", "no announcements in this channel (operators)", c.mute},
		{"unmute", "!unmute", "announce here again (operators)", c.unmute},
		{"resume", "!resume [drop]", "speak again after the bot stopped itself; drop forgets what waited (operators)", c.resume},
	}
	return c
}

// Handle answers one command. It returns when the answer is in the outbox.
func (c *Commands) Handle(ctx context.Context, ask irc.Command) {
	if c.o.Ignore.Match(strings.ToLower(ask.Nick)) {
		c.log.Debug("command by a bot is not answered", "nick", ask.Nick)
		return
	}
	if !c.limit.allow(person(ask), c.now()) {
		c.log.Info("command not answered: this person asks too often", "nick", ask.Nick)
		return
	}
	answer, err := c.answer(ctx, ask)
	if err != nil {
		c.log.Error("command failed", "text", ask.Text, "error", err)
		answer = Words{"That went wrong here; the log says why."}
	}
	if answer == nil {
		c.log.Info("command not understood, and no hint given: this person got several", "nick", ask.Nick, "text", ask.Text)
		return
	}
	if err := c.reply(ctx, ask, answer.Lines()); err != nil {
		c.log.Error("answer is lost", "text", ask.Text, "error", err)
	}
}

// person is who asks: the account where the server tells it, else the host.
func person(ask irc.Command) string {
	if ask.Account != "" {
		return "account " + ask.Account
	}
	return "host " + ask.Host
}

// answer finds the command and runs it. It is nil where even a hint is too much.
func (c *Commands) answer(ctx context.Context, ask irc.Command) (Answer, error) {
	name, arg, _ := strings.Cut(ask.Text, " ")
	name = strings.ToLower(strings.TrimPrefix(name, "!"))
	for _, cmd := range c.list {
		if cmd.name == name {
			return cmd.run(ctx, ask, strings.TrimSpace(arg))
		}
	}
	if !c.hints.allow(person(ask), c.now()) {
		return nil, nil
	}
	hint := "Not understood; !help lists what can be asked."
	if near := nearest(name, c.names(), 1); len(near) > 0 {
		hint = fmt.Sprintf("Not understood; did you mean !%s? !help lists what can be asked.", near[0])
	}
	return Words{hint}, nil
}

// reply puts the lines of an answer into the outbox.
func (c *Commands) reply(ctx context.Context, ask irc.Command, lines []string) error {
	cause := fmt.Sprintf("cmd:%s:%d", c.o.Session, c.seq.Add(1))
	var out []store.Outgoing
	for part, piece := range c.pieces(ask, lines) {
		out = append(out, store.Outgoing{
			Medium: store.MediumIRC, Target: ask.Target, Cause: cause, Part: part, Body: piece,
			Own: c.now(), NotAfter: c.now().Add(answerFor),
		})
	}
	if err := c.o.Say.Say(ctx, out); err != nil {
		return fmt.Errorf("answer to %s: %w", ask.Nick, err)
	}
	c.o.Sent.Now()
	return nil
}

// pieces are the lines as they fit the target, at most answerLines of them.
func (c *Commands) pieces(ask irc.Command, lines []string) []string {
	var pieces []string
	for _, line := range lines {
		if !ask.Private {
			line = ask.Nick + ": " + line
		}
		pieces = append(pieces, c.o.Split(ask.Target, line)...)
	}
	if len(pieces) > answerLines {
		pieces = pieces[:answerLines]
		last := &pieces[answerLines-1]
		*last = cutBytes(*last+"…", len(*last))
	}
	return pieces
}

func (c *Commands) names() []string {
	names := make([]string, len(c.list))
	for i, cmd := range c.list {
		names[i] = cmd.name
	}
	return names
}

func (c *Commands) help(_ context.Context, _ irc.Command, arg string) (Answer, error) {
	arg = strings.TrimPrefix(strings.ToLower(arg), "!")
	if arg == "" {
		return Words{"I can answer !" + strings.Join(c.names(), " !") + "; say !help COMMAND for more."}, nil
	}
	for _, cmd := range c.list {
		if cmd.name == arg {
			return Words{cmd.usage + ": " + cmd.help}, nil
		}
	}
	if near := nearest(arg, c.names(), 1); len(near) > 0 {
		return Words{"No such command; did you mean !" + near[0] + "?"}, nil
	}
	return Words{"No such command; !help lists them."}, nil
}

func (c *Commands) rates(ctx context.Context, _ irc.Command, arg string) (Answer, error) {
	if arg == "" {
		return Words{"Rates of what? Say !rates JOB, !rates GROUP or !rates nova-gate."}, nil
	}
	return wrap(c.o.Answers.Rates(ctx, arg))
}

func (c *Commands) queue(ctx context.Context, _ irc.Command, arg string) (Answer, error) {
	return wrap(c.o.Answers.Queue(ctx, arg, 5))
}

func (c *Commands) bug(ctx context.Context, _ irc.Command, arg string) (Answer, error) {
	if arg == "" {
		return Words{"Which bug? Say !bug 1234567 or !bug tracker:ref."}, nil
	}
	ref, err := ParseBug(arg)
	if err != nil {
		return Words{err.Error()}, nil
	}
	return wrap(c.o.Answers.Bug(ctx, ref))
}

func (c *Commands) unrecognized(ctx context.Context, _ irc.Command, arg string) (Answer, error) {
	return wrap(c.o.Answers.Unrecognized(ctx, arg, 1))
}

func (c *Commands) status(ctx context.Context, _ irc.Command, _ string) (Answer, error) {
	return wrap(c.o.Answers.Status(ctx))
}

// wrap makes an Answer of what a question returned.
func wrap[A Answer](a A, err error) (Answer, error) { return a, err }

// count is a number with its unit.
func count(n int64, unit string) string { return fmt.Sprintf("%d %s", n, unit) }

// someOf are at most most of the items, then how many more there are.
func someOf(items []string, most int, sep string) string {
	if more := len(items) - most; more > 0 {
		return strings.Join(items[:most], sep) + fmt.Sprintf("%s+%d more", sep, more)
	}
	return strings.Join(items, sep)
}

// keys are m's keys.
func keys[V any](m map[string]V) iter.Seq[string] { return maps.Keys(m) }
