package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/recheckbot/recheckbot/bot"
	"github.com/recheckbot/recheckbot/handlers"
)

func (a *app) backfillCommand() *cobra.Command {
	since := ago(30 * 24 * time.Hour)
	var o bot.BackfillOptions
	c := a.jsonFlag(&cobra.Command{
		Use:   "backfill --since 30d [--project NAME]...",
		Short: "Read Gerrit's history, for rates and the queue",
		Long: "Reads all comments since then, beside a running bot or without one, so that rates and the\n" +
			"queue know of them. Nothing is said because of what is found, no logs are searched, and the\n" +
			"texts are not kept. Stop it at any time: the same command goes on where it was.",
		Args: arguments(0, 0),
		RunE: func(c *cobra.Command, _ []string) error {
			o.Since = time.Now().Add(-time.Duration(since))
			return a.backfill(c.Context(), o)
		},
	})
	c.Flags().Var(&since, "since", "how far back, such as 36h or 30d")
	c.Flags().StringArrayVar(&o.Projects, "project", nil, "only this `PROJECT`; may be given several times")
	c.Flags().DurationVar(&o.Pace, "pace", 100*time.Millisecond, "rest between two questions to Gerrit")
	c.Flags().BoolVar(&o.Anew, "anew", false, "begin anew, not where the last one was stopped")
	return c
}

func (a *app) backfill(ctx context.Context, o bot.BackfillOptions) error {
	cfg, err := a.load()
	if err != nil {
		return err
	}
	t := &teller{a: a, began: time.Now()}
	o.Logger, o.Told = a.logger(), t.told
	p, err := bot.Backfill(ctx, cfg, o)
	t.end()
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		return exitCode{exitNo, fmt.Sprintf("stopped at %s; the same command goes on there", date(p.Next))}
	}
	if err != nil {
		return err
	}
	if a.json {
		return a.printJSON(p)
	}
	took := time.Since(t.began)
	fmt.Fprintf(a.out, "%d changes read since %s, %d comments that were not known, in %s\n",
		p.Changes, date(p.Since), p.Comments, took.Round(time.Second))
	if p.GivenUp > 0 {
		return exitCode{exitNo, fmt.Sprintf("%d changes were given up: recheckbot dead list", p.GivenUp)}
	}
	return nil
}

// teller tells on standard error how far a backfill is: on a terminal on one
// line each second, elsewhere on a new line now and then.
type teller struct {
	a     *app
	began time.Time
	last  time.Time
	first handlers.BackfillProgress
	line  bool
}

func (t *teller) told(p handlers.BackfillProgress) {
	every, terminal := 30*time.Second, isTerminal(t.a.err)
	if terminal {
		every = time.Second
	}
	now := time.Now()
	if t.first.Until.IsZero() {
		t.first = p
	}
	if now.Sub(t.last) < every {
		return
	}
	t.last = now
	text := t.text(p, now.Sub(t.began))
	if terminal {
		fmt.Fprintf(t.a.err, "\r%s\x1b[K", text)
		t.line = true
		return
	}
	fmt.Fprintln(t.a.err, text)
}

// text is how far it is, how fast, and how long it still takes at that rate.
func (t *teller) text(p handlers.BackfillProgress, took time.Duration) string {
	rate := float64(p.Changes-t.first.Changes) / max(took.Seconds(), 0.001)
	left := "?"
	if done := p.Share() - t.first.Share(); done > 0.001 {
		left = time.Duration(float64(took) * (1 - p.Share()) / done).Round(time.Second).String()
	}
	return fmt.Sprintf("%s: %d changes (%.0f/s), %d comments, %.0f%%, %s left", date(p.Next), p.Changes, rate, p.Comments, 100*p.Share(), left)
}

// end leaves the line of a terminal.
func (t *teller) end() {
	if t.line {
		fmt.Fprintln(t.a.err)
	}
}
