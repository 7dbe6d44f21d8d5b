package handlers

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"time"

	"github.com/recheckbot/recheckbot/internal/store"
)

// OutStore is what delivering needs of the outbox.
type OutStore interface {
	DueOut(ctx context.Context, medium string, now time.Time, limit int) ([]store.Out, error)
	Unproven(ctx context.Context, medium string, limit int) ([]store.Out, error)
	OutMarks
	DeadStore
}

// OutMarks write what became of a row of the outbox.
type OutMarks interface {
	Sending(ctx context.Context, id int64) error
	Sent(ctx context.Context, id int64) error
	Proven(ctx context.Context, id int64, proof string) error
	RetryOut(ctx context.Context, id int64, next time.Time, why string) error
	Unsent(ctx context.Context, id int64, next time.Time, why string) error
	Refuse(ctx context.Context, id int64, why string) error
	Withhold(ctx context.Context, id int64, why string) error
	Unconfirmed(ctx context.Context, id int64, why string) error
}

// outBatch is how many rows are taken before a step looks again.
const outBatch = 50

// alarmPrefix begins the causes of alarms.
const alarmPrefix = "alarm:"

// announcement reports whether a message was nobody's question: it waits while
// its channel is muted, and is not sent at all in dry-run. All others answer a
// command.
func announcement(cause string) bool {
	for _, prefix := range []string{"report:", "bug:", alarmPrefix} {
		if strings.HasPrefix(cause, prefix) {
			return true
		}
	}
	return false
}

// still looks whether a message may still be said. One that may not is withheld;
// while that cannot be found out it waits, which is no failure of its own.
func still(ctx context.Context, s *Still, marks OutMarks, log *slog.Logger, out store.Out) (bool, error) {
	why, err := s.why(ctx, out)
	unasked, unknown := errors.AsType[*unaskedError](err)
	switch {
	case ctx.Err() != nil:
		return false, nil
	case unknown:
		return false, marks.RetryOut(ctx, out.ID, unasked.until, unasked.Error())
	case err != nil:
		return false, err
	case why == "":
		return true, nil
	}
	log.Info("not said any more", "target", out.Target, "cause", out.Cause, "why", why)
	return false, marks.Withhold(ctx, out.ID, "since it was written: "+why)
}
