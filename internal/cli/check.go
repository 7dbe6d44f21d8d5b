package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/recheckbot/recheckbot/bot"
	"github.com/recheckbot/recheckbot/internal/config"
	"github.com/recheckbot/recheckbot/internal/lucene"
)

func (a *app) checkCommand() *cobra.Command {
	var online bool
	var fingerprints string
	c := a.jsonFlag(&cobra.Command{
		Use:   "check",
		Short: "Check the configuration and the fingerprints; with --online each server too",
		Long: "Checks the configuration and the fingerprints, and prints what is wrong with its place.\n" +
			"With --online it also connects to each server that the configuration names.\n" +
			"With --fingerprints it checks that folder alone and needs no configuration.",
		Args: arguments(0, 0),
		RunE: func(c *cobra.Command, _ []string) error {
			checks, err := a.check(c.Context(), fingerprints, online)
			if err != nil {
				return err
			}
			return a.printChecks(checks)
		},
	})
	c.Flags().BoolVar(&online, "online", false, "connect to each server")
	c.Flags().StringVar(&fingerprints, "fingerprints", "", "check the fingerprints in `DIR` only")
	return c
}

// check runs what was asked for. A config that cannot be read is a failed check
// like any other: all its problems are told.
func (a *app) check(ctx context.Context, fingerprints string, online bool) ([]bot.Check, error) {
	if fingerprints != "" {
		return bot.CheckFingerprints(fingerprints, lucene.Historical()), nil
	}
	cfg, err := a.load(bot.CheckWording)
	var bad *config.Error
	if errors.As(err, &bad) {
		return configChecks(bad), nil
	}
	if err != nil {
		return nil, err
	}
	checks := append([]bot.Check{{What: "configuration " + a.config, OK: true}}, bot.CheckFiles(cfg)...)
	checks = append(checks, bot.CheckFingerprints(cfg.Engine.Fingerprints, bot.Mapping(cfg))...)
	if online {
		checks = append(checks, bot.CheckOnline(ctx, cfg)...)
	}
	return checks, nil
}

func configChecks(bad *config.Error) []bot.Check {
	var list []bot.Check
	for _, p := range bad.Problems {
		what := fmt.Sprintf("%s:%d:%d", bad.Path, p.Row, p.Col)
		list = append(list, bot.Check{What: what, Why: p.Text()})
	}
	return list
}

// printChecks ends with code 1 when one of them failed.
func (a *app) printChecks(checks []bot.Check) error {
	bad := 0
	for _, c := range checks {
		if !c.OK {
			bad++
		}
		if !a.json {
			fmt.Fprintln(a.text(), c)
		}
	}
	if a.json {
		if err := a.printJSON(checks); err != nil {
			return err
		}
	}
	if bad > 0 {
		return exitCode{exitNo, number(int64(bad), "problem")}
	}
	return nil
}
