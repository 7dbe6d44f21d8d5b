package cli

import (
	"github.com/spf13/cobra"

	"github.com/recheckbot/recheckbot/internal/demo"
)

func (a *app) demoCommand() *cobra.Command {
	o := demo.Options{In: a.in, Out: a.out}
	c := &cobra.Command{
		Use:   "demo",
		Short: "Run the bot in an embedded world: Gerrit, Zuul, logs and IRC on loopback",
		Long: "Runs the real bot on a simulated Gerrit, Zuul, log server, Launchpad and IRC server, all on\n" +
			"loopback, and tells what happens. It goes on until it is stopped; what is typed is said on IRC.\n" +
			"With --once it plays one story of at most 20 s and fails if any step of it did not happen.",
		Args: arguments(0, 0),
		RunE: func(c *cobra.Command, _ []string) error {
			o.Version = Version()
			if a.verbose {
				o.Log = a.logger().Handler()
			}
			return demo.Run(c.Context(), o)
		},
	}
	c.Flags().BoolVar(&o.Once, "once", false, "play one story and end with a summary")
	c.Flags().Uint64Var(&o.Seed, "seed", 1, "the seed of all that is at random")
	c.Flags().StringVar(&o.IRCAddr, "irc-addr", "", "`ADDR` of the IRC server (default 127.0.0.1:6667 or a free port)")
	return c
}
