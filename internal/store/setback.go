package store

import (
	"context"
	"fmt"
	"time"
)

// SetBack moves what waits to the clock that was set back by so much: without it
// an item that is due in a minute would wait for a day and a minute. It says how
// many waited beyond now.
func (s *Store) SetBack(ctx context.Context, by time.Duration) (moved int, err error) {
	err = s.update(ctx, "set back by", by, func(tx *txn) error {
		moved = 0
		for table, state := range map[string]string{"outbox": "ready", "report": "open", "recheck_bug": "new", "build": "search", "buildset": "lookup"} {
			n, err := exec(ctx, tx, fmt.Sprintf(`UPDATE %s SET next_ms = max(?1, next_ms - ?2) WHERE state = '%s' AND next_ms > ?1`, table, state),
				ms(s.now()), by.Milliseconds())
			if err != nil {
				return fmt.Errorf("%s: %w", table, err)
			}
			moved += int(n)
		}
		return nil
	})
	return moved, err
}
