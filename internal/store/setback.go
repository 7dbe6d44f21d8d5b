package store

import (
	"context"
	"fmt"
	"time"
)

// SetBack moves what waits to the clock that was set back by so much: without it
// an item that is due in a minute would wait for a day and a minute. It says how
// many waited beyond now. Gaps that the old clock noted are moved too: no
// catching-up could close one that lies in the future.
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
		_, err := exec(ctx, tx, `UPDATE gap SET from_ms = iif(from_ms > ?1, min(?1, from_ms - ?2), from_ms), to_ms = min(?1, to_ms - ?2)
			WHERE closed_ms IS NULL AND to_ms > ?1`, ms(s.now()), by.Milliseconds())
		if err != nil {
			return fmt.Errorf("gap: %w", err)
		}
		return nil
	})
	return moved, err
}
