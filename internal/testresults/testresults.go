// Package testresults reads which tests failed from a build's own results: the
// console with lines of testr, stestr or unittest, JUnit's XML, and the HTML
// that subunit2html writes. It decides nothing else, does no I/O but reading
// what it is given, and takes every byte of it as hostile.
package testresults

import (
	"io"
	"path"
	"slices"
	"strings"
)

// Bounds on what is read of one file. What lies beyond makes a list incomplete.
const (
	MaxBytes = 1 << 30
	MaxIDs   = 10000
	maxLine  = 64 << 10
	maxID    = 1 << 10
	maxToken = 16 << 20
)

// Holds reports whether a file of this name tells test results. A suffix .gz
// does not matter.
func Holds(filename string) bool { return formatOf(filename) != nil }

// Failed lists the tests that failed, each once, in the file's order and
// without tags (`[id-…,smoke]`). known means that the list is complete: a test
// that is not in it did not fail. Without known the listed ones failed all the
// same, but there may be others: a run was cut off, counts do not agree, or the
// file tells nothing. An error, of r or of the format (XML that was cut off, for
// one), comes with what was found before it. r is plain text; filename tells its format.
func Failed(filename string, r io.Reader) (ids []string, known bool, err error) {
	read := formatOf(filename)
	if read == nil {
		return nil, false, nil
	}
	l := &list{seen: map[string]bool{}}
	limited := &io.LimitedReader{R: r, N: MaxBytes}
	known, err = read(limited, l)
	return l.ids, known && err == nil && !l.full && limited.N > 0, err
}

// OneOf reports whether one of the wanted tests is among those that failed.
// Tags of either are left out.
func OneOf(failed, wanted []string) bool {
	for _, id := range wanted {
		if slices.Contains(failed, plainID(id)) {
			return true
		}
	}
	return false
}

// format reads one file, adds what failed, and reports whether that is all.
type format func(io.Reader, *list) (known bool, err error)

// formatOf is the format by a file's name, nil if it tells no results.
// console.html is the console of old servers, with few tags around its lines.
func formatOf(filename string) format {
	name := strings.TrimSuffix(strings.ToLower(path.Base(filename)), ".gz")
	switch ext := path.Ext(name); {
	case strings.HasPrefix(name, "console") || name == "job-output.txt" || name == "consoletext":
		return readConsole
	case ext == ".html" && strings.Contains(name, "results"):
		return readHTML
	case ext == ".xml" && (strings.Contains(name, "test") || strings.Contains(name, "junit") || strings.Contains(name, "result")):
		return readJUnit
	}
	return nil
}

// list collects ids.
type list struct {
	ids  []string
	seen map[string]bool
	full bool
}

// add adds an id as it was found. What cannot be one is left out, and the list
// is then not complete.
func (l *list) add(id string) {
	id = plainID(id)
	switch {
	case l.seen[id]:
	case id == "" || len(id) > maxID || len(l.ids) == MaxIDs:
		l.full = true
	default:
		l.seen[id] = true
		l.ids = append(l.ids, id)
	}
}

// plainID is an id without the tags in square brackets that testtools appends.
func plainID(id string) string {
	id = strings.ToValidUTF8(strings.TrimSpace(id), "\uFFFD")
	from, to := strings.IndexByte(id, '['), strings.IndexByte(id, ']')
	if from > 0 && to > from {
		id = id[:from] + id[to+1:]
	}
	return strings.TrimSpace(id)
}
