package joblog

import (
	"net/url"
	"strings"
	"testing"
)

func FuzzLinks(f *testing.F) {
	f.Add(`<a href="x.txt">`, "/b/")
	f.Add(`<a HREF='../..%2f%2e%2e/x'><a href="//h/b/y"><a href=`, "/b/c/")
	f.Fuzz(func(t *testing.T, page, path string) {
		for _, n := range links(strings.NewReader(page), &url.URL{Scheme: "http", Host: "h", Path: "/" + path}) {
			if !goodPart(strings.TrimSuffix(n, "/")) {
				t.Errorf("%q", n)
			}
		}
	})
}
