package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/recheckbot/recheckbot/bot"
	"github.com/recheckbot/recheckbot/handlers"
	"github.com/recheckbot/recheckbot/internal/store"
)

// ask opens the database beside a bot that may be running, and asks it.
func (a *app) ask(ctx context.Context, question func(context.Context, *handlers.Answers) error) (err error) {
	cfg, err := a.load()
	if err != nil {
		return err
	}
	s, err := store.OpenReadOnly(ctx, cfg.Store.Path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	answers := bot.Answers(cfg, s, Version(), time.Now)
	answers.Running = func() bool { return store.Running(cfg.Store.Path) }
	return question(ctx, answers)
}

func (a *app) ratesCommand() *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use:   "rates NAME",
		Short: "Failure rates of a job, group or project-pipeline, with error bars",
		Args:  arguments(1, 1),
		RunE: func(c *cobra.Command, args []string) error {
			return a.ask(c.Context(), func(ctx context.Context, q *handlers.Answers) error {
				answer, err := q.Rates(ctx, args[0])
				if err != nil {
					return err
				}
				return a.printRates(answer)
			})
		},
	})
}

// printRates ends with code 1 when the name was not understood.
func (a *app) printRates(r handlers.RatesAnswer) error {
	switch {
	case a.json:
		if err := a.printJSON(r); err != nil {
			return err
		}
	case r.Kind == "":
		a.printLines(r.Lines())
	default:
		var rows []table.Row
		for _, w := range r.Windows {
			rows = append(rows, table.Row{w.Window, w.Failed, w.Total, percent(w.Share, w.Total),
				percent(w.Low, w.Total) + "–" + percent(w.High, w.Total), w.Recognized, w.ReportsLeftOut})
		}
		fmt.Fprintf(a.text(), "%s (%s)\n", r.Name, r.Kind)
		a.printTable(table.Row{"window", "failed", "builds", "rate", "95% interval", "recognized", "reports left out"}, rows)
		if r.Stale != "" {
			fmt.Fprintln(a.text(), shown(r.Stale, 200))
		}
	}
	if r.Kind == "" {
		return exitCode{exitNo, ""}
	}
	return nil
}

// percent is a share of 1 for a table; without builds there is none.
func percent(share float64, total int64) string {
	if total == 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f%%", 100*share)
}

func (a *app) queueCommand() *cobra.Command {
	var limit int
	c := a.jsonFlag(&cobra.Command{
		Use:   "queue [PROJECT]",
		Short: "Bugs named in rechecks that have no fingerprint",
		Args:  arguments(0, 1),
		RunE: func(c *cobra.Command, args []string) error {
			return a.ask(c.Context(), func(ctx context.Context, q *handlers.Answers) error {
				answer, err := q.Queue(ctx, strings.Join(args, ""), limit)
				if err != nil {
					return err
				}
				return a.printQueue(answer)
			})
		},
	})
	c.Flags().IntVarP(&limit, "limit", "n", 50, "at most `N` bugs")
	return c
}

func (a *app) printQueue(q handlers.QueueAnswer) error {
	if a.json {
		return a.printJSON(q)
	}
	if q.Total == 0 {
		a.printLines(q.Lines())
		return nil
	}
	var rows []table.Row
	for _, b := range q.Bugs {
		rows = append(rows, table.Row{b.Bug.String(), b.People, b.Total, date(b.Last), b.State, strings.Join(b.Projects, " "), b.Title})
	}
	a.printTable(table.Row{"bug", "people", "all", "last", "state", "projects", "title"}, rows)
	if more := q.Total - len(q.Bugs); more > 0 {
		fmt.Fprintf(a.text(), "+%d more\n", more)
	}
	return nil
}

func (a *app) bugCommand() *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use:   "bug BUG",
		Short: "What is known of a bug: fingerprint, hits, rechecks",
		Long:  "What is known of a bug. BUG is a Launchpad number or tracker:ref.",
		Args:  arguments(1, 1),
		RunE: func(c *cobra.Command, args []string) error {
			ref, err := handlers.ParseBug(args[0])
			if err != nil {
				return err
			}
			return a.ask(c.Context(), func(ctx context.Context, q *handlers.Answers) error {
				answer, err := q.Bug(ctx, ref)
				if err != nil {
					return err
				}
				return a.printAnswer(answer)
			})
		},
	})
}

// printAnswer prints what has no table of its own.
func (a *app) printAnswer(answer handlers.Answer) error {
	if a.json {
		return a.printJSON(answer)
	}
	a.printLines(answer.Lines())
	return nil
}

func (a *app) unrecognizedCommand() *cobra.Command {
	var limit int
	c := a.jsonFlag(&cobra.Command{
		Use:   "unrecognized [JOB]",
		Short: "Failures of 24 h that no fingerprint matched",
		Args:  arguments(0, 1),
		RunE: func(c *cobra.Command, args []string) error {
			return a.ask(c.Context(), func(ctx context.Context, q *handlers.Answers) error {
				answer, err := q.Unrecognized(ctx, strings.Join(args, ""), limit)
				if err != nil {
					return err
				}
				return a.printUnrecognized(answer)
			})
		},
	})
	c.Flags().IntVarP(&limit, "limit", "n", 50, "at most `N` builds")
	return c
}

func (a *app) printUnrecognized(u handlers.UnrecognizedAnswer) error {
	if a.json {
		return a.printJSON(u)
	}
	if len(u.Builds) == 0 {
		a.printLines(u.Lines())
		return nil
	}
	var rows []table.Row
	for _, b := range u.Builds {
		rows = append(rows, table.Row{date(b.At), b.Job, b.Project, b.Pipeline, b.Change, b.URL})
	}
	a.printTable(table.Row{"at", "job", "project", "pipeline", "change", "URL"}, rows)
	if more := u.Total - len(u.Builds); more > 0 {
		fmt.Fprintf(a.text(), "+%d more\n", more)
	}
	return nil
}

func date(t time.Time) string { return t.UTC().Format("2006-01-02 15:04") }
