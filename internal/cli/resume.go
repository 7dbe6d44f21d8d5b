package cli

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/recheckbot/recheckbot/internal/store"
)

func (a *app) resumeCommand() *cobra.Command {
	var drop bool
	var why string
	c := &cobra.Command{
		Use:   "resume",
		Short: "Let a bot speak again that stopped itself",
		Long: "A bot that says too much within an hour, or of which one fingerprint recognizes nearly\n" +
			"everything, stops saying (not recording) until a person has looked. What waits is said\n" +
			"then if it still helps; with --drop it is not.",
		Args: arguments(0, 0),
		RunE: func(c *cobra.Command, _ []string) error {
			return a.withStore(c.Context(), store.OpenBeside, func(s *store.Store) error {
				dropped, err := s.Resume(c.Context(), store.By{Who: whoAmI(), Via: "cli", Why: why}, drop)
				if errors.Is(err, store.ErrState) {
					return errors.New("the bot was not stopped")
				}
				if err != nil {
					return err
				}
				fmt.Fprintf(a.out, "It speaks again; dropped: %d.\n", dropped)
				return nil
			})
		},
	}
	c.Flags().BoolVar(&drop, "drop", false, "forget what waits to be said")
	c.Flags().StringVar(&why, "why", "", "the reason, for the record")
	return c
}
