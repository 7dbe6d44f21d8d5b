// Package cli is the command line: flags, signals, one file per subcommand. It
// decides nothing itself: it builds what it needs from the config, asks, and
// prints what came back, as text or, with --json, as JSON. Exit codes: 0 well,
// 1 the answer is no (scan: no hit, check: a problem), 2 an error.
package cli
