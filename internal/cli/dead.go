package cli

import (
	"context"
	"errors"
	"fmt"
	"os/user"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/recheckbot/recheckbot/internal/store"
)

func (a *app) deadCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "dead",
		Short: "What steps gave up on: list it, retry it, drop it",
		Long: "Steps give up what failed five times, so that nothing else waits for it, and set lines\n" +
			"aside that they cannot read. Retry puts an item back into its step's inbox; drop forgets it.\n\n" +
			"A change of the step catchup is read again by its number, however old it is, with its\n" +
			"comments since the bot's first start; older ones are a backfill's. A line of the step deliver\n" +
			"that may have been said is said again.",
	}
	c.AddCommand(a.deadList(),
		a.deadVerb("retry", "Put an item back into its step's inbox", (*store.Store).RetryDead),
		a.deadVerb("drop", "Forget an item", (*store.Store).DropDead))
	return c
}

func (a *app) deadList() *cobra.Command {
	var limit int
	c := a.jsonFlag(&cobra.Command{
		Use: "list", Short: "Items that steps gave up on, newest first", Args: arguments(0, 0),
		RunE: func(c *cobra.Command, _ []string) error { return a.printDead(c.Context(), limit) },
	})
	c.Flags().IntVarP(&limit, "limit", "n", 50, "at most `N` items")
	return c
}

func (a *app) printDead(ctx context.Context, limit int) error {
	return a.withStore(ctx, store.OpenReadOnly, func(s *store.Store) error {
		dead, total, err := s.DeadLetters(ctx, limit)
		if err != nil {
			return err
		}
		if a.json {
			return a.printJSON(map[string]any{"total": total, "dead": append([]store.Dead{}, dead...)})
		}
		if total == 0 {
			fmt.Fprintln(a.text(), "Nothing was given up.")
			return nil
		}
		var rows []table.Row
		for _, d := range dead {
			rows = append(rows, table.Row{d.Step, d.Item, date(d.At), d.Tries, shown(d.Error, 100)})
		}
		a.printTable(table.Row{"step", "item", "at", "tries", "error"}, rows)
		if more := total - len(dead); more > 0 {
			fmt.Fprintf(a.text(), "+%d more\n", more)
		}
		return nil
	})
}

// deadVerb is a command that changes one item, in the name of who runs it.
func (a *app) deadVerb(verb, short string, do func(*store.Store, context.Context, string, string, store.By) error) *cobra.Command {
	var why string
	c := &cobra.Command{
		Use: verb + " STEP ITEM", Short: short, Args: arguments(2, 2),
		RunE: func(c *cobra.Command, args []string) error {
			return a.withStore(c.Context(), store.OpenBeside, func(s *store.Store) error {
				err := do(s, c.Context(), args[0], args[1], store.By{Who: whoAmI(), Via: "cli", Why: why})
				if errors.Is(err, store.ErrNotFound) {
					return fmt.Errorf("there is no item %s of step %s: see `recheckbot dead list`", args[1], args[0])
				}
				return err
			})
		},
	}
	c.Flags().StringVar(&why, "why", "", "the reason, for the record")
	return c
}

// withStore opens the configured database for one use.
func (a *app) withStore(ctx context.Context, open func(context.Context, string) (*store.Store, error), use func(*store.Store) error) (err error) {
	cfg, err := a.load()
	if err != nil {
		return err
	}
	s, err := open(ctx, cfg.Store.Path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	return use(s)
}

// whoAmI is the name of the user who runs the program.
func whoAmI() string {
	u, err := user.Current()
	if err != nil {
		return "unknown"
	}
	return u.Username
}

// shown is text from outside on one line, without what a terminal would obey.
func shown(text string, limit int) string {
	clean := strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return ' '
		}
		return r
	}, text)
	words := []rune(strings.Join(strings.Fields(clean), " "))
	if len(words) > limit {
		return string(words[:limit]) + "…"
	}
	return string(words)
}
