package store

import (
	"context"
	"database/sql"
	"time"
)

// Unrecognized are the failed builds of the last 24 h that no fingerprint
// matched, newest first, and how many there are. Private changes are left out.
// An empty job means all.
func (s *Store) Unrecognized(ctx context.Context, job string, limit int) (out []UnrecognizedBuild, total int, err error) {
	err = s.view(ctx, "unrecognized builds of", job, func(tx *txn) error {
		out, err = collect(ctx, tx, func(rows *sql.Rows) (UnrecognizedBuild, error) {
			var b UnrecognizedBuild
			var own sql.NullInt64
			err := rows.Scan(&b.Job, &b.Project, &b.Pipeline, &b.Change, &b.Patchset, &b.URL, &b.LogURL, &own, &total)
			b.Own = fromMS(own)
			return b, err
		}, `SELECT j.text, p.text, coalesce(l.text, ''), r.change, r.patchset, b.url, b.log_url, b.own_ms, count(*) OVER ()
			FROM build b JOIN name j ON j.id = b.job JOIN name p ON p.id = b.project LEFT JOIN name l ON l.id = b.pipeline
			JOIN report r ON r.comment = (SELECT min(report) FROM report_build WHERE build = b.id) JOIN change c ON c.number = r.change
			WHERE b.state = 'unrecognized' AND NOT EXISTS (SELECT 1 FROM scan s JOIN hit h ON h.scan = s.id
				WHERE s.build = b.id AND s.purpose = 'rescan' AND h.cond = '') AND b.own_ms > ?1 AND (?2 = '' OR j.text = ?2) AND NOT c.private
			ORDER BY b.own_ms DESC, b.id DESC LIMIT ?3`, ms(s.now().Add(-24*time.Hour)), job, limit)
		return err
	})
	return out, total, err
}
