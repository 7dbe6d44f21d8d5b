package handlers

import (
	"context"
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
