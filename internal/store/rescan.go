package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The purposes of a scan. A report speaks of its own scans only.
const (
	PurposeReport = "report"
	PurposeRescan = "rescan"
)

// RescanBuild is a failed build that was decided before. Sets are the
// fingerprint sets that it was searched for to the end.
type RescanBuild struct {
	DueBuild
	Sets []int64
}

// KeepSet remembers a fingerprint set without putting it in the place of the
// newest one: what a person tries out changes nothing of the queue.
func (s *Store) KeepSet(ctx context.Context, sha [32]byte, items []FingerprintRow) (fpset int64, err error) {
	err = s.update(ctx, "keep fingerprint set", fmt.Sprintf("%x", sha[:6]), func(tx *txn) error {
		now := s.now()
		fpset, err = upsert(ctx, tx, `INSERT INTO fpset (sha, load, loaded_ms) VALUES (?1, (SELECT coalesce(min(load), 0) - 1 FROM fpset), ?2)
			ON CONFLICT (sha) DO UPDATE SET load = load RETURNING id`, sha[:], ms(now))
		if err != nil {
			return err
		}
		for _, item := range items {
			if err := saveFingerprint(ctx, tx, fpset, item, now); err != nil {
				return fmt.Errorf("fingerprint %s: %w", item.Name, err)
			}
		}
		return nil
	})
	return fpset, err
}

// RescanBuilds are at most limit of the builds that failed since then, were
// looked at and may still have logs, and that the set was never searched for by
// this engine; newest first.
func (s *Store) RescanBuilds(ctx context.Context, since time.Time, fpset int64, engine string, limit int) (out []RescanBuild, err error) {
	err = s.view(ctx, "rescan builds since", since, func(tx *txn) error {
		out, err = collect(ctx, tx, scanRescanBuild, `SELECT b.id, n.text, b.uuid, j.text, coalesce(l.text, ''), p.text, br.text, b.log_url,
				coalesce(b.result, ''), b.voting, coalesce(r.change, b.change, 0), coalesce(r.patchset, b.patchset, 0),
				b.own_ms, b.first_seen_ms, b.first_try_ms, b.start_ms, b.end_ms, b.tries,
				(SELECT group_concat(DISTINCT s.fpset) FROM scan s WHERE s.build = b.id AND s.outcome IN ('recognized', 'unrecognized'))
			FROM build b JOIN name n ON n.id = b.ci JOIN name j ON j.id = b.job JOIN name p ON p.id = b.project
			JOIN name br ON br.id = b.branch LEFT JOIN name l ON l.id = b.pipeline
			LEFT JOIN report r ON r.comment = (SELECT min(report) FROM report_build WHERE build = b.id)
			WHERE b.own_ms >= ? AND b.log_url <> '' AND b.state IN ('recognized', 'unrecognized', 'incomplete', 'unknown')
				AND NOT EXISTS (SELECT 1 FROM scan s WHERE s.build = b.id AND s.fpset = ? AND s.engine = ?)
			ORDER BY b.own_ms DESC, b.id DESC LIMIT ?`, ms(since), fpset, engine, limit)
		return err
	})
	return out, err
}

func scanRescanBuild(rows *sql.Rows) (b RescanBuild, err error) {
	var sets sql.NullString
	b.DueBuild, err = scanDueBuildAnd(rows, &sets)
	if err != nil || sets.String == "" {
		return b, err
	}
	for _, text := range strings.Split(sets.String, ",") {
		id, bad := strconv.ParseInt(text, 10, 64)
		err = errors.Join(err, bad)
		b.Sets = append(b.Sets, id)
	}
	slices.Sort(b.Sets)
	return b, err
}

// NewIn are the names of the fingerprints of a set that none of the other sets
// has: an edited one is new.
func (s *Store) NewIn(ctx context.Context, fpset int64, sets []int64) (names []string, err error) {
	err = s.view(ctx, "new fingerprints of set", fpset, func(tx *txn) error {
		args, marks := []any{fpset}, ""
		for _, set := range sets {
			args, marks = append(args, set), marks+",?"
		}
		names, err = collect(ctx, tx, scanText, `SELECT f.name FROM fpset_member m JOIN fingerprint f ON f.id = m.fingerprint WHERE m.fpset = ?
			AND m.fingerprint NOT IN (SELECT fingerprint FROM fpset_member WHERE fpset IN (`+strings.TrimPrefix(marks, ",")+`)) ORDER BY f.name`, args...)
		return err
	})
	return names, err
}

// RecordRescan stores what a set was found to match in a build that was decided
// before. The build keeps its state, and nothing is said.
func (s *Store) RecordRescan(ctx context.Context, v Verdict) error {
	return s.update(ctx, "record rescan of build", v.Build, func(tx *txn) error {
		v.At, v.Purpose = s.orNow(v.At), PurposeRescan
		if v.State.Pending() {
			return fmt.Errorf("%s is no verdict", v.State)
		}
		_, there, err := lookupID(ctx, tx, `SELECT id FROM scan WHERE build = ? AND fpset = ? AND engine = ?`, v.Build, v.FPSet, v.Engine)
		if err != nil {
			return err
		}
		if there {
			return ErrState // the bot itself was first
		}
		return saveScan(ctx, tx, v)
	})
}
