package handlers

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/recheckbot/recheckbot/internal/store"
)

// The alarms about the database.
const (
	AlarmDatabase = "database" // it cannot be written to
	AlarmDisk     = "disk"     // it soon cannot
)

// KeepStore is what keeping the database in good order needs of it.
type KeepStore interface {
	AgeOut(ctx context.Context, a store.Ages, limit int) (int, error)
	SetCursor(ctx context.Context, name, value string) error
	Room() (free int64, err error)
}

// Alarmer raises and ends an alarm.
type Alarmer interface {
	Set(ctx context.Context, name string, wrong bool, why string) error
}

// KeepOptions are what the step works with. A zero age is for ever.
type KeepOptions struct {
	Store    KeepStore
	Alarms   Alarmer       // may be nil
	Raw      time.Duration // how long lines of the stream are kept
	Bodies   time.Duration // how long texts of comments are
	Excerpts time.Duration // how long quoted log lines are
	MinFree  int64         // bytes that should be free beside the database
	Every    time.Duration // between two rounds of ageing out; 0: 1 h
	Logger   *slog.Logger
	Now      func() time.Time
}

// Keep lets texts age out, and tells when the database cannot be written to, or
// soon cannot. All that counts stays.
type Keep struct {
	o    KeepOptions
	log  *slog.Logger
	last time.Time // when ageing out was last done with
	told string    // the trouble that was logged last
}

// NewKeep makes the step.
func NewKeep(o KeepOptions) *Keep {
	o.Every, o.Now = cmp.Or(o.Every, time.Hour), clock(o.Now)
	return &Keep{o: o, log: logger(o.Logger)}
}

const (
	keepEvery = time.Minute // between two looks at disk and database
	ageBatch  = 500         // rows of one transaction: others want to write too
	ageRest   = 50 * time.Millisecond
)

// cursorKept is written to with each look, to see that it can be.
const cursorKept = "kept"

// Run keeps until ctx ends.
func (k *Keep) Run(ctx context.Context) error {
	return loop{name: "keep", every: keepEvery, log: k.log}.run(ctx, k.step)
}

// step looks once, and ages out when that is due. Without room nothing is aged
// out, for that too has to be written first.
func (k *Keep) step(ctx context.Context) (bool, error) {
	if err := k.disk(ctx); err != nil {
		return false, err
	}
	if err := k.writable(ctx); err != nil {
		return false, err
	}
	now := k.o.Now()
	if !k.last.IsZero() && now.Sub(k.last) < k.o.Every && !now.Before(k.last) {
		return false, nil
	}
	n, err := k.ageOut(ctx, now)
	if n > 0 {
		k.log.Info("aged out", "rows", n)
	}
	if err != nil {
		return false, fmt.Errorf("keep: %w", err)
	}
	k.last = now
	return false, nil
}

// ageOut ages out in small transactions.
func (k *Keep) ageOut(ctx context.Context, now time.Time) (sum int, err error) {
	a := store.Ages{Raw: before(now, k.o.Raw), Bodies: before(now, k.o.Bodies), Excerpts: before(now, k.o.Excerpts)}
	for ctx.Err() == nil {
		n, err := k.o.Store.AgeOut(ctx, a, ageBatch)
		sum += n
		if err != nil || n == 0 {
			return sum, err
		}
		beat(ctx)
		pause(ctx, nil, ageRest)
	}
	return sum, ctx.Err()
}

// before is the time so long ago; an age of 0 is for ever.
func before(now time.Time, age time.Duration) time.Time {
	if age <= 0 {
		return time.Time{}
	}
	return now.Add(-age)
}

// disk tells when there is little room left.
func (k *Keep) disk(ctx context.Context) error {
	free, err := k.o.Store.Room()
	if err != nil {
		return fmt.Errorf("keep: room: %w", err)
	}
	const mib = 1 << 20
	little := free >= 0 && free < k.o.MinFree
	return k.alarm(ctx, AlarmDisk, little, fmt.Sprintf("less than %d MiB are free beside the database", k.o.MinFree/mib))
}

// writable tells when the database cannot be written to; the alarm cannot be
// kept there then, so the log has it too.
func (k *Keep) writable(ctx context.Context) error {
	err := k.o.Store.SetCursor(ctx, cursorKept, "")
	if err == nil || ctx.Err() != nil {
		k.told = ""
		return k.alarm(ctx, AlarmDatabase, false, "")
	}
	if aerr := k.alarm(ctx, AlarmDatabase, true, err.Error()); aerr != nil && k.told != err.Error() {
		k.told = err.Error()
		k.log.Error("ALARM", "alarm", AlarmDatabase, "why", err)
	}
	return fmt.Errorf("keep: %w", err)
}

func (k *Keep) alarm(ctx context.Context, name string, wrong bool, why string) error {
	if k.o.Alarms == nil {
		return nil
	}
	return k.o.Alarms.Set(ctx, name, wrong, why)
}
