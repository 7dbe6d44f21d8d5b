package bot

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/recheckbot/recheckbot/handlers"
	"github.com/recheckbot/recheckbot/internal/web"
)

// openWeb takes the address of the pages, if one is configured.
func (b *Bot) openWeb() error {
	if b.cfg.Web.Listen == "" {
		return nil
	}
	s, err := web.Listen(web.Options{
		Listen: b.cfg.Web.Listen, Health: b.health, Trouble: b.notReady, Numbers: b.numbers, Logger: b.log,
	})
	if err != nil {
		return err
	}
	b.web = s
	b.stops.add("web", s.Close)
	return nil
}

// health is how the steps are.
func (b *Bot) health() []web.Step {
	var list []web.Step
	for _, s := range b.vitals.Steps() {
		list = append(list, web.Step{Name: s.Name, Stuck: s.Stuck, Moved: s.Moved, Failures: s.Failures, Error: s.Error})
	}
	return list
}

// merged are the steps with one entry for all items of a kind, such as the
// searches of builds: a metric of a label for each build would never end.
func merged(steps []web.Step) []web.Step {
	var list []web.Step
	at := map[string]int{}
	for _, s := range steps {
		s.Name, _, _ = strings.Cut(s.Name, " of ")
		i, seen := at[s.Name]
		if !seen {
			at[s.Name] = len(list)
			list = append(list, s)
			continue
		}
		m := &list[i]
		m.Stuck, m.Failures = m.Stuck || s.Stuck, max(m.Failures, s.Failures)
		if s.Moved.Before(m.Moved) {
			m.Moved = s.Moved
		}
	}
	return list
}

// notReady says why the bot does not hear or cannot work; nil: it does.
func (b *Bot) notReady(ctx context.Context) (why []string) {
	if st := b.gerrit.State(); !st.Connected {
		why = append(why, "event stream not connected: "+st.LastError)
	}
	status, err := b.answers().Status(ctx)
	if err != nil {
		why = append(why, err.Error())
	}
	for _, alarm := range status.Alarms {
		why = append(why, "alarm: "+alarm.Why)
	}
	for _, name := range b.vitals.Stuck() {
		why = append(why, "step stuck: "+name)
	}
	return why
}

// numbers are what the metrics tell. What memory knows is there also without
// the database.
func (b *Bot) numbers(ctx context.Context) (web.Numbers, error) {
	st := b.gerrit.State()
	n := web.Numbers{
		Version: b.o.Version, Stream: st.Connected, Events: st.Events, LastEvent: st.LastEvent, LastByte: st.LastByte,
		Lag: b.deafness.Behind(), Steps: merged(b.health()), IRC: b.ircNumbers(),
	}
	asked := b.asker.Stats()
	n.Hits, n.Misses = asked.Hits+asked.Joined, asked.Misses
	status, err := b.answers().Status(ctx)
	if err != nil {
		return n, fmt.Errorf("metrics: %w", err)
	}
	n.Fresh, n.Gaps, n.Waiting, n.Outbox = status.Fresh, len(status.Gaps), status.Waiting, status.Outbox
	n.Dead, n.Aside = status.Dead, status.SetAside
	for _, alarm := range status.Alarms {
		n.Alarms = append(n.Alarms, alarm.Name)
	}
	return n, nil
}

func (b *Bot) ircNumbers() *web.IRC {
	if b.irc == nil {
		return nil
	}
	st := b.irc.State()
	n := &web.IRC{Connected: st.Connected, Channels: len(st.Joined), Dropped: st.Dropped, Ping: st.PingLatency}
	for _, in := range st.Joined {
		if in {
			n.Joined++
		}
	}
	return n
}

// answers answers the pages' questions.
func (b *Bot) answers() *handlers.Answers { return Answers(b.cfg, b.store, b.o.Version, b.o.Now) }

// WebAddr is where the pages are; empty: nowhere.
func (b *Bot) WebAddr() string {
	if b.web == nil {
		return ""
	}
	return b.web.Addr()
}

// AlarmStuck is the alarm of a step that does not move any more.
const AlarmStuck = "stuck"

// watch tells whoever supervises the program that its steps move, and keeps
// silent when one does not: then the program is ended and started again.
func (b *Bot) watch(ctx context.Context) error {
	every := b.o.WatchdogEvery
	if every <= 0 {
		every = 10 * time.Second
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	b.tell("READY=1")
	for {
		b.look(ctx)
		select {
		case <-tick.C:
		case <-ctx.Done():
			b.tell("STOPPING=1")
			return ctx.Err()
		}
	}
}

// alarmWithin bounds the writing of an alarm: the database may be what hangs.
const alarmWithin = 5 * time.Second

// look looks once. The supervisor is told first.
func (b *Bot) look(ctx context.Context) {
	stuck := b.vitals.Stuck()
	why := ""
	if len(stuck) == 0 {
		b.tell("WATCHDOG=1")
	} else {
		why = fmt.Sprintf("step %s has not moved for %s", stuck[0], b.vitals.After())
		b.tell("STATUS=" + why)
	}
	ctx, cancel := context.WithTimeout(ctx, alarmWithin)
	defer cancel()
	err := b.alarms.Set(ctx, AlarmStuck, len(stuck) > 0, why)
	if b.unwritten.news(err) && ctx.Err() == nil {
		b.log.Error("alarm cannot be written", "alarm", AlarmStuck, "why", why, "error", err)
	}
}

// repeated is a trouble that comes again and again and is logged once.
type repeated string

// news reports whether an error is another one than the last.
func (r *repeated) news(err error) bool {
	text := ""
	if err != nil {
		text = err.Error()
	}
	last := *r
	*r = repeated(text)
	return text != "" && text != string(last)
}

// tell tells the supervisor, if there is one.
func (b *Bot) tell(state string) {
	if b.o.Notify == nil {
		return
	}
	if err := b.o.Notify(state); b.untold.news(err) {
		b.log.Warn("the supervisor cannot be told", "state", state, "error", err)
	}
}
