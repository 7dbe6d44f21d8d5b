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

// Error is all that is wrong with a file, in the order of the file.
type Error struct {
	Path     string
	Problems []Problem
}

// Error is one line "path:row:col: key: message" per problem.
func (e *Error) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		key := p.Key
		if key != "" {
			key += ": "
		}
		lines[i] = fmt.Sprintf("%s:%d:%d: %s%s", e.Path, p.Row, p.Col, key, p.Msg)
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
