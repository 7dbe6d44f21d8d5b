package joblog

import (
	"bufio"
	"context"
	"encoding/json"
	"net/url"
)

// maxListing bounds a manifest or an index page, in bytes.
const maxListing = 16 << 20

// maxDepth bounds how deep folders may lie in each other.
const maxDepth = 16

// manifest is Zuul's list of a build's logs, as its generate-zuul-manifest role
// writes it.
type manifest struct {
	Tree []manifestNode `json:"tree"`
}

type manifestNode struct {
	Name     string          `json:"name"`
	Mimetype string          `json:"mimetype"` // "application/directory" for folders
	Encoding string          `json:"encoding"`
	Size     json.Number     `json:"size"`
	Children *[]manifestNode `json:"children"`
}

func (s *Source) manifest(ctx context.Context, base *url.URL) (Listing, error) {
	d, err := s.get(ctx, below(base, "zuul-manifest.json").String(), limits{fetched: maxListing, unpacked: maxListing})
	if err != nil {
		return Listing{}, err
	}
	defer d.Close()
	var m manifest
	text := bufio.NewReader(d)
	first, _ := text.Peek(1)       // its error comes again with the decoder
	object := string(first) == "{" // before more is read into first
	if err := json.NewDecoder(text).Decode(&m); err != nil {
		switch {
		case d.failed != nil:
			return Listing{}, d.failed
		case !object:
			return Listing{}, errNoListing // a page that stands for everything
		}
		s.log.Info("joblog: the manifest cannot be read", "url", d.url, "error", err)
		return Listing{}, errBroken
	}
	if m.Tree == nil {
		return Listing{}, errNoListing
	}
	l := Listing{How: HowManifest}
	s.walkManifest(&l, base, "", m.Tree, 0)
	return l, nil
}

func (s *Source) walkManifest(l *Listing, base *url.URL, dir string, nodes []manifestNode, depth int) {
	for _, n := range nodes {
		switch {
		case !goodPart(n.Name):
			l.Short = "the manifest holds names that are none"
		case n.Children != nil && depth >= maxDepth:
			l.Short = "folders lie too deep"
		case n.Children != nil:
			s.walkManifest(l, base, dir+n.Name+"/", *n.Children, depth+1)
		case n.Mimetype == "application/directory":
		case len(l.Files) >= s.o.MaxFiles:
			l.Short = tooMany(s.o.MaxFiles)
			return
		default:
			l.Files = append(l.Files, FileInfo{Name: dir + n.Name, URL: below(base, dir+n.Name).String(), Size: size(n.Size)})
		}
	}
}

func size(n json.Number) int64 {
	if i, err := n.Int64(); err == nil && i >= 0 {
		return i
	}
	return -1
}
