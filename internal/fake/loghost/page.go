package loghost

import (
	"encoding/json"
	"fmt"
	"html"
	"maps"
	"net/url"
	"slices"
	"strings"
)

// page is a generated listing.
type page struct {
	kind string
	body []byte
}

// page makes the manifest or index that path asks for, nil where there is none.
func (s *Server) page(path string) *page {
	if dir, ok := strings.CutSuffix(path, "zuul-manifest.json"); ok {
		if l, top := s.listing(dir); l == Manifest && top == dir {
			return s.manifest(dir)
		}
		return nil
	}
	if path != "" && !strings.HasSuffix(path, "/") {
		return nil
	}
	names := s.children(path)
	if len(names) == 0 {
		return nil
	}
	switch l, _ := s.listing(path); l {
	case Apache:
		return index(path, names, apache)
	case Nginx:
		return index(path, names, nginx)
	}
	return nil
}

// children are the names directly below dir, sorted; folders end in "/".
func (s *Server) children(dir string) []string {
	set := map[string]bool{}
	for p := range s.files {
		rest, ok := strings.CutPrefix(p, dir)
		if !ok || rest == "" {
			continue
		}
		if i := strings.IndexByte(rest, '/'); i >= 0 {
			rest = rest[:i+1]
		}
		set[rest] = true
	}
	return slices.Sorted(maps.Keys(set))
}

type node struct {
	Name     string  `json:"name"`
	Mimetype string  `json:"mimetype"`
	Encoding *string `json:"encoding"`
	Modified int64   `json:"last_modified,omitempty"`
	Size     int     `json:"size,omitempty"`
	Children []node  `json:"children,omitempty"`
}

func (s *Server) tree(dir string) []node {
	nodes := []node{}
	for _, name := range s.children(dir) {
		if sub, ok := strings.CutSuffix(name, "/"); ok {
			nodes = append(nodes, node{Name: sub, Mimetype: "application/directory", Children: s.tree(dir + name)})
			continue
		}
		nodes = append(nodes, node{Name: name, Mimetype: "text/plain", Modified: 1, Size: len(s.files[dir+name].body)})
	}
	return nodes
}

func (s *Server) manifest(dir string) *page {
	tree := s.tree(dir)
	if len(tree) == 0 {
		return nil
	}
	body, _ := json.Marshal(map[string]any{"tree": tree, "index_links": false}) // plain types: cannot fail
	return &page{"application/json", body}
}

const (
	apache = `<!DOCTYPE HTML><html><head><title>Index of /%s</title></head><body><h1>Index of /%[1]s</h1><table>
<tr><th><a href="?C=N;O=D">Name</a></th></tr><tr><td><a href="../">Parent Directory</a></td></tr>
%s</table></body></html>`
	nginx = "<html><head><title>Index of /%s</title></head><body><h1>Index of /%[1]s</h1><hr><pre><a href=\"../\">../</a>\n%s</pre><hr></body></html>"
)

func index(dir string, names []string, form string) *page {
	var rows strings.Builder
	for _, n := range names {
		row := "<a href=%q>%s</a>  01-Jan-2024 00:00  1\n"
		if form == apache {
			row = "<tr><td><a href=%q>%s</a></td></tr>\n"
		}
		fmt.Fprintf(&rows, row, (&url.URL{Path: "./" + n}).EscapedPath(), html.EscapeString(n))
	}
	return &page{"text/html;charset=UTF-8", fmt.Appendf(nil, form, html.EscapeString(dir), rows.String())}
}
