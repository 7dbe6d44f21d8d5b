package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/recheckbot/recheckbot/internal/store"
)

func (a *app) backupCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "backup FILE",
		Short: "Copy the database to a new file, also while the bot runs",
		Long: "Writes the database, as it is at one instant, to a file that must not exist. It is checked\n" +
			"before it gets its name. To restore it: stop the bot, move the database and the files beside\n" +
			"it whose names begin as its own away, copy the backup to its place, start the bot; it catches\n" +
			"up with what came since. What was said within report.max_age before the restore and after\n" +
			"the backup may be said again: restore after that time, or begin with mode = \"dry-run\".",
		Args: arguments(1, 1),
		RunE: func(c *cobra.Command, args []string) error { return a.backup(c.Context(), args[0]) },
	}
}

func (a *app) backup(ctx context.Context, file string) error {
	return a.withStore(ctx, store.OpenReadOnly, func(s *store.Store) error {
		size, err := s.Backup(ctx, file)
		if err != nil {
			return err
		}
		fmt.Fprintf(a.out, "%s: %d MiB, checked\n", file, (size+1<<20-1)>>20)
		return nil
	})
}
