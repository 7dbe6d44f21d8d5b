package store

import (
	"errors"

	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"
)

// FaultError says that the database itself is in trouble: whatever was asked of
// it is not to blame, and may go well later.
type FaultError struct {
	Fault string // in words: what is wrong and what to do
	Err   error
}

// Error implements error.
func (e *FaultError) Error() string { return e.Fault + ": " + e.Err.Error() }

// Unwrap is the error below.
func (e *FaultError) Unwrap() error { return e.Err }

// faulted makes an error of the database itself a FaultError.
func faulted(err error) error {
	var own *FaultError
	var lite *sqlite.Error
	if err == nil || errors.As(err, &own) || !errors.As(err, &lite) {
		return err
	}
	if fault := faultOf(lite.Code() & 0xff); fault != "" {
		return &FaultError{fault, err}
	}
	return err
}

// faultOf says in words what a primary result code of SQLite means, "" when the
// statement is to blame.
func faultOf(code int) string {
	switch code {
	case lib.SQLITE_BUSY, lib.SQLITE_LOCKED, lib.SQLITE_PROTOCOL:
		return "the database is locked by another process"
	case lib.SQLITE_FULL:
		return "the disk or the database is full"
	case lib.SQLITE_READONLY:
		return "the database cannot be written to"
	case lib.SQLITE_CORRUPT, lib.SQLITE_NOTADB:
		return "the database is damaged: stop the bot, keep the file, restore a backup"
	case lib.SQLITE_IOERR:
		return "the database's disk has errors"
	case lib.SQLITE_CANTOPEN:
		return "the database cannot be opened"
	case lib.SQLITE_NOMEM:
		return "there is no memory left for the database"
	}
	return ""
}
