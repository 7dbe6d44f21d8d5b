package store

import (
	"context"
	"database/sql"
	"errors"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// Unwell reports whether an error is the database's own trouble (locked, full,
// read-only, corrupt, closed) or the end of a context, so that the item at hand
// is not to blame for it.
func Unwell(err error) bool {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, sql.ErrConnDone) ||
		errors.Is(err, sql.ErrTxDone) || errors.Is(err, ErrReadOnly) {
		return true
	}
	e, ok := errors.AsType[*sqlite.Error](err)
	return ok && (faultOf(e.Code()&0xff) != "" || e.Code()&0xff == sqlite3.SQLITE_INTERRUPT) // the rest of it says more
}
