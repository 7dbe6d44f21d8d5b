package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// update runs f in one write transaction. op and key name it in errors.
func (s *Store) update(ctx context.Context, op string, key any, f func(*txn) error) error {
	if s.write == nil {
		return fmt.Errorf("store: %s %v: %w", op, key, ErrReadOnly)
	}
	select {
	case s.writing <- struct{}{}:
		defer func() { <-s.writing }()
	case <-ctx.Done():
		return fmt.Errorf("store: %s %v: %w", op, key, ctx.Err())
	}
	return inTx(ctx, s.write, &txn{kept: &s.stmts, bound: map[string]*sql.Stmt{}, learnt: &s.learnt}, op, key, f)
}

// view runs f in one read transaction, so that its queries see one state.
func (s *Store) view(ctx context.Context, op string, key any, f func(*txn) error) error {
	return inTx(ctx, s.read, &txn{}, op, key, f)
}

func inTx(ctx context.Context, db *sql.DB, t *txn, op string, key any, f func(*txn) error) (err error) {
	defer func() {
		if cause := ctx.Err(); cause != nil && errors.Is(err, sql.ErrTxDone) {
			err = cause // which ended the transaction under our hands
		}
		if err != nil {
			err = fmt.Errorf("store: %s %v: %w", op, key, faulted(err))
		}
	}()
	if t.Tx, err = db.BeginTx(ctx, nil); err != nil {
		return err
	}
	if err := f(t); err != nil {
		if rerr := t.Rollback(); rerr != nil && !errors.Is(rerr, sql.ErrTxDone) {
			return errors.Join(err, rerr)
		}
		return err
	}
	if err := t.Commit(); err != nil {
		return err
	}
	for _, keep := range t.fresh {
		keep(t.learnt)
	}
	t.kept.prepare(ctx, db, t.missed)
	return nil
}

// exec runs a statement and says how many rows it changed.
func exec(ctx context.Context, tx *txn, q string, args ...any) (int64, error) {
	res, err := tx.ExecContext(ctx, q, args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// execOne runs a statement that must change a row, else ErrState.
func execOne(ctx context.Context, tx *txn, q string, args ...any) error {
	n, err := exec(ctx, tx, q, args...)
	if err == nil && n == 0 {
		return ErrState
	}
	return err
}

// insert runs an INSERT of one row that gets its id there, and tells the id.
// RETURNING would make SQLite journal the statement.
func insert(ctx context.Context, tx *txn, q string, args ...any) (int64, error) {
	res, err := tx.ExecContext(ctx, q, args...)
	if err != nil {
		return 0, err
	}
	return res.LastInsertId()
}

// upsert runs an INSERT … ON CONFLICT … RETURNING id.
func upsert(ctx context.Context, tx *txn, q string, args ...any) (id int64, err error) {
	err = tx.QueryRowContext(ctx, q, args...).Scan(&id)
	return id, err
}

// lookupID is the single integer that q finds, and whether it found one.
func lookupID(ctx context.Context, tx *txn, q string, args ...any) (int64, bool, error) {
	var id int64
	err := tx.QueryRowContext(ctx, q, args...).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, false, nil
	}
	return id, err == nil, err
}

// collect reads all rows of q through scan.
func collect[T any](ctx context.Context, tx *txn, scan func(*sql.Rows) (T, error), q string, args ...any) ([]T, error) {
	rows, err := tx.QueryContext(ctx, q, args...)
	if err != nil {
		return nil, err
	}
	var out []T
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, errors.Join(err, rows.Close())
		}
		out = append(out, v)
	}
	return out, errors.Join(rows.Err(), rows.Close())
}

func scanInt(rows *sql.Rows) (n int64, err error) {
	err = rows.Scan(&n)
	return n, err
}

func scanText(rows *sql.Rows) (text string, err error) {
	err = rows.Scan(&text)
	return text, err
}

// ms is t as tables hold it; a zero time is NULL.
func ms(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixMilli()
}

// seconds is t in whole seconds, as Gerrit tells times; a zero time is NULL.
func seconds(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.Unix()
}

// fromMS is the time of a column; NULL is the zero time.
func fromMS(v sql.NullInt64) time.Time {
	if !v.Valid {
		return time.Time{}
	}
	return time.UnixMilli(v.Int64).UTC()
}

// orNow is t, or now when t is zero.
func (s *Store) orNow(t time.Time) time.Time {
	if t.IsZero() {
		return s.now()
	}
	return t
}

// flag is b as a column holds it.
func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}
