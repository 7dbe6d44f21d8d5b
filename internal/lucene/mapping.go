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
	Date     func(field string) bool // dates, compared as instants
	// Keyword gives each field X another one X.keyword: its values as they are,
	// if they have no more than 256 UTF-16 units.
	Keyword bool
	// Literal reads what nobody means as Lucene reads it, where it is else an
	// error: a field pattern (`build_*:`) is the name of a field that no event
	// has; in a regular expression \d is the letter d, @ any text.
	Literal bool
}

// Historical is the mapping of OpenStack's log cluster: message is analysed
// and the default field, voting is a number, @timestamp a date, every other
// field an exact, case-sensitive string.
func Historical() Mapping {
	return Mapping{
		Default:  "message",
		Analysed: func(field string) bool { return field == "message" },
		Numeric:  isVoting,
		Date:     isTimestamp,
	}
}

// Dynamic is the mapping that Elasticsearch makes by itself: every string is
// analysed, and exact below FIELD.keyword. The default field is message still.
func Dynamic() Mapping {
	return Mapping{
		Default: "message",
		Analysed: func(field string) bool {
			return !isVoting(field) && !isTimestamp(field) && !strings.HasSuffix(field, KeywordSuffix)
		},
		Numeric: isVoting,
		Date:    isTimestamp,
		Keyword: true,
	}
}

// MappingNamed is the mapping called historical or dynamic.
func MappingNamed(name string) (Mapping, error) {
	switch name {
	case "historical":
		return Historical(), nil
	case "dynamic":
		return Dynamic(), nil
	}
	return Mapping{}, fmt.Errorf("a mapping is historical or dynamic, not %q", name)
}

// KeywordSuffix is what a keyword field's name ends in; ignoreAbove is how long
// its values are at most, in UTF-16 units.
const (
	KeywordSuffix = ".keyword"
	ignoreAbove   = 256
)

func isVoting(field string) bool    { return field == "voting" }
func isTimestamp(field string) bool { return field == "@timestamp" }

// parent is the field that a keyword field belongs to.
func (m Mapping) parent(field string) (string, bool) {
	if !m.Keyword {
		return "", false
	}
	return strings.CutSuffix(field, KeywordSuffix)
}

func (m Mapping) analysed(field string) bool { return m.Analysed != nil && m.Analysed(field) }
func (m Mapping) numeric(field string) bool  { return m.Numeric != nil && m.Numeric(field) }

func (m Mapping) date(field string) bool { return m.Date != nil && m.Date(field) }

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
	row, col := Place(query, offset)
	return &SyntaxError{Offset: offset, Row: row, Col: col, Msg: msg}
}

// Place is the row and the column, in code points, of a byte offset of a
// query, both from 1.
func Place(query string, offset int) (row, col int) {
	before := query[:min(offset, len(query))]
	line := before[strings.LastIndexByte(before, '\n')+1:]
	return strings.Count(before, "\n") + 1, utf8.RuneCountInString(line) + 1
}
