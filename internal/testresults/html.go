package testresults

import (
	"errors"
	"io"
	"strings"

	"golang.org/x/net/html"
)

// readHTML reads what subunit2html writes (os-testr, and the script of the same
// name before it): a row with <td class="testname">CLASS for each class, then
// rows of its tests with <td class='failCase'><div class='testcase'>TEST, and
// at the end a row of totals, without which the page was cut off.
func readHTML(r io.Reader, l *list) (bool, error) {
	z := html.NewTokenizer(r)
	z.SetMaxBuf(maxToken)
	p := &page{list: l}
	for {
		switch z.Next() {
		case html.ErrorToken:
			if errors.Is(z.Err(), io.EOF) {
				return p.totals, nil
			}
			return false, z.Err()
		case html.StartTagToken:
			p.start(z)
		case html.TextToken:
			p.text(z)
		}
	}
}

// page is where a reader stands: want says what the next text is.
type page struct {
	list   *list
	class  string
	bad    bool // the row's test failed
	totals bool
	want   string
}

func (p *page) start(z *html.Tokenizer) {
	p.want = ""
	name, more := z.TagName()
	tag := string(name)
	class := ""
	for more {
		var key, value []byte
		key, value, more = z.TagAttr()
		switch {
		case string(key) == "class":
			class = string(value)
		case tag == "tr" && string(key) == "id" && string(value) == "total_row":
			p.totals = true
		}
	}
	switch {
	case tag == "tr":
		p.bad = false
	case tag == "td" && (class == "failCase" || class == "errorCase"):
		p.bad = true
	case class == "testname" || class == "testcase":
		p.want = class
	}
}

// text is a class or a test; behind a colon stands what its docstring says.
func (p *page) text(z *html.Tokenizer) {
	if p.want == "" {
		return
	}
	text, _, _ := strings.Cut(strings.TrimSpace(string(z.Text())), ": ")
	switch {
	case p.want == "testname":
		p.class = text
	case p.bad && p.class != "":
		p.list.add(p.class + "." + text)
	case p.bad:
		p.list.add(text)
	}
	p.want = ""
}
