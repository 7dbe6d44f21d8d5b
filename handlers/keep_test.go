package handlers

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/recheckbot/recheckbot/internal/store"
)

// room is a store on a disk of that size.
type room struct {
	*faultyStore
	free int64
}

func (r *room) Room() (int64, error) { return r.free, nil }

// bells are alarms by name, while they are raised.
type bells map[string]string

func (b bells) Set(_ context.Context, name string, wrong bool, why string) error {
	delete(b, name)
	if wrong {
		b[name] = why
	}
	return nil
}

// TestKeepAgesOut each kind by its own age, in many small transactions, and
// keeps what identifies and counts.
func TestKeepAgesOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const day = 24 * time.Hour
	for i := range 3 {
		w.hear(w.comment("zuul", failure(fmt.Sprint("job", i))), w.comment("bob", "recheck bug 42"), w.event("patchset-created", nil))
		w.clock.move(day)
	}
	w.receive(w.comment("bob", "waits"))
	before := w.sizes()
	raw := func() int {
		n, err := w.store.Sizes(t.Context())
		w.ok(err)
		return n.Raw
	}
	k := NewKeep(KeepOptions{Store: w.store, Raw: 36 * time.Hour, Bodies: 60 * time.Hour, Now: w.clock.now})
	_, err := k.step(t.Context())
	w.ok(err)
	if n := raw(); n != 4 || w.sizes() != before {
		t.Errorf("%d lines are left; was %s, is %s", n, before, w.sizes())
	}
	w.clock.move(30 * time.Minute)
	_, err = k.step(t.Context()) // not due
	w.ok(err)
	w.clock.move(10 * day)
	_, err = k.step(t.Context())
	w.ok(err)
	if n := raw(); n != 1 || w.sizes() != before { // the one that waits
		t.Errorf("%d lines are left; was %s, is %s", n, before, w.sizes())
	}
	w.hear()
	l := &list{changes: history(1).changes}
	l.changes = append(l.changes, queried(12345, listed(noon(), "zuul", failure("job0")), listed(noon(), "bob", "recheck bug 42")))
	_, err = w.backfill(l, BackfillOptions{Late: time.Second}).Run(t.Context())
	w.ok(err)
	want := "10 comments, 4 reports, 4 builds, 4 named, 3 of 4 failed"
	if got := w.sizes(); got != want {
		t.Errorf("after a backfill over what has aged out: %s, want %s", got, want)
	}
}

// TestKeepTells when there is little room, and when the database cannot be
// written to; then nothing is aged out, and it goes on when it can.
func TestKeepTells(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.hear(w.comment("bob", "hello"))
	w.clock.move(time.Hour)
	r, b := &room{&faultyStore{Store: w.store}, 10 << 20}, bells{}
	k := NewKeep(KeepOptions{Store: r, Alarms: b, MinFree: 100 << 20, Raw: time.Minute, Now: w.clock.now})
	_, err := k.step(t.Context())
	w.ok(err)
	if b[AlarmDisk] != "less than 100 MiB are free beside the database" || len(b) != 1 {
		t.Errorf("little room: %v", b)
	}
	r.free, r.full = -1, true // nobody knows how much is free
	w.hear(w.comment("bob", "more"))
	w.clock.move(2 * time.Hour)
	if _, err := k.step(t.Context()); !isFault(err) || b[AlarmDatabase] == "" || len(b) != 1 {
		t.Errorf("full: %v %v", err, b)
	}
	r.full = false
	_, err = k.step(t.Context())
	w.ok(err)
	n, err := w.store.Sizes(t.Context())
	w.ok(err)
	if len(b) != 0 || n.Raw != 0 {
		t.Errorf("well again: %v, %d lines", b, n.Raw)
	}
}

// TestChangesHeardSince: the second look asks for those by number.
func TestChangesHeardSince(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, c := range []int64{7, 8, 7, 9} {
		w.hear(w.event("comment-added", map[string]any{"author": map[string]any{"username": "p"}, "comment": "x", "change": with(change(), "number", c)}))
		w.clock.move(time.Minute)
	}
	for since, want := range map[time.Duration][]int64{0: {8, 7, 9}, 2 * time.Minute: {7, 9}, 3 * time.Minute: {9}, time.Hour: nil} {
		if got, err := w.store.ChangesHeard(t.Context(), at(since), 10); err != nil || !slices.Equal(got, want) {
			t.Errorf("since %s: %v %v, want %v", since, got, err, want)
		}
	}
	if got, err := w.store.ChangesHeard(t.Context(), at(0), 2); err != nil || !slices.Equal(got, []int64{7, 9}) {
		t.Errorf("the two newest: %v %v", got, err)
	}
}

var errNotHere = errors.New("not here")

// TestKeepSaysWhatIsWrongWithTheDisk it cannot look at.
func TestKeepSaysWhatIsWrongWithTheDisk(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	k := NewKeep(KeepOptions{Store: noRoom{w.store}, Now: w.clock.now})
	if _, err := k.step(t.Context()); !errors.Is(err, errNotHere) {
		t.Errorf("%v", err)
	}
}

type noRoom struct{ *store.Store }

func (noRoom) Room() (int64, error) { return 0, errNotHere }
