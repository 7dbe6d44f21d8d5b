package handlers

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/recheckbot/recheckbot/gerritstream"
	"github.com/recheckbot/recheckbot/internal/store"
)

// stone is a database and an IRC that never answer, whatever their context says.
type stone struct {
	SinkStore
	OutStore
	gone chan struct{}
}

func (s stone) AppendRaw(context.Context, []store.Raw) error { <-s.gone; return nil }

func (s stone) Say(context.Context, string, string) error { <-s.gone; return nil }

func (s stone) Unproven(context.Context, string, int) ([]store.Out, error) { return nil, nil }

func (s stone) Sending(context.Context, int64) error { return nil }

func (s stone) Proven(context.Context, int64, string) error { return nil }

func (s stone) DueOut(context.Context, string, time.Time, int) ([]store.Out, error) {
	return []store.Out{{ID: 1, Outgoing: store.Outgoing{Medium: store.MediumIRC, Target: "#a", Cause: "ask:1"}}}, nil
}

// TestHungStepsAreSeen: the stream's reader that cannot store a line any more, and
// an IRC that a line disappears in, are stuck, by name; a quiet stream is not.
func TestHungStepsAreSeen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := NewVitals(0)
		ctx, cancel := context.WithCancel(v.Context(t.Context()))
		s := stone{gone: make(chan struct{})}
		sink := NewSink(SinkOptions{Store: s})
		stream := Watched(ctx, "gerrit stream")
		time.Sleep(3 * time.Hour)
		if got := v.Stuck(); len(got) != 0 {
			t.Errorf("stuck in the quiet: %q", got)
		}
		go func() { _ = sink.Lines(stream, []gerritstream.Line{{Session: "s", Seq: 1}}) }()
		go func() { _ = NewDeliverIRC(DeliverIRCOptions{Store: s, IRC: s}).Run(ctx) }()
		time.Sleep(StuckAfter + time.Minute)
		synctest.Wait()
		if got := v.Stuck(); !slices.Equal(got, []string{"deliver to irc", "gerrit stream"}) {
			t.Errorf("stuck: %q", got)
		}
		cancel()
		close(s.gone)
		synctest.Wait()
		if got := v.Stuck(); len(got) != 0 {
			t.Errorf("still stuck: %q", got)
		}
	})
}
