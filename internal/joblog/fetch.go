package joblog

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// redirect checks each hop like a first request; a Referer would give the
// former URL away.
func (s *Source) redirect(req *http.Request, via []*http.Request) error {
	if len(via) > max(s.o.MaxRedirects, 0) {
		return &RefusedError{URL: redact(req.URL), Why: fmt.Sprintf("more than %d redirects", max(s.o.MaxRedirects, 0))}
	}
	req.Header.Del("Referer")
	return s.guard.check(req.URL)
}

// do sends one request; only 200 comes back without an error. The caller closes
// the body.
func (s *Source) do(ctx context.Context, method, raw string) (*http.Response, error) {
	u, err := url.Parse(raw)
	if err != nil {
		return nil, &RefusedError{URL: Redact(raw), Why: "the URL cannot be read"}
	}
	if err := s.guard.check(u); err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, method, u.String(), nil)
	if err != nil {
		return nil, &RefusedError{URL: redact(u), Why: "no request can be made of it"}
	}
	req.Header.Set("User-Agent", s.agent)
	req.Header.Set("Accept-Encoding", "gzip, deflate")
	resp, err := s.client.Do(req)
	if err != nil {
		return nil, s.network(ctx, u, err)
	}
	if err := status(u, resp); err != nil {
		resp.Body.Close()
		return nil, err
	}
	return resp, nil
}

// network tells our own refusals and the caller's end of patience from the
// network's failures, and leaves out http's own text, which holds whole URLs.
func (s *Source) network(ctx context.Context, u *url.URL, err error) error {
	if r, ok := errors.AsType[*RefusedError](err); ok {
		return &RefusedError{URL: redact(u), Why: r.Why + " (" + r.URL + ")"}
	}
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, errSlow) {
		return fmt.Errorf("joblog: %s: %w", redact(u), cause)
	}
	if ue, ok := errors.AsType[*url.Error](err); ok {
		err = ue.Err
	}
	return &OutageError{URL: redact(u), Why: "no answer: " + err.Error(), Err: err}
}

func status(u *url.URL, resp *http.Response) error {
	switch resp.StatusCode {
	case http.StatusOK:
		return nil
	case http.StatusNotFound, http.StatusGone:
		return &NotThereError{URL: redact(u), Status: resp.StatusCode}
	}
	return &OutageError{URL: redact(u), Status: resp.StatusCode, RetryAfter: retryAfter(resp),
		Why: "answered " + strconv.Itoa(resp.StatusCode) + " " + http.StatusText(resp.StatusCode)}
}

// maxRetryAfter bounds what a host may ask for.
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

var errSlow = errors.New("took too long")

// limits of one body.
type limits struct {
	fetched, unpacked int64
	total             *budget // may be nil
	size              int64   // what the listing promised; 0 or less: nothing
}

// get opens a document as plain text. Reading it gives an *IncompleteError when
// it is not whole. The URL that answered last comes along.
func (s *Source) get(ctx context.Context, raw string, l limits) (*document, error) {
	slow, cancel := context.WithTimeoutCause(ctx, s.o.Timeout, fmt.Errorf("%w: over %s", errSlow, s.o.Timeout))
	resp, err := s.do(slow, http.MethodGet, raw)
	if err != nil {
		cancel()
		return nil, err
	}
	d := &document{url: redact(resp.Request.URL), resp: resp, parent: ctx, slow: slow, cancel: cancel}
	wire := &bound{r: resp.Body, left: l.fetched, why: fmt.Sprintf("over %d bytes on the wire", l.fetched)}
	plain, err := unpack(wire, resp.Header.Values("Content-Encoding"))
	if err != nil {
		err = d.explain(err)
		d.Close()
		return nil, err
	}
	text := &bound{r: plain, left: l.unpacked, why: fmt.Sprintf("over %d bytes unpacked", l.unpacked), total: l.total}
	d.r = text
	if unframed(resp) {
		d.short = func() bool { return max(l.fetched-wire.left, l.unpacked-text.left) < l.size }
	}
	return d, nil
}

// unframed says whether only the end of the connection ends the body, so that a
// cut one looks like a whole one.
func unframed(resp *http.Response) bool {
	return resp.ContentLength < 0 && len(resp.TransferEncoding) == 0 && resp.ProtoMajor == 1
}

// document is an open body, unpacked and bounded.
type document struct {
	url    string
	resp   *http.Response
	r      io.Reader
	parent context.Context // the caller's, to tell its end from our own timeout
	slow   context.Context
	cancel context.CancelFunc
	failed error       // what Read has given, for callers whose parser hides it
	short  func() bool // whether it ended before what the listing promised; nil: the protocol tells
}

func (d *document) Read(p []byte) (int, error) {
	n, err := d.r.Read(p)
	if err == io.EOF && d.short != nil && d.short() {
		err = io.ErrUnexpectedEOF
	}
	if err != nil && err != io.EOF {
		err = d.explain(err)
		d.failed = err
	}
	return n, err
}

// explain turns what a body's reader says into what it means to the caller.
func (d *document) explain(err error) error {
	if o, ok := errors.AsType[*overError](err); ok {
		return &IncompleteError{URL: d.url, Why: o.why}
	}
	if cause := context.Cause(d.parent); cause != nil {
		return fmt.Errorf("joblog: %s: %w", d.url, cause)
	}
	if cause := context.Cause(d.slow); cause != nil {
		err = cause
	}
	return &IncompleteError{URL: d.url, Why: "broken stream: " + err.Error(), Again: true, Err: err}
}

// Close ends the request; the connection is only reused when all was read.
func (d *document) Close() error {
	err := d.resp.Body.Close()
	d.cancel()
	return err
}
