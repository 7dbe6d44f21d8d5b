package lucene

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Mapping says how fields are indexed. A nil function means: no field.
type Mapping struct {
	Default  string                  // field of what names none
	Analysed func(field string) bool // text that is cut into words; others are exact
	Numeric  func(field string) bool // numbers, compared by value
	// Literal reads what nobody means as Lucene reads it, where it is else an
	// error: a field pattern (`build_*:`) is the name of a field that no event
	// has, and \d in a regular expression is the letter d.
	Literal bool
}

// Historical is the mapping of OpenStack's log cluster: message is analysed
// and the default field, voting is a number, every other field an exact,
// case-sensitive string.
func Historical() Mapping {
	return Mapping{
		Default:  "message",
		Analysed: func(field string) bool { return field == "message" },
		Numeric:  func(field string) bool { return field == "voting" },
	}
}

func (m Mapping) analysed(field string) bool { return m.Analysed != nil && m.Analysed(field) }
func (m Mapping) numeric(field string) bool  { return m.Numeric != nil && m.Numeric(field) }

// Bounds on what Parse accepts.
const (
	MaxQuery   = 64 << 10 // bytes
	MaxDepth   = 64       // nested brackets
	MaxClauses = 1024     // of one Bool, as in Elasticsearch
)

// SyntaxError says where and why a query was refused.
type SyntaxError struct {
	Offset   int // in bytes, from 0
	Row, Col int // from 1; Col in code points
	Msg      string
}

// Error is "row R, column C: message".
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("row %d, column %d: %s", e.Row, e.Col, e.Msg)
}

// errorAt makes the error for a byte offset of query.
func errorAt(query string, offset int, msg string) *SyntaxError {
	before := query[:min(offset, len(query))]
	line := before[strings.LastIndexByte(before, '\n')+1:]
	return &SyntaxError{
		Offset: offset,
		Row:    strings.Count(before, "\n") + 1,
		Col:    utf8.RuneCountInString(line) + 1,
		Msg:    msg,
	}
}
