package queries

import (
	"embed"
	"io/fs"
)

//go:embed *.yaml
var starter embed.FS

// Starter is the set that comes with the program: general failures of CI
// systems, which name no bug. Each has samples in testdata that it must and
// must not match.
func Starter() fs.FS { return starter }
