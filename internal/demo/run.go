package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"
)

// Options of a demo.
type Options struct {
	Version string
	In      io.Reader // of the prompt
	Out     io.Writer
	Log     slog.Handler // what the bot logs goes there too; nil: nowhere
	Once    bool         // one story, then the summary
	Seed    uint64
	IRCAddr string // empty: 127.0.0.1:6667 if it is free and the demo goes on
}

// onceWithin bounds a whole story; one step gets patience, and a reader a
// breath before each scene.
const (
	onceWithin = 20 * time.Second
	patience   = 5 * time.Second
	breath     = 600 * time.Millisecond
)

// stage is a world with a running bot, told as it happens.
type stage struct {
	*teller
	w   *World
	v   *Witness
	bot *Running
	who *Person // on IRC
}

// Run plays a demo. With Once the error says which steps did not happen.
func Run(ctx context.Context, o Options) error {
	if o.Once {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, onceWithin)
		defer cancel()
		return once(ctx, o)
	}
	return live(ctx, o)
}

// open builds the stage, with a person of that nick on IRC.
func open(ctx context.Context, o Options, t *teller, nick string) (*stage, error) {
	w, err := NewWorld(WorldOptions{IRCAddr: o.IRCAddr, Seed: o.Seed})
	if err != nil {
		return nil, err
	}
	s := &stage{teller: t, w: w, v: w.Watch(t.tell)}
	if err := s.enter(ctx, o, nick); err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

// enter brings in the bot and the person.
func (s *stage) enter(ctx context.Context, o Options, nick string) (err error) {
	if s.bot, err = s.w.StartBot(ctx, o.Version, s.v.Logger(o.Log)); err != nil {
		return err
	}
	if s.who, err = s.w.Meet(ctx, nick, s.v.heard); err != nil {
		return err
	}
	ready, cancel := context.WithTimeoutCause(ctx, patience, errors.New("not in time"))
	defer cancel()
	if err := s.w.Ready(ready); err != nil {
		return fmt.Errorf("demo: the bot connects: %w", err)
	}
	s.tell("bot", "is connected: Gerrit "+s.w.Gerrit.Addr()+", IRC "+s.w.IRC.Addr()+" "+Channel)
	return nil
}

// close ends all; the bot's own error comes first. What the end itself makes
// happen is no part of the story.
func (s *stage) close() error {
	s.v.quiet()
	var errs []error
	if s.bot != nil {
		errs = append(errs, s.bot.Stop())
	}
	if s.who != nil {
		errs = append(errs, s.who.Leave())
	}
	return errors.Join(append(errs, s.w.Close())...)
}

// once plays the story and sums it up.
func once(ctx context.Context, o Options) error {
	t := newTeller(o.Out)
	s, err := open(ctx, o, t, "watcher")
	if err != nil {
		return err
	}
	steps := s.v.Play(ctx, s.who, Once(), Pace{Step: patience, Scene: breath})
	took := time.Since(t.start)
	if err := s.close(); err != nil {
		return err
	}
	return t.summary(steps, took)
}

// summary tells each scene's end, and is an error if a step did not happen.
func (t *teller) summary(steps []Step, took time.Duration) error {
	t.print("")
	missed, inScene := 0, 0
	for i, s := range steps {
		if s.Err != nil {
			missed++
			inScene++
		}
		if i+1 < len(steps) && steps[i+1].Scene == s.Scene {
			continue
		}
		kind := "ok"
		if inScene > 0 {
			kind = "FAILED"
		}
		t.print(t.paint(kind, fmt.Sprintf("%-6s", kind)) + "  " + s.Scene)
		inScene = 0
	}
	t.print(fmt.Sprintf("\n%d of %d steps happened, in %.1f s", len(steps)-missed, len(steps), took.Seconds()))
	if missed > 0 {
		return fmt.Errorf("demo: %d of %d steps did not happen", missed, len(steps))
	}
	return nil
}
