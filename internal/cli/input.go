package cli

import (
	"io"
	"os"
)

// open opens the file that was named, or standard input ("-" or nothing).
func (a *app) open(args []string) (io.ReadCloser, error) {
	if len(args) == 0 || args[0] == "-" {
		return io.NopCloser(a.in), nil
	}
	return os.Open(args[0])
}
