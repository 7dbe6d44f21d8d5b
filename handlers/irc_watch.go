package handlers

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/recheckbot/recheckbot/internal/irc"
)

// AlarmIRC is the alarm of an IRC that we are not connected to; it begins the
// names of all alarms about IRC.
const AlarmIRC = "irc"

// ChannelAlarm is the name of the alarm about a channel, or about NickServ.
func ChannelAlarm(place string) string { return AlarmIRC + " " + place }

// IRCState tells how the connection to IRC is.
type IRCState interface{ State() irc.State }

// IRCWatchOptions are what watching IRC works with.
type IRCWatchOptions struct {
	IRC    IRCState
	Alarms *Alarms
	Down   time.Duration // how long without a connection is one alarm; 0: 5 min
	Logger *slog.Logger
	Now    func() time.Time
	Wake   Wake // the state has changed
}

// IRCWatch raises an alarm for what keeps us from speaking on IRC and that a
// person has to see to: a ban, a refused login, a channel that does not let us
// in; and when there was no connection for long. Each has an alarm of its own, so
// that a second trouble is told as well.
type IRCWatch struct {
	o   IRCWatchOptions
	log *slog.Logger
}

// NewIRCWatch makes the step.
func NewIRCWatch(o IRCWatchOptions) *IRCWatch {
	o.Down, o.Now = cmp.Or(o.Down, 5*time.Minute), clock(o.Now)
	return &IRCWatch{o: o, log: logger(o.Logger)}
}

// Run watches until ctx ends.
func (w *IRCWatch) Run(ctx context.Context) error {
	return loop{name: "watch irc", wake: w.o.Wake, every: 15 * time.Second, log: w.log}.run(ctx, w.step)
}

func (w *IRCWatch) step(ctx context.Context) (bool, error) {
	st := w.o.IRC.State()
	down := w.unconnected(st)
	if err := w.o.Alarms.Set(ctx, AlarmIRC, down != "", down); err != nil {
		return false, err
	}
	places := map[string]string{irc.NickServ: ""}
	for channel := range st.Joined {
		places[channel] = ""
	}
	for place, why := range st.Trouble {
		places[place] = why
	}
	for place, why := range places {
		text := ""
		if why != "" {
			text = fmt.Sprintf("irc: %s: %s", place, why)
		}
		if err := w.o.Alarms.Set(ctx, ChannelAlarm(place), why != "", text); err != nil {
			return false, err
		}
	}
	return false, nil
}

// unconnected says why there is no connection, once that is worth an alarm.
func (w *IRCWatch) unconnected(st irc.State) string {
	switch {
	case st.Connected:
	case st.Blocked != "":
		return st.Blocked
	case !st.Down.IsZero() && w.o.Now().Sub(st.Down) > w.o.Down:
		return "irc: not connected since " + clockTime(st.Down)
	}
	return ""
}
