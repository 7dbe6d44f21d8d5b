package store

import (
	"context"
	"fmt"
	"time"
)

// SaveSet stores a fingerprint set, makes it the newest, and returns its id.
// Queued bugs that it names become "fingerprinted"; those that were so and are
// named no more become open again.
func (s *Store) SaveSet(ctx context.Context, sha [32]byte, items []FingerprintRow) (fpset int64, err error) {
	err = s.update(ctx, "save fingerprint set", fmt.Sprintf("%x", sha[:6]), func(tx *txn) error {
		now := s.now()
		fpset, err = upsert(ctx, tx, `INSERT INTO fpset (sha, load, loaded_ms) VALUES (?1, (SELECT coalesce(max(load), 0) + 1 FROM fpset), ?2)
			ON CONFLICT (sha) DO UPDATE SET load = excluded.load, loaded_ms = excluded.loaded_ms RETURNING id`, sha[:], ms(now))
		if err != nil {
			return err
		}
		for _, item := range items {
			if err := saveFingerprint(ctx, tx, fpset, item, now); err != nil {
				return fmt.Errorf("fingerprint %s: %w", item.Name, err)
			}
		}
		return markQueue(ctx, tx, now)
	})
	return fpset, err
}

func saveFingerprint(ctx context.Context, tx *txn, fpset int64, item FingerprintRow, now time.Time) error {
	id, err := upsert(ctx, tx, `INSERT INTO fingerprint (name, sha, yaml, title, first_ms) VALUES (?,?,?,?,?)
		ON CONFLICT (name, sha) DO UPDATE SET title = excluded.title RETURNING id`, item.Name, item.SHA[:], item.YAML, item.Title, ms(now))
	if err != nil {
		return err
	}
	if _, err := exec(ctx, tx, `INSERT INTO fpset_member (fpset, fingerprint) VALUES (?,?) ON CONFLICT DO NOTHING`, fpset, id); err != nil {
		return err
	}
	for pos, ref := range item.Bugs {
		bug, err := bugID(ctx, tx, ref)
		if err != nil {
			return err
		}
		_, err = exec(ctx, tx, `INSERT INTO fingerprint_bug (fingerprint, bug, pos) VALUES (?,?,?) ON CONFLICT DO NOTHING`, id, bug, pos)
		if err != nil {
			return err
		}
	}
	return nil
}

// markQueue fits the queue, and what waits to be announced, to the newest set.
func markQueue(ctx context.Context, tx *txn, now time.Time) error {
	has, is := fmt.Sprintf(tracked, "queue.bug"), fmt.Sprintf(tracked, "recheck_bug.bug")
	_, err := exec(ctx, tx, `UPDATE queue SET state = 'fingerprinted', since_ms = ?, why = 'a fingerprint names it', holder = '', until_ms = NULL
		WHERE state IN ('open', 'claimed') AND `+has, ms(now))
	if err != nil {
		return err
	}
	_, err = exec(ctx, tx, `UPDATE queue SET state = 'open', since_ms = ?, why = 'no fingerprint names it any more', epoch = epoch + 1
		WHERE state = 'fingerprinted' AND NOT `+has, ms(now))
	if err != nil {
		return err
	}
	_, err = exec(ctx, tx, `UPDATE recheck_bug SET state = 'skipped', why = 'a fingerprint names the bug', next_ms = NULL, at_ms = ?
		WHERE state = 'new' AND `+is, ms(now))
	if err != nil {
		return err
	}
	return finishRechecks(ctx, tx, now)
}
