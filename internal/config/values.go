package config

import (
	"errors"
	"fmt"
	"math"
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
// Here it is only read; handlers.Globs match.
type Glob string

// UnmarshalText reads a pattern; every text but the empty one is one.
func (g *Glob) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		return errors.New("an empty pattern matches nothing")
	}
	*g = Glob(text)
	return nil
}
