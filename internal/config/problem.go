package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Problem is one thing that is wrong with a file. Row and Col count from 1; Key
// is the dotted key, with the number (from 1) of a [[table]] in brackets.
type Problem struct {
	Row, Col int
	Key      string
	Msg      string
}

// Text is "key: message", or the message where the problem is no key's.
func (p Problem) Text() string {
	return strings.TrimPrefix(p.Key+": "+p.Msg, ": ")
}

// Error is all that is wrong with a file, in the order of the file.
type Error struct {
	Path     string
	Problems []Problem
}

// Error is one line "path:row:col: key: message" per problem.
func (e *Error) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = fmt.Sprintf("%s:%d:%d: %s", e.Path, p.Row, p.Col, p.Text())
	}
	return strings.Join(lines, "\n")
}

// sorted puts the problems in the order of the file.
func sorted(list []Problem) []Problem {
	slices.SortStableFunc(list, func(a, b Problem) int {
		return cmp.Or(a.Row-b.Row, a.Col-b.Col)
	})
	return list
}
