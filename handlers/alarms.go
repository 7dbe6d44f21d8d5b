package handlers

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/recheckbot/recheckbot/internal/store"
)

// AlarmStore keeps which alarms are raised, over restarts.
type AlarmStore interface {
	SetAlarm(ctx context.Context, name string, raised bool, why string, say func(was, is store.Alarm) []store.Outgoing) (changed bool, err error)
}

// AlarmsOptions are what alarms need.
type AlarmsOptions struct {
	Store    AlarmStore
	Channels []Channel
	Calm     time.Duration // how long all must be well before an alarm is over; 0: 1 min
	Logger   *slog.Logger
	Now      func() time.Time
	Next     []Wake // those that deliver
}

// Alarms says, once for each change, that something is wrong or well again: to
// the log and to the channels that want alarms.
type Alarms struct {
	o    AlarmsOptions
	log  *slog.Logger
	mu   sync.Mutex
	well map[string]time.Time // since when what is raised is well
	told map[string]string    // what the store knows of an alarm, so that it is not told each time
}

// NewAlarms makes the alarms.
func NewAlarms(o AlarmsOptions) *Alarms {
	o.Now = clock(o.Now)
	if o.Calm <= 0 {
		o.Calm = time.Minute
	}
	return &Alarms{o: o, log: logger(o.Logger), well: map[string]time.Time{}, told: map[string]string{}}
}

// Set says how it stands with what an alarm is about: wrong, and why, or well.
func (a *Alarms) Set(ctx context.Context, name string, wrong bool, why string) error {
	if !wrong && !a.calm(name) {
		return nil
	}
	if wrong {
		a.unwell(name)
	}
	return a.SetNow(ctx, name, wrong, why)
}

// SetNow is Set for what a person decided: it does not wait for calm.
func (a *Alarms) SetNow(ctx context.Context, name string, wrong bool, why string) error {
	now := fmt.Sprint(wrong, " ", why)
	if a.knows(name, now) {
		return nil
	}
	changed, err := a.o.Store.SetAlarm(ctx, name, wrong, why, a.lines)
	if err != nil {
		return fmt.Errorf("alarm %s: %w", name, err)
	}
	a.learn(name, now)
	if !changed {
		return nil
	}
	if wrong {
		a.log.Error("ALARM", "alarm", name, "why", why)
	} else {
		a.log.Info("alarm is over", "alarm", name)
	}
	wakeAll(a.o.Next)
	return nil
}

// calm reports whether it has been well for long enough.
func (a *Alarms) calm(name string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	since, ok := a.well[name]
	if !ok {
		a.well[name] = a.o.Now()
		return false
	}
	return a.o.Now().Sub(since) >= a.o.Calm
}

func (a *Alarms) knows(name, now string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.told[name] == now
}

func (a *Alarms) learn(name, now string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.told[name] = now
}

func (a *Alarms) unwell(name string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.well, name)
}

// alarmFor is how long a change of an alarm is still worth saying.
const alarmFor = 6 * time.Hour

// lines is one line for each channel that wants alarms.
func (a *Alarms) lines(was, is store.Alarm) []store.Outgoing {
	text := "ALARM: " + is.Why
	if !is.Raised {
		text = fmt.Sprintf("over after %s: %s", span(is.Since.Sub(was.Since)), was.Why)
	}
	var out []store.Outgoing
	for _, ch := range a.o.Channels {
		if !slices.Contains(ch.Kinds, KindAlarms) {
			continue
		}
		out = append(out, store.Outgoing{
			Medium: store.MediumIRC, Target: ch.Name, Cause: fmt.Sprintf("%s%s:%d", alarmPrefix, is.Name, is.N),
			Body: cutBytes(oneLine(text), maxIRC), Own: is.Since, NotAfter: is.Since.Add(alarmFor),
		})
	}
	return out
}
