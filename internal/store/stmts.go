package store

import (
	"context"
	"database/sql"
	"errors"
	"sync"
)

// txn is a transaction that takes statements which were prepared before: to
// prepare one costs about as much as to run it. Its statements do not watch the
// context, which would cost a goroutine each; the transaction does.
type txn struct {
	*sql.Tx
	kept   *stmts // nil: none are kept
	missed []string
	bound  map[string]*sql.Stmt // those of kept that were used here
	learnt *learnt              // what earlier transactions found; nil: nothing is kept
	fresh  []func(*learnt)      // what this one found, kept when it is committed
}

// stmt is the kept statement of q, nil when there is none yet.
func (t *txn) stmt(ctx context.Context, q string) *sql.Stmt {
	if t.kept == nil {
		return nil
	}
	if s := t.bound[q]; s != nil {
		return s
	}
	if kept := t.kept.get(q); kept != nil {
		t.bound[q] = t.Tx.StmtContext(ctx, kept)
		return t.bound[q]
	}
	t.missed = append(t.missed, q)
	return nil
}

// ExecContext is sql.Tx's, with the kept statement.
func (t *txn) ExecContext(ctx context.Context, q string, args ...any) (sql.Result, error) {
	if s := t.stmt(ctx, q); s != nil {
		return s.ExecContext(context.WithoutCancel(ctx), args...)
	}
	return t.Tx.ExecContext(ctx, q, args...)
}

// QueryContext is sql.Tx's, with the kept statement.
func (t *txn) QueryContext(ctx context.Context, q string, args ...any) (*sql.Rows, error) {
	if s := t.stmt(ctx, q); s != nil {
		return s.QueryContext(context.WithoutCancel(ctx), args...)
	}
	return t.Tx.QueryContext(ctx, q, args...)
}

// QueryRowContext is sql.Tx's, with the kept statement.
func (t *txn) QueryRowContext(ctx context.Context, q string, args ...any) *sql.Row {
	if s := t.stmt(ctx, q); s != nil {
		return s.QueryRowContext(context.WithoutCancel(ctx), args...)
	}
	return t.Tx.QueryRowContext(ctx, q, args...)
}

// stmts keeps the writer's statements. Their texts are constants of this
// package, so they are few; maxStmts only bounds a mistake.
type stmts struct {
	mu sync.Mutex
	of map[string]*sql.Stmt
}

const maxStmts = 300

func (s *stmts) get(q string) *sql.Stmt {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.of[q]
}

// prepare keeps what a transaction missed. It runs after the commit, for the
// writer has one connection and the transaction held it. A statement that
// cannot be prepared now is just not kept.
func (s *stmts) prepare(ctx context.Context, db *sql.DB, missed []string) {
	if s == nil {
		return
	}
	for _, q := range missed {
		if s.get(q) != nil {
			continue
		}
		stmt, err := db.PrepareContext(ctx, q)
		if err != nil {
			return
		}
		s.keep(q, stmt)
	}
}

func (s *stmts) keep(q string, stmt *sql.Stmt) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.of == nil {
		s.of = map[string]*sql.Stmt{}
	}
	if s.of[q] != nil || len(s.of) >= maxStmts {
		stmt.Close()
		return
	}
	s.of[q] = stmt
}

func (s *stmts) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for _, stmt := range s.of {
		errs = append(errs, stmt.Close())
	}
	s.of = nil
	return errors.Join(errs...)
}
