package testresults

import (
	"encoding/xml"
	"errors"
	"io"
)

// maxDepth bounds how deep elements may lie within each other.
const maxDepth = 64

var (
	errDepth = errors.New("testresults: elements lie too deep within each other")
	errLong  = errors.New("testresults: an element's text is too long")
)

// portion is a reader that ends with an error when too much is read of it for
// one token: a decoder of XML keeps a whole text in memory.
type portion struct {
	r    io.Reader
	left int64
}

func (p *portion) Read(b []byte) (int, error) {
	if p.left <= 0 {
		return 0, errLong
	}
	n, err := p.r.Read(b)
	p.left -= int64(n)
	return n, err
}

// readJUnit reads <testcase classname name> with <failure> or <error> in it,
// at any depth of <testsuite>. A document that was cut off is not complete, nor
// one in which something else than a test failed.
func readJUnit(r io.Reader, l *list) (bool, error) {
	in := &portion{r: r}
	d := xml.NewDecoder(in)
	d.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil }
	j := &junit{list: l}
	for {
		in.left = maxToken
		token, err := d.RawToken()
		if err == io.EOF {
			return j.suites > 0 && j.depth == 0, nil
		}
		if err != nil {
			return false, err
		}
		switch t := token.(type) {
		case xml.StartElement:
			j.start(t)
		case xml.EndElement:
			j.end(t)
		}
		if j.depth < 0 || j.depth > maxDepth {
			return false, errDepth
		}
	}
}

// junit is where a reader stands.
type junit struct {
	list   *list
	depth  int
	suites int
	test   string
}

func (j *junit) start(t xml.StartElement) {
	j.depth++
	switch t.Name.Local {
	case "testsuite", "testsuites":
		j.suites++
	case "testcase":
		j.test = attr(t, "name")
		if class := attr(t, "classname"); class != "" {
			j.test = class + "." + j.test
		}
	case "failure", "error":
		j.list.add(j.test)
	}
}

func (j *junit) end(t xml.EndElement) {
	j.depth--
	if t.Name.Local == "testcase" {
		j.test = ""
	}
}

func attr(t xml.StartElement, name string) string {
	for _, a := range t.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}
