package demo

import (
	"fmt"
	"strings"

	"github.com/recheckbot/recheckbot/internal/fake/gerrit"
)

// verbs are what a story can make happen:
//
//	change NAME PROJECT OWNER SUBJECT
//	private NAME
//	fail NAME PIPELINE JOB=CAUSE…         Zuul reports; CAUSE is a folder of logs, or SUCCESS
//	pass NAME PIPELINE JOB…
//	comment NAME PERSON TEXT
//	ask TEXT                              the person on IRC, in the channel
func (p *player) verbs() map[string]func(rest string) error {
	return map[string]func(string) error{
		"change":  p.change,
		"private": func(name string) error { p.w.Gerrit.SetPrivate(p.changes[name], true); return nil },
		"fail":    p.report,
		"pass":    func(rest string) error { return p.report(rest + "=SUCCESS") },
		"comment": p.comment,
		"ask":     p.ask,
	}
}

func (p *player) change(rest string) error {
	words := strings.SplitN(rest, " ", 4)
	if len(words) < 4 {
		return fmt.Errorf("change needs NAME PROJECT OWNER SUBJECT")
	}
	p.changes[words[0]] = p.w.NewChange(gerrit.ChangeSpec{Project: words[1], Owner: words[2], Subject: words[3]})
	return nil
}

func (p *player) report(rest string) error {
	words := strings.Fields(rest)
	if len(words) < 3 {
		return fmt.Errorf("fail and pass need NAME PIPELINE JOB")
	}
	number := p.changes[words[0]]
	r := Report{Change: number, Project: p.w.project(number), Pipeline: words[1]}
	for _, w := range words[2:] {
		job, cause, _ := strings.Cut(w, "=")
		if cause == "SUCCESS" {
			r.Builds = append(r.Builds, Build{Job: job, Result: cause})
			continue
		}
		r.Builds = append(r.Builds, Build{Job: job, Cause: cause})
	}
	reported, err := p.w.Post(r)
	p.reported[words[0]] = reported
	return err
}

func (p *player) comment(rest string) error {
	words := strings.SplitN(rest, " ", 3)
	if len(words) < 3 {
		return fmt.Errorf("comment needs NAME PERSON TEXT")
	}
	_, err := p.w.Gerrit.Post(p.changes[words[0]], words[1], gerrit.Comment{Message: words[2]})
	return err
}

func (p *player) ask(text string) error {
	p.asked = len(p.who.Heard())
	p.v.tell("ask", fmt.Sprintf("%s <%s> %s", Channel, p.who.nick, text))
	return p.who.Say(Channel, text)
}
