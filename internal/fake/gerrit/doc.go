// Package gerrit is a small Gerrit on a real SSH socket (and, on demand, REST
// over HTTP), for the demo and for tests: accounts with keys, changes with
// patchsets and comments, stream-events, query, review, version. Its answers
// are shaped as those of Gerrit 3.9; faults happen on demand.
//
// It may not be used by anything but tests and internal/demo, and it never
// imports the client that is tested with it.
package gerrit
