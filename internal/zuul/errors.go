package zuul

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// NotFoundError is Zuul's 404: the thing is not there yet, or never will be.
type NotFoundError struct{ What, UUID string }

func (e *NotFoundError) Error() string { return fmt.Sprintf("zuul: no %s %s", e.What, e.UUID) }

// StatusError is an answer that is neither 200 nor 404.
type StatusError struct {
	What, UUID string
	Code       int
	RetryAfter time.Duration // as Zuul, or what stands before it, asked for; else 0
}

func (e *StatusError) Error() string {
	return fmt.Sprintf("zuul: %s %s: HTTP %d %s", e.What, e.UUID, e.Code, http.StatusText(e.Code))
}

// BadUUIDError is a uuid that is none: asking again cannot help.
type BadUUIDError struct{ UUID string }

func (e *BadUUIDError) Error() string { return fmt.Sprintf("zuul: %.64q is no uuid", e.UUID) }

// waitError is the end of the context of the one who began a request; it says
// nothing about Zuul, so others who joined do not take it as an answer.
type waitError struct{ err error }

func (e *waitError) Error() string { return "zuul: " + e.err.Error() }
func (e *waitError) Unwrap() error { return e.err }

func gaveUp(err error) bool {
	_, yes := errors.AsType[*waitError](err)
	return yes
}

func statusError(resp *http.Response, what, uuid string) error {
	switch resp.StatusCode {
	case http.StatusOK:
		return nil
	case http.StatusNotFound:
		return &NotFoundError{what, uuid}
	default:
		return &StatusError{what, uuid, resp.StatusCode, retryAfter(resp)}
	}
}

// maxRetryAfter bounds what Zuul may ask for.
const maxRetryAfter = time.Hour

// retryAfter reads the header, seconds or a date (RFC 9110, 10.2.3).
func retryAfter(resp *http.Response) time.Duration {
	text := resp.Header.Get("Retry-After")
	if n, err := strconv.ParseInt(text, 10, 32); err == nil {
		return min(max(time.Duration(n)*time.Second, 0), maxRetryAfter)
	}
	if t, err := http.ParseTime(text); err == nil {
		return min(max(time.Until(t), 0), maxRetryAfter)
	}
	return 0
}

// validUUID keeps everything but 32 hex digits out of addresses.
func validUUID(s string) bool {
	return len(s) == 32 && strings.Trim(s, "0123456789abcdefABCDEF") == ""
}

// sameUUID finds answers to another question than the one asked.
func sameUUID(got, asked string) error {
	if strings.EqualFold(got, asked) {
		return nil
	}
	return fmt.Errorf("the answer is about %.64q", got)
}
