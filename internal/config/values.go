package config

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Duration is a time.Duration written as "90s" or "1h30m".
type Duration struct{ time.Duration }

// UnmarshalText reads what time.ParseDuration reads, except negative times.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	if err != nil || v < 0 {
		return fmt.Errorf("%q is not a duration, such as \"90s\" or \"1h30m\"", text)
	}
	d.Duration = v
	return nil
}

// Size is a number of bytes, written as "64MiB".
type Size int64

// sizeUnits are the units that a size may have.
func sizeUnits() map[string]float64 {
	return map[string]float64{"B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}
}

// UnmarshalText reads a number with one of the units B, KiB, MiB, GiB.
func (s *Size) UnmarshalText(text []byte) error {
	unit := strings.TrimLeft(string(text), "0123456789.")
	number := strings.TrimSuffix(string(text), unit)
	factor, known := sizeUnits()[strings.TrimSpace(unit)]
	n, err := strconv.ParseFloat(number, 64)
	if !known || err != nil || n*factor > math.MaxInt64/2 {
		return fmt.Errorf("%q is not a size, such as \"64MiB\" or \"2GiB\"", text)
	}
	*s = Size(n * factor)
	return nil
}

// Glob is a pattern over a whole string: "*" stands for any characters, "/"
// included since project names hold it, "?" for one; all others for themselves.
// The zero Glob matches the empty string only.
type Glob struct {
	text string
	re   *regexp.Regexp
}

// NewGlob makes a Glob; every text but the empty one is a pattern.
func NewGlob(text string) (Glob, error) {
	if text == "" {
		return Glob{}, errors.New("an empty pattern matches nothing")
	}
	expr := regexp.QuoteMeta(text)
	expr = strings.ReplaceAll(expr, `\*`, `.*`)
	expr = strings.ReplaceAll(expr, `\?`, `.`)
	re, err := regexp.Compile(`^(?s:` + expr + `)$`)
	if err != nil {
		return Glob{}, fmt.Errorf("pattern %q: %w", text, err)
	}
	return Glob{text, re}, nil
}

// UnmarshalText reads a pattern.
func (g *Glob) UnmarshalText(text []byte) error {
	v, err := NewGlob(string(text))
	if err == nil {
		*g = v
	}
	return err
}

// String is the pattern as written.
func (g Glob) String() string { return g.text }

// Match reports whether the pattern stands for the whole of s.
func (g Glob) Match(s string) bool {
	if g.re == nil {
		return s == ""
	}
	return g.re.MatchString(s)
}

// Matches reports whether any of the patterns stands for s.
func Matches(globs []Glob, s string) bool {
	for _, g := range globs {
		if g.Match(s) {
			return true
		}
	}
	return false
}
