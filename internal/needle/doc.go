// Package needle finds in raw bytes where any of many short texts stand; ASCII
// letters of either case are equal. It looks at groups of four bytes only (a
// gram), at every fourth, second or single byte as the texts' lengths allow, or
// at all bytes at once in vectors when the texts are few. Answers are the same
// on every machine; only speed differs.
//
// The package is pure: it does no I/O and knows nothing of queries and logs.
package needle
