// Package ci holds the project's words as types: changes, reports, builds,
// results, bugs. It is the bottom floor: it imports the standard library only,
// does no I/O and knows no other package. Adapters turn other people's types
// into these at their border.
package ci
