package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/recheckbot/recheckbot/handlers"
)

func (a *app) statusCommand() *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use:   "status",
		Short: "How the bot is: stream, last event, gaps, queues",
		Args:  arguments(0, 0),
		RunE: func(c *cobra.Command, _ []string) error {
			return a.ask(c.Context(), func(ctx context.Context, q *handlers.Answers) error {
				answer, err := q.Status(ctx)
				if err != nil {
					return err
				}
				return a.printAnswer(answer)
			})
		},
	})
}
