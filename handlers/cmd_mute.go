package handlers

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/recheckbot/recheckbot/internal/irc"
)

// muter silences a channel's announcements. Answers to commands go on.
type muter interface {
	Mute(ctx context.Context, channel, who string, until time.Time) error
	Unmute(ctx context.Context, channel, who string) error
}

// muteFor is how long a channel stays silent when nobody says for how long;
// longestMute bounds what may be asked for.
const (
	muteFor     = 24 * time.Hour
	longestMute = 14 * 24 * time.Hour
)

func (c *Commands) mute(ctx context.Context, ask irc.Command, arg string) (Answer, error) {
	if refusal := operatorsOnly(ask); refusal != nil {
		return refusal, nil
	}
	d := muteFor
	if arg != "" {
		parsed, err := parseSpan(arg)
		if err != nil || parsed <= 0 || parsed > longestMute {
			return Words{"How long? Say for example !mute 30m, !mute 2h or !mute 3d (at most 14d)."}, nil
		}
		d = parsed
	}
	until := c.now().Add(d)
	if err := c.mutes.Mute(ctx, ask.Target, ask.Nick, until); err != nil {
		return nil, fmt.Errorf("mute %s: %w", ask.Target, err)
	}
	return Words{"Silent here until " + clockTime(until) + "; commands still work. !unmute ends it."}, nil
}

// parseSpan reads a duration as people write it: "2h", "1h 30m", "3d".
func parseSpan(text string) (time.Duration, error) {
	text = strings.ToLower(strings.ReplaceAll(text, " ", ""))
	days, rest, ok := strings.Cut(text, "d")
	if !ok {
		return time.ParseDuration(text)
	}
	n, err := strconv.ParseUint(days, 10, 8)
	if err != nil || rest == "" {
		return time.Duration(n) * 24 * time.Hour, err
	}
	d, err := time.ParseDuration(rest)
	return time.Duration(n)*24*time.Hour + d, err
}

func (c *Commands) unmute(ctx context.Context, ask irc.Command, _ string) (Answer, error) {
	if refusal := operatorsOnly(ask); refusal != nil {
		return refusal, nil
	}
	if err := c.mutes.Unmute(ctx, ask.Target, ask.Nick); err != nil {
		return nil, fmt.Errorf("unmute %s: %w", ask.Target, err)
	}
	return Words{"Announcing here again."}, nil
}

// operatorsOnly refuses who may not, or not here.
func operatorsOnly(ask irc.Command) Answer {
	if ask.Private {
		return Words{"Say that in the channel it is about."}
	}
	if !ask.Operator {
		return Words{"Only operators of " + ask.Target + " may do that."}
	}
	return nil
}
