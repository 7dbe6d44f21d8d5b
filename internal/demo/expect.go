package demo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/recheckbot/recheckbot/internal/fake/loghost"
)

// expectations are what a story can expect; each is a question that is asked
// until it is true.
//
//	title BUG              Launchpad was asked for the bug
//	lookup NAME            Zuul was asked for the buildset
//	logs NAME              the logs were fetched
//	verdict NAME STATE     a build is recognized, unrecognized, …
//	decided NAME STATE     a report is said, silent, …
//	review NAME TEXT       the bot's comment on the change holds TEXT
//	line TEXT              the bot said TEXT in the channel
//	answer TEXT            … since the last question
//	trigger NAME PERSON    the person's comment started tests
func (p *player) expectations() map[string]func(rest string) bool {
	return map[string]func(string) bool{
		"title": p.w.Launchpad.Told,
		"lookup": func(name string) bool {
			return slices.ContainsFunc(p.w.Zuul.Requests(), func(at string) bool { return strings.HasSuffix(at, p.reported[name].Buildset) })
		},
		"logs":    p.fetched,
		"verdict": two(func(name, state string) bool { return p.v.Verdict(p.changes[name], 1, state) }),
		"decided": two(func(name, state string) bool { return p.v.Decided(p.changes[name], state) }),
		"review":  two(p.reviewed),
		"line":    func(text string) bool { return p.said(0, text) > 0 },
		"answer":  func(text string) bool { return p.said(p.asked, text) > 0 },
		"trigger": two(func(name, author string) bool { return p.v.Triggered(p.changes[name], author) }),
	}
}

// counts are what must be true at once, and not more than that:
//
//	reviews N NAME         so many comments of the bot are on the change
//	lines N TEXT           so many lines of the bot held TEXT, answers too
//	untriggered ACCOUNT    no comment of the account started tests
func (p *player) counts() map[string]func(rest string) error {
	return map[string]func(string) error{
		"reviews": exactly(func(name string) int { return len(p.w.Reviews(p.changes[name])) }),
		"lines":   exactly(func(text string) int { return p.said(0, text) }),
		"untriggered": func(author string) error {
			if p.v.Triggered(0, author) {
				return errors.New("it did")
			}
			return nil
		},
	}
}

// errNotSeen ends the waiting for an expectation.
// It is a value so that it can be told from the end of the whole story.
var errNotSeen = errors.New("it did not happen in time")

// expect waits until what is expected is so, or counts it now.
func (p *player) expect(ctx context.Context, what, rest string) error {
	if count := p.counts()[what]; count != nil {
		return count(rest)
	}
	ask := p.expectations()[what]
	if ask == nil {
		return fmt.Errorf("no expectation %q is known", what)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, p.patience, errNotSeen)
	defer cancel()
	return until(ctx, func() bool {
		p.v.look()
		return ask(rest)
	})
}

// fetched reports whether something below each failed build's folder was got.
func (p *player) fetched(name string) bool {
	dirs := p.reported[name].LogDirs
	return slices.ContainsFunc(p.w.Logs.Requests(), func(r loghost.Request) bool {
		return slices.ContainsFunc(dirs, func(dir string) bool {
			return strings.HasPrefix(r.Path, dir) && !strings.HasSuffix(r.Path, "zuul-manifest.json")
		})
	})
}

func (p *player) reviewed(name, text string) bool {
	for _, r := range p.w.Reviews(p.changes[name]) {
		if strings.Contains(r.Message, text) {
			return true
		}
	}
	return false
}

// said counts the bot's lines that the person heard, from the from-th on.
func (p *player) said(from int, text string) int {
	n := 0
	for _, h := range p.who.Heard()[from:] {
		if h.From == BotUser && strings.Contains(h.Text, text) {
			n++
		}
	}
	return n
}

// two splits a step's words into the first and the rest.
func two(ask func(first, rest string) bool) func(string) bool {
	return func(words string) bool {
		first, rest, _ := strings.Cut(words, " ")
		return ask(first, rest)
	}
}

// exactly wants the number that stands first.
func exactly(count func(string) int) func(string) error {
	return func(words string) error {
		first, rest, _ := strings.Cut(words, " ")
		want, err := strconv.Atoi(first)
		if err != nil {
			return err
		}
		if got := count(rest); got != want {
			return fmt.Errorf("%d, not %d", got, want)
		}
		return nil
	}
}
