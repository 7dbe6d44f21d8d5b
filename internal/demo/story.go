package demo

import (
	"context"
	_ "embed"
	"fmt"
	"regexp"
	"strings"
	"time"
)

//go:embed stories/once.txt
var onceText string

// Once is the story that "recheckbot demo --once" and the tests play.
func Once() string { return onceText }

// Step is one line of a story, and what came of it.
type Step struct {
	Line  int
	Scene string
	Text  string
	Err   error // nil: it happened
}

// parse reads a story.
func parse(text string) []Step {
	var steps []Step
	scene, n := "", 0
	for line := range strings.Lines(text) {
		n++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		if rest, ok := strings.CutPrefix(line, "scene "); ok {
			scene = rest
			continue
		}
		steps = append(steps, Step{Line: n, Scene: scene, Text: line})
	}
	return steps
}

// Pace is how fast a story goes.
type Pace struct {
	Step  time.Duration // at most so long a step waits for what it expects
	Scene time.Duration // before each scene, for readers
}

// Play plays a story, with who as the person on IRC, and returns its steps.
// After one that did not happen the others are played all the same.
func (v *Witness) Play(ctx context.Context, who *Person, text string, pace Pace) []Step {
	p := &player{w: v.w, v: v, who: who, patience: pace.Step, changes: map[string]int64{}, reported: map[string]Reported{}}
	steps := parse(text)
	scene := ""
	for i := range steps {
		if s := steps[i].Scene; s != scene {
			scene = s
			pause(ctx, pace.Scene) // cut short, the steps say so themselves
			v.tell("scene", scene)
		}
		if err := p.step(ctx, steps[i].Text); err != nil {
			steps[i].Err = err
			v.look()
			v.tell("FAILED", fmt.Sprintf("line %d: %s: %v", steps[i].Line, steps[i].Text, err))
		}
	}
	return steps
}

// player plays steps.
type player struct {
	w        *World
	v        *Witness
	who      *Person
	patience time.Duration
	changes  map[string]int64
	reported map[string]Reported
	asked    int // what the person had heard when it asked
}

var nameForm = regexp.MustCompile(`\{[a-z]+\}`)

// step plays one.
func (p *player) step(ctx context.Context, text string) error {
	text = nameForm.ReplaceAllStringFunc(text, func(name string) string {
		return fmt.Sprint(p.changes[strings.Trim(name, "{}")])
	})
	verb, rest, _ := strings.Cut(text, " ")
	if verb == "expect" {
		verb, rest, _ = strings.Cut(rest, " ")
		return p.expect(ctx, verb, rest)
	}
	do := p.verbs()[verb]
	if do == nil {
		return fmt.Errorf("no verb %q is known", verb)
	}
	return do(rest)
}
