package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

// The exit codes.
const (
	exitWell  = 0
	exitNo    = 1
	exitError = 2
)

// exitCode is an error that ends the program with its own code and, when Msg is
// empty, without another word.
type exitCode struct {
	code int
	msg  string
}

func (e exitCode) Error() string { return e.msg }

// app is what every subcommand shares.
type app struct {
	in       io.Reader
	out, err io.Writer
	config   string // path of the config file
	json     bool
	verbose  bool
}

// Run runs the command line and returns the exit code. SIGINT and SIGTERM end
// the context once; a second one ends the program.
func Run(args []string, in io.Reader, out, errOut io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	a := &app{in: in, out: out, err: errOut}
	root := a.root()
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(errOut)
	return a.code(root.ExecuteContext(ctx))
}

// code prints an error and says what the program ends with.
func (a *app) code(err error) int {
	if err == nil {
		return exitWell
	}
	code := exitError
	var own exitCode
	if errors.As(err, &own) {
		code = own.code
	}
	if msg := err.Error(); msg != "" {
		fmt.Fprintln(a.complaints(), "recheckbot:", msg)
	}
	return code
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:           "recheckbot",
		Short:         "Tells people why their change failed",
		Long:          "recheckbot watches Gerrit, looks in the logs of failed builds for the fingerprints\nof known bugs, and answers on the review and on IRC.",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.SetFlagErrorFunc(flagError)
	root.PersistentFlags().StringVarP(&a.config, "config", "c", "config.toml", "the configuration `FILE`")
	root.PersistentFlags().BoolVarP(&a.verbose, "verbose", "v", false, "log more")
	root.AddCommand(
		a.runCommand(), a.demoCommand(), a.checkCommand(), a.scanCommand(), a.fingerprintCommand(), a.commentCommand(),
		a.ratesCommand(), a.queueCommand(), a.bugCommand(), a.unrecognizedCommand(), a.statusCommand(),
		a.rescanCommand(), a.deadCommand(), a.backfillCommand(), a.backupCommand(), a.versionCommand(), a.resumeCommand(), a.outboxCommand(),
	)
	helpFails(root)
	return root
}

// jsonFlag adds --json to a command that prints a table.
func (a *app) jsonFlag(c *cobra.Command) *cobra.Command {
	c.Flags().BoolVar(&a.json, "json", false, "print JSON")
	return c
}
