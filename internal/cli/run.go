package cli

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/recheckbot/recheckbot/bot"
)

func (a *app) runCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "run",
		Short: "Run the bot until it is told to stop",
		Long: "Runs the bot until SIGTERM or SIGINT; what is in flight then goes on after the next start.\n" +
			"SIGHUP reads the fingerprints again. Logs go to standard error, as JSON unless that is a terminal.",
		Args: arguments(0, 0),
		RunE: func(c *cobra.Command, _ []string) error { return a.run(c.Context()) },
	}
}

func (a *app) run(ctx context.Context) error {
	cfg, err := a.load(bot.CheckWording)
	if err != nil {
		return err
	}
	notify, every := supervisor(os.Getenv, os.Getpid())
	b, err := bot.New(ctx, cfg, bot.Options{Version: Version(), Logger: a.logger(), Notify: notify, WatchdogEvery: every})
	if err != nil {
		return err
	}
	defer onHangup(b.Reload)()
	return b.Run(ctx)
}

// onHangup calls reload for each SIGHUP until the returned function is called.
func onHangup(reload func()) (stop func()) {
	hangups := make(chan os.Signal, 1)
	done := make(chan struct{})
	signal.Notify(hangups, syscall.SIGHUP)
	go func() {
		for {
			select {
			case <-hangups:
				reload()
			case <-done:
				return
			}
		}
	}()
	return func() { signal.Stop(hangups); close(done) }
}
