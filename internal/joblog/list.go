package joblog

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"strings"
)

// How says where a listing comes from.
type How string

// The ways to list a folder, in the order in which they are tried.
const (
	HowManifest  How = "manifest"
	HowIndex     How = "index"
	HowWellKnown How = "well-known"
	HowFile      How = "file" // the URL or path named one file
	HowFolder    How = "folder"
)

// Listing is what a log folder holds.
type Listing struct {
	Files []FileInfo
	How   How
	Short string   // why files may be missing from Files; empty: all are there
	Asked []string // HowWellKnown: the names that were asked for, those of Files among them; of others nothing is known
}

// FileInfo is one file of a listing.
type FileInfo struct {
	Name   string // path below the log folder, "/" between parts, not encoded
	URL    string // where a person can read it; empty for local files
	Size   int64  // as the listing says, perhaps packed; -1 unknown
	budget *budget
	part   *part // of a local file; nil: all of it
}

// List tells the files of a log folder: by its zuul-manifest.json, else by its
// directory index, else by trying well-known names, within Options.Timeout. A URL
// that names a file is listed as that file, unasked. Errors are *NotThereError (the host says that
// nothing is there), *RefusedError (final), *IncompleteError, or an outage.
func (s *Source) List(ctx context.Context, logURL string) (Listing, error) {
	base, err := url.Parse(strings.TrimSpace(logURL))
	if err != nil {
		return Listing{}, &RefusedError{URL: Redact(logURL), Why: "the URL cannot be read"}
	}
	if err := s.guard.check(base); err != nil {
		return Listing{}, err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, s.o.Timeout, errSlow)
	defer cancel()
	l, err := s.list(ctx, base)
	if err != nil {
		return Listing{}, err
	}
	b := newBudget(s.o.MaxTotal)
	for i := range l.Files {
		l.Files[i].budget = b
	}
	return l, nil
}

func (s *Source) list(ctx context.Context, base *url.URL) (Listing, error) {
	if namesFile(base) {
		return Listing{How: HowFile, Files: []FileInfo{{Name: path.Base(base.Path), URL: base.String(), Size: -1}}}, nil
	}
	base = asFolder(base)
	l, err := s.manifest(ctx, base)
	if err == nil || !elsewhere(err) {
		return l, err
	}
	forbidden, broken := outage(err), errors.Is(err, errBroken)
	l, err = s.index(ctx, base)
	if err != nil && elsewhere(err) {
		l, err = s.wellKnown(ctx, base)
	}
	if _, no := errors.AsType[*NotThereError](err); no && forbidden != nil {
		return Listing{}, forbidden
	}
	switch {
	case err != nil:
	case broken:
		l.Short = cmp.Or(l.Short, errBroken.Error()) // it may have named files that no other way shows
	case forbidden != nil && l.How == HowWellKnown:
		l.Short = cmp.Or(l.Short, "the host does not tell which files there are")
	}
	return l, err
}

// elsewhere says whether the next way of listing may still succeed: the
// document is not there, is no listing, or is forbidden, as object stores say
// of names that do not exist.
func elsewhere(err error) bool {
	if _, no := errors.AsType[*NotThereError](err); no || errors.Is(err, errNoListing) || errors.Is(err, errBroken) {
		return true
	}
	return forbids(err)
}

// forbids says whether the host answered that this is not for us.
func forbids(err error) bool {
	o, ok := errors.AsType[*OutageError](err)
	return ok && (o.Status == http.StatusForbidden || o.Status == http.StatusUnauthorized)
}

func outage(err error) error {
	if o, ok := errors.AsType[*OutageError](err); ok {
		return o
	}
	return nil
}

var (
	errNoListing = errors.New("no listing")
	errBroken    = errors.New("the manifest cannot be read")
)

// namesFile tells a file's URL from a folder's: old Zuul comments leave the
// last slash of folders out.
func namesFile(u *url.URL) bool {
	last := strings.TrimSuffix(path.Base(u.Path), ".gz")
	if strings.HasSuffix(u.Path, "/") || u.Path == "" {
		return false
	}
	switch path.Ext(last) {
	case ".txt", ".log", ".html", ".out", ".err", ".json":
		return true
	}
	return last == "consoleText"
}

func asFolder(u *url.URL) *url.URL {
	c := *u
	c.RawQuery, c.Fragment, c.RawFragment = "", "", ""
	if !strings.HasSuffix(c.Path, "/") {
		c.Path += "/"
		if c.RawPath != "" {
			c.RawPath += "/"
		}
	}
	return &c
}

// below is the URL of the file name under base, each part percent-encoded; "+"
// too, which some object stores take for a space.
func below(base *url.URL, name string) *url.URL {
	parts := strings.Split(name, "/")
	for i, p := range parts {
		parts[i] = strings.ReplaceAll(url.PathEscape(p), "+", "%2B")
	}
	c := *base
	c.RawPath = base.EscapedPath() + strings.Join(parts, "/")
	c.Path = base.Path + name
	return &c
}

// goodPart refuses names that are no name of a file in a folder. A backslash is
// in those of systemd's units.
func goodPart(p string) bool {
	return p != "" && p != "." && p != ".." && len(p) <= 255 && !strings.ContainsAny(p, "/\x00\r\n")
}

// Open gives a listed file as plain text, unpacked and bounded, closed by the
// caller. Errors of Open are those of List; Read gives *IncompleteError when
// the stream breaks or a bound is reached.
func (s *Source) Open(ctx context.Context, f FileInfo) (io.ReadCloser, error) {
	d, err := s.get(ctx, f.URL, limits{fetched: s.o.MaxFetched, unpacked: s.o.MaxUnpacked, total: f.budget, size: f.Size})
	if err != nil {
		return nil, err // not d: a nil document would be a non-nil ReadCloser
	}
	return d, nil
}

// tooMany is a listing's note that it was cut.
func tooMany(n int) string { return fmt.Sprintf("more than %d files", n) }
