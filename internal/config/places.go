package config

import (
	"fmt"
	"strings"

	"github.com/pelletier/go-toml/v2/unstable"
)

// place is a position in the file, both from 1.
type place struct{ row, col int }

// places knows where each key of a file stands: "gerrit.addr", "ci[2].name",
// "ci[2].triggers[1]". The library tells positions only of what it refuses
// itself, hence this walk over its syntax tree.
type places struct {
	at     map[string]place
	tables map[string]int // [[table]]s seen so far
	parser unstable.Parser
}

// findPlaces walks a document that has been found to be well-formed.
func findPlaces(body []byte) map[string]place {
	p := &places{at: map[string]place{}, tables: map[string]int{}}
	p.parser.Reset(body)
	table := ""
	for p.parser.NextExpression() {
		node := p.parser.Expression()
		switch node.Kind {
		case unstable.Table:
			table = p.keys("", node.Key(), false)
		case unstable.ArrayTable:
			table = p.keys("", node.Key(), true)
		case unstable.KeyValue:
			p.keyValue(table, node)
		}
	}
	return p.at
}

// keys notes the parts of a dotted key below path and returns the whole path.
// The last part of an array's header begins a new element.
func (p *places) keys(path string, parts unstable.Iterator, array bool) string {
	for parts.Next() {
		path = join(path, string(parts.Node().Data))
		p.note(path, parts.Node())
		if array && parts.IsLast() {
			p.tables[path]++
		}
		if n := p.tables[path]; n > 0 {
			path = element(path, n)
			p.note(path, parts.Node())
		}
	}
	return path
}

func (p *places) keyValue(table string, node *unstable.Node) {
	p.value(p.keys(table, node.Key(), false), node.Value())
}

// value notes the elements of arrays and the keys of inline tables.
func (p *places) value(path string, node *unstable.Node) {
	children := node.Children()
	switch node.Kind {
	case unstable.Array:
		for n := 1; children.Next(); n++ {
			child := element(path, n)
			p.note(child, children.Node())
			p.value(child, children.Node())
		}
	case unstable.InlineTable:
		for children.Next() {
			p.keyValue(path, children.Node())
		}
	}
}

// note keeps the first position of a path, where the library knows it.
func (p *places) note(path string, node *unstable.Node) {
	if _, known := p.at[path]; known || node.Raw.Length == 0 {
		return
	}
	start := p.parser.Shape(node.Raw).Start
	p.at[path] = place{start.Line, start.Column}
}

// find is the place of path, else of what encloses it, else the file's begin.
func find(at map[string]place, path string) place {
	for path != "" {
		if p, known := at[path]; known {
			return p
		}
		path = path[:max(strings.LastIndexAny(path, ".["), 0)]
	}
	return place{1, 1}
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

func element(path string, n int) string { return fmt.Sprintf("%s[%d]", path, n) }
