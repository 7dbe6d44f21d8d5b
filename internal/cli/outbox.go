package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/recheckbot/recheckbot/internal/store"
)

// outboxRow is a row of the outbox for people and programs.
type outboxRow struct {
	ID     int64     `json:"id"`
	Medium string    `json:"medium"`
	Target string    `json:"target"`
	Cause  string    `json:"cause"`
	State  string    `json:"state"`
	Why    string    `json:"why,omitempty"`
	Tries  int       `json:"tries"`
	Own    time.Time `json:"own"`
	Body   string    `json:"body"`
}

func (a *app) outboxCommand() *cobra.Command {
	var state string
	var limit int
	c := a.jsonFlag(&cobra.Command{
		Use:   "outbox",
		Short: "What was said, or not, and why; newest first",
		Long: "Lists reviews and lines on IRC, with what became of each. Unconfirmed ones may or may not\n" +
			"have arrived: their connection was lost before anybody confirmed them.",
		Args: arguments(0, 0),
		RunE: func(c *cobra.Command, _ []string) error {
			if states := store.OutStates(); state != "" && !slices.Contains(states, state) {
				return fmt.Errorf("%q is no state of the outbox, which are %s", state, strings.Join(states, ", "))
			}
			return a.printOutbox(c.Context(), state, limit)
		},
	})
	c.Flags().StringVar(&state, "state", "", "only rows in `STATE`: "+strings.Join(store.OutStates(), ", "))
	c.Flags().IntVarP(&limit, "limit", "n", 50, "at most `N` rows")
	return c
}

func (a *app) printOutbox(ctx context.Context, state string, limit int) error {
	return a.withStore(ctx, store.OpenReadOnly, func(s *store.Store) error {
		out, total, err := s.OutboxIn(ctx, state, limit)
		if err != nil {
			return err
		}
		list, rows := []outboxRow{}, []table.Row{}
		for _, o := range out {
			list = append(list, outboxRow{o.ID, o.Medium, o.Target, o.Cause, o.State, o.Why, o.Tries, o.Own, o.Body})
			rows = append(rows, table.Row{o.ID, date(o.Own), o.Medium, shown(o.Target, 30), o.Cause, o.State, shown(o.Why, 60), shown(o.Body, 60)})
		}
		switch {
		case a.json:
			return a.printJSON(map[string]any{"total": total, "outbox": list})
		case total == 0:
			fmt.Fprintln(a.out, "Nothing.")
			return nil
		}
		a.printTable(table.Row{"id", "about", "medium", "target", "cause", "state", "why", "text"}, rows)
		if more := total - len(out); more > 0 {
			fmt.Fprintf(a.out, "+%d more\n", more)
		}
		return nil
	})
}
