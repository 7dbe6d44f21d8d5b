package joblog

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/url"
	"strings"

	"golang.org/x/net/html"
)

// index reads a folder's page, as apache, nginx and others write it, and those
// of the folders below it, breadth first.
func (s *Source) index(ctx context.Context, base *url.URL) (Listing, error) {
	l := Listing{How: HowIndex}
	todo := []string{""}
	for pages := 0; len(todo) > 0; pages++ {
		if pages >= s.o.MaxFolders {
			l.Short = fmt.Sprintf("more than %d folders", s.o.MaxFolders)
			break
		}
		dir := todo[0]
		todo = todo[1:]
		links, err := s.page(ctx, below(base, dir))
		if err != nil && dir == "" {
			return Listing{}, err
		}
		if err != nil && !elsewhere(err) {
			return Listing{}, err
		}
		if err != nil {
			l.Short = "folder " + dir + " has no index"
		}
		todo = append(todo, s.take(&l, base, dir, links)...)
	}
	if len(l.Files) == 0 && l.Short == "" {
		return Listing{}, errNoListing // a page, but of nothing
	}
	return l, nil
}

// take adds a page's files to l and returns its folders.
func (s *Source) take(l *Listing, base *url.URL, dir string, links []string) (folders []string) {
	for _, name := range links {
		full := dir + name
		switch {
		case len(l.Files) >= s.o.MaxFiles:
			l.Short = tooMany(s.o.MaxFiles)
			return nil
		case !strings.HasSuffix(name, "/"):
			l.Files = append(l.Files, FileInfo{Name: full, URL: below(base, full).String(), Size: -1})
		case strings.Count(full, "/") > maxDepth:
			l.Short = "folders lie too deep"
		default:
			folders = append(folders, full)
		}
	}
	return folders
}

// page returns the names that a folder's page links to one level below it, in
// their order, each once; those of folders end in "/". Jenkins' pages are none
// of files, though they look so.
func (s *Source) page(ctx context.Context, u *url.URL) ([]string, error) {
	d, err := s.get(ctx, u.String(), limits{fetched: maxListing, unpacked: maxListing})
	if err != nil {
		return nil, err
	}
	defer d.Close()
	kind, _, _ := mime.ParseMediaType(d.resp.Header.Get("Content-Type"))
	if d.resp.Header.Get("X-Jenkins") != "" || (kind != "text/html" && kind != "application/xhtml+xml") {
		return nil, errNoListing
	}
	names := links(d, d.resp.Request.URL)
	if d.failed != nil {
		return nil, d.failed
	}
	return names, nil
}

// links reads the anchors of a page. Only what lies directly below the page's
// own URL counts: no parents, other hosts, sort orders.
func links(r io.Reader, at *url.URL) []string {
	var names []string
	seen := map[string]bool{}
	z := html.NewTokenizer(r)
	z.SetMaxBuf(1 << 20)
	for {
		switch z.Next() {
		case html.ErrorToken:
			return names
		case html.StartTagToken, html.SelfClosingTagToken:
			name, err := link(z, at)
			if err == nil && !seen[name] {
				seen[name] = true
				names = append(names, name)
			}
		}
	}
}

var errNoLink = errors.New("no link to a file below")

func link(z *html.Tokenizer, at *url.URL) (string, error) {
	tag, more := z.TagName()
	if string(tag) != "a" {
		return "", errNoLink
	}
	for more {
		var key, val []byte
		key, val, more = z.TagAttr()
		if string(key) == "href" {
			return nameBelow(string(val), at)
		}
	}
	return "", errNoLink
}

func nameBelow(href string, at *url.URL) (string, error) {
	u, err := at.Parse(strings.TrimSpace(href))
	if err != nil || u.Scheme != at.Scheme || u.Host != at.Host || u.RawQuery != "" || u.User != nil {
		return "", errNoLink
	}
	dir := at.Path[:strings.LastIndexByte(at.Path, '/')+1]
	name, ok := strings.CutPrefix(u.Path, dir)
	if !ok || !goodPart(strings.TrimSuffix(name, "/")) || name == "index.html" {
		return "", errNoLink
	}
	return name, nil
}
