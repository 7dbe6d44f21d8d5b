package cli

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/spf13/cobra"

	"github.com/recheckbot/recheckbot/internal/config"
)

// arguments accepts from least to most of them, and says how the command is used
// when there are others.
func arguments(least, most int) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		switch {
		case len(args) < least:
			return fmt.Errorf("an argument is missing\nusage: %s", c.UseLine())
		case len(args) > most:
			return fmt.Errorf("%q is one argument too many\nusage: %s", args[most], c.UseLine())
		}
		return nil
	}
}

// flagError says where the flags are told.
func flagError(c *cobra.Command, err error) error {
	return fmt.Errorf("%w\n%q shows the flags", err, c.CommandPath()+" --help")
}

// helpFails makes "help WORD" an error where WORD is no command: cobra prints
// the usage and ends well.
func helpFails(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	for _, c := range root.Commands() {
		if c.Name() != "help" {
			continue
		}
		c.Run = nil
		c.RunE = func(c *cobra.Command, args []string) error {
			about, rest, err := c.Root().Find(args)
			if err != nil {
				return err
			}
			if len(rest) > 0 {
				return fmt.Errorf("%q has no command %q", about.CommandPath(), rest[0])
			}
			about.InitDefaultHelpFlag()
			return about.Help()
		}
	}
}

// load reads the configuration. Where there is none it says what to do.
func (a *app) load(checks ...config.Check) (config.Config, error) {
	cfg, err := config.Load(a.config, checks...)
	if errors.Is(err, fs.ErrNotExist) {
		return cfg, fmt.Errorf("there is no configuration %s: name one with --config FILE, or write it as config.example.toml shows", a.config)
	}
	return cfg, err
}

// number is a count with its noun.
func number(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
