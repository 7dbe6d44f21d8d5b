// Command recheckbot tells people why their change failed: it watches Gerrit,
// looks in the logs of failed builds for the fingerprints of known bugs, and
// answers on the review and on IRC.
package main

import (
	"os"

	"github.com/recheckbot/recheckbot/internal/cli"
)

func main() { os.Exit(cli.Run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }
