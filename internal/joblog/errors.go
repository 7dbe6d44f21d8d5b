package joblog

import (
	"fmt"
	"net/url"
	"time"
)

// NotThereError says that the log host answered and that the logs are not
// there: 404 or 410. They may still come.
type NotThereError struct {
	URL    string // without secrets
	Status int
}

func (e *NotThereError) Error() string {
	return fmt.Sprintf("joblog: %s: not there (%d)", e.URL, e.Status)
}

// RefusedError says that our own rules forbid the request: scheme, host,
// address, redirect. It is final.
type RefusedError struct {
	URL string // without secrets
	Why string
}

func (e *RefusedError) Error() string { return fmt.Sprintf("joblog: %s: refused: %s", e.URL, e.Why) }

// OutageError says that the host could not be asked or did not serve: network,
// timeout, 5xx, 401, 403, 429. It can be tried again.
type OutageError struct {
	URL        string // without secrets
	Why        string
	Status     int           // 0 when there was no answer
	RetryAfter time.Duration // as the host asked for, else 0
	Err        error         // cause, may be nil
}

func (e *OutageError) Error() string { return fmt.Sprintf("joblog: %s: %s", e.URL, e.Why) }

// Unwrap gives the cause.
func (e *OutageError) Unwrap() error { return e.Err }

// IncompleteError says that what was read is not the whole file: the stream
// broke, or a bound was reached. What was read so far stays valid.
type IncompleteError struct {
	URL   string // without secrets
	Why   string
	Again bool  // another try may bring the rest (a broken stream, not a bound)
	Err   error // cause, may be nil
}

func (e *IncompleteError) Error() string {
	return fmt.Sprintf("joblog: %s: incomplete: %s", e.URL, e.Why)
}

// Unwrap gives the cause.
func (e *IncompleteError) Unwrap() error { return e.Err }

// Redact is raw without user, password, query and fragment, which may hold
// signatures and tokens: fit for errors and logs.
func Redact(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return "(a URL that cannot be read)"
	}
	return redact(u)
}

func redact(u *url.URL) string {
	c := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath, Opaque: u.Opaque}
	if u.RawQuery != "" {
		c.RawQuery = "…"
	}
	return c.String()
}
