package store

import (
	"context"
	"database/sql"
	"errors"

	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"
)

// Unwell reports whether an error is the database's own trouble (a FaultError, a
// closed connection) or the end of a context, so that the item at hand is not to
// blame for it.
func Unwell(err error) bool {
	for _, own := range []error{context.Canceled, context.DeadlineExceeded, sql.ErrConnDone, sql.ErrTxDone, ErrReadOnly} {
		if errors.Is(err, own) {
			return true
		}
	}
	e, ok := errors.AsType[*sqlite.Error](err)
	return ok && (faultOf(e.Code()&0xff) != "" || e.Code()&0xff == lib.SQLITE_INTERRUPT)
}
