package handlers

import (
	"context"
	"errors"
	"fmt"

	"github.com/recheckbot/recheckbot/internal/irc"
	"github.com/recheckbot/recheckbot/internal/store"
)

// resumer closes the breaker in a person's name.
type resumer interface {
	Resume(ctx context.Context, by store.By, drop bool) (dropped int, err error)
}

// resume lets the bot speak again; "drop" forgets what waited.
func (c *Commands) resume(ctx context.Context, ask irc.Command, arg string) (Answer, error) {
	if refusal := operatorsOnly(ask); refusal != nil {
		return refusal, nil
	}
	if arg != "" && arg != "drop" {
		return Words{"Say !resume, or !resume drop to forget what waited."}, nil
	}
	by := store.By{Who: ask.Nick, Via: "irc", Why: "!resume in " + ask.Target}
	dropped, err := c.o.Resume.Resume(ctx, by, arg == "drop")
	if errors.Is(err, store.ErrState) {
		return Words{"Nothing to resume: the bot was not stopped."}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("resume: %w", err)
	}
	return Words{resumed(dropped)}, nil
}

// resumed says what a resumption did.
func resumed(dropped int) string {
	if dropped == 0 {
		return "Speaking again."
	}
	return fmt.Sprintf("Speaking again; %d %s that waited %s dropped.", dropped, plural(dropped, "message"), were(dropped))
}

func were(n int) string {
	if n == 1 {
		return "was"
	}
	return "were"
}
